"""Uploaded files as rows of text cells in the order of their form, part by part, from CSV and from XLSX.

The whole file is read through before any row of it is taken: a file that breaks in its last line leaves
nothing behind. Only one part is in memory at a time (of XLSX also the sheet, within WORKBOOK_LIMITS).
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import IO, Any

import python_calamine

from libs.common.kernel.row_files import PROBLEMS_COLUMN, FilePart, FileRefused, Form
from libs.common.runtime import workbooks
from libs.common.runtime.workbooks import WorkbookLimits

#: 100,000 people and the header; far more columns than any form has.
WORKBOOK_LIMITS = WorkbookLimits(
    members_max=1_000,
    unpacked_bytes_max=256 * 2**20,
    rows_max=100_001,
    columns_max=128,
    cells_max=100_001 * 128,
    strings_bytes_max=2**30,
)

XLSX = "xlsx"


_Arrange = Callable[[Sequence[str]], tuple[str, ...]]


def parts(kind: str, file: IO[bytes], form: Form, rows_max: int) -> Iterator[FilePart]:
    """The file's rows in parts; FileRefused as soon as the file as a whole turns out wrong."""
    rows = _xlsx_rows(file, form) if kind == XLSX else _csv_rows(file, form)
    number = 0
    gathered: list[tuple[int, tuple[str, ...]]] = []
    for row in rows:
        gathered.append(row)
        if len(gathered) == rows_max:
            yield FilePart(number, gathered)
            number, gathered = number + 1, []
    if gathered:
        yield FilePart(number, gathered)
    elif number == 0:
        raise FileRefused("file_empty")


def _csv_rows(file: IO[bytes], form: Form) -> Iterator[tuple[int, tuple[str, ...]]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    row_number = 0
    try:
        arrange: _Arrange = _no_header
        width = 0
        for row_number, cells in enumerate(reader, start=1):
            if row_number == 1:
                arrange, width = _arranged([cell.strip() for cell in cells], form), len(cells)
            elif len(cells) == width:
                arranged = arrange([cell.strip() for cell in cells])
                if any(arranged):
                    yield row_number, arranged
            elif cells:
                raise FileRefused("file_broken_csv", str(row_number))
    except csv.Error as error:
        raise FileRefused("file_broken_csv", str(row_number + 1)) from error
    except UnicodeDecodeError as error:
        raise FileRefused("file_not_utf8", str(row_number + 1)) from error
    if row_number == 0:
        raise FileRefused("file_empty")


def _xlsx_rows(file: IO[bytes], form: Form) -> Iterator[tuple[int, tuple[str, ...]]]:
    try:
        workbooks.inspect(file, WORKBOOK_LIMITS)
    except workbooks.NotAWorkbook as error:
        raise FileRefused("file_not_xlsx") from error
    except workbooks.WorkbookTooLarge as error:
        raise FileRefused("file_too_large") from error
    sheet = _first_sheet(file)
    if sheet.start is None:
        raise FileRefused("file_empty")
    first_row = sheet.start[0] + 1
    arrange: _Arrange = _no_header
    width = 0
    for row_number, cells in enumerate(sheet.iter_rows(), start=first_row):
        texts = [cell.strip() if isinstance(cell, str) else _text(cell) for cell in cells]
        if row_number == first_row:
            width = max((index + 1 for index, text in enumerate(texts) if text), default=0)
            arrange = _arranged(texts[:width], form)
        else:
            if any(texts[width:]):
                raise FileRefused("file_unknown_column", str(width + 1))
            arranged = arrange(texts)
            if any(arranged):
                yield row_number, arranged


def _first_sheet(file: IO[bytes]) -> python_calamine.CalamineSheet:
    try:
        return python_calamine.CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
    except (python_calamine.CalamineError, OSError, ValueError, IndexError) as error:
        raise FileRefused("file_not_xlsx") from error
    except BaseException as error:
        # A malformed workbook can make the native reader panic, which pyo3 raises outside Exception.
        if type(error).__name__ == "PanicException":
            raise FileRefused("file_not_xlsx") from None
        raise


def _text(value: Any) -> str:
    """A typed cell as the CSV would have it: whole numbers without `.0`, days as YYYY-MM-DD."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _no_header(cells: Sequence[str]) -> tuple[str, ...]:
    raise AssertionError("the header comes first")


def _arranged(header: list[str], form: Form) -> _Arrange:
    """Puts a row's cells in the order of the form; FileRefused when the header is not the template's."""
    for position, name in enumerate(header, start=1):
        if name not in form.columns and name != PROBLEMS_COLUMN:
            raise FileRefused("file_unknown_column", str(position))
        if header.index(name) != position - 1:
            raise FileRefused("file_duplicate_column", name)
    for name in form.columns:
        if name not in header and name not in form.optional:
            raise FileRefused("file_missing_column", name)
    # A column that is left out is read from the empty cell put behind each row.
    take = itemgetter(*(header.index(name) if name in header else -1 for name in form.columns))
    return lambda cells: take([*cells, ""])
