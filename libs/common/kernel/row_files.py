"""Files of rows that offices upload: their form, their rows, and what is wrong with them."""

from dataclasses import dataclass
from typing import NamedTuple

from libs.common.kernel.errors import IllegalTransition

QUEUED, RUNNING, DONE, REFUSED = "queued", "running", "done", "refused"

#: Every move that the taking of a file may make, and what happened. Nothing leads out of done or refused.
TRANSITIONS = {
    (QUEUED, RUNNING): "inspected: the file is whole, its rows wait in parts",
    (QUEUED, REFUSED): "the file as a whole is wrong: no row is taken",
    (RUNNING, RUNNING): "one part taken, others wait",
    (RUNNING, DONE): "the last part taken",
}

#: A column that a file may have and nobody reads: the copy of refused rows explains itself there.
PROBLEMS_COLUMN = "problems"


@dataclass(frozen=True, slots=True)
class Form:
    """The columns of a file in the template's order; `optional` ones may be left out."""

    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row of the file: the row as a spreadsheet counts it (the header is row 1)."""

    row_number: int
    column: str
    code: str


#: One row of a file: its number and its trimmed cells in the order of its form's columns.
FileRow = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FilePart:
    """Consecutive rows of a file; `number` counts the parts from 0."""

    number: int
    rows: list[FileRow]


class FileRefused(Exception):
    """The whole file is refused: `code` says why, `at` where (a column's name or a row), if known."""

    def __init__(self, code: str, at: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.at = at


def moved(current: str, to: str) -> str:
    """The new status; IllegalTransition when the graph has no such edge."""
    if (current, to) not in TRANSITIONS:
        raise IllegalTransition(f"the taking of a file does not go from {current} to {to}")
    return to


class Message(NamedTuple):
    """What an officer reads, in Vietnamese and in English."""

    vi: str
    en: str


#: Of a file that is refused as a whole. `{at}`: a column's name or a row's number, never what somebody typed.
FILE_MESSAGES = {
    "file_empty": Message("Tệp không có dòng nào.", "The file holds no row."),
    "file_not_utf8": Message(
        "Tệp CSV không phải UTF-8 (dòng {at}); hãy lưu lại dạng CSV UTF-8.",
        "The CSV file is not UTF-8 (row {at}); save it as CSV UTF-8.",
    ),
    "file_broken_csv": Message(
        "Tệp CSV hỏng ở dòng {at}: dấu nháy chưa đóng, hoặc số cột khác dòng tiêu đề.",
        "The CSV file breaks at row {at}: an open quote, or another number of cells than the header.",
    ),
    "file_unknown_column": Message(
        "Cột thứ {at} có tên lạ; hãy dùng đúng tiêu đề của tệp mẫu.",
        "Column {at} of the header is unknown; use the template's header.",
    ),
    "file_missing_column": Message("Thiếu cột {at}.", "The column {at} is missing."),
    "file_duplicate_column": Message("Cột {at} xuất hiện hai lần.", "The column {at} stands twice."),
    "file_not_xlsx": Message(
        "Tệp không phải là bảng tính XLSX đọc được.", "The file is no XLSX workbook that can be read."
    ),
    "file_too_large": Message(
        "Tệp quá lớn hoặc nén bất thường; hãy chia nhỏ hoặc gửi dạng CSV.",
        "The file is too large or packed abnormally; split it or send CSV.",
    ),
}
