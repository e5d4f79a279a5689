"""The life of a bulk import: uploaded, inspected as a whole, taken in part by part."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition

QUEUED, RUNNING, DONE, REFUSED = "queued", "running", "done", "refused"

#: Every move an import may make, and what happened. Nothing leads out of done or refused.
TRANSITIONS = {
    (QUEUED, RUNNING): "inspected: the file is whole, its rows wait in parts",
    (QUEUED, REFUSED): "the file as a whole is wrong: no row is taken",
    (RUNNING, RUNNING): "one part taken, others wait",
    (RUNNING, DONE): "the last part taken",
}

#: Rows of one part: one transaction of rows, events and progress.
PART_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Import:
    """An import and how far it is. Counts are rows; `rows_total` is None until the file was inspected."""

    import_id: UUID
    status: str
    as_of: date
    territory: str | None
    file_kind: str
    rows_total: int | None = None
    rows_read: int = 0
    rows_taken: int = 0
    rows_refused: int = 0
    problem_code: str | None = None
    problem_at: str | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row of the file: the row as a spreadsheet counts it (the header is row 1)."""

    row_number: int
    column: str
    code: str


#: One row of a file: its number and its trimmed cells in the order of columns.COLUMNS.
FileRow = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FilePart:
    """Consecutive rows of a file, at most PART_ROWS; `number` counts the parts from 0."""

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
        raise IllegalTransition(f"an import does not go from {current} to {to}")
    return to
