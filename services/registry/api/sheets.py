"""Files that the registry hands out: templates, and refused rows with what is wrong with them."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import xlsxwriter

from services.registry.domain.columns import COLUMNS, PROBLEMS_COLUMN
from services.registry.domain.imports import RowProblem
from services.registry.domain.messages import ROW_MESSAGES
from services.registry.domain.rows import BOOLEAN_COLUMNS, CHOICES

RefusedRow = tuple[int, tuple[str, ...], list[RowProblem]]
#: `(after row, limit)`: the refused rows that follow.
RefusedRows = Callable[[int, int], Awaitable[list[RefusedRow]]]

_HEADER = (*COLUMNS, PROBLEMS_COLUMN)
_PAGE_ROWS = 1_000
_XLSX_ROWS_MAX = 100_000
#: What makes a spreadsheet take a text for a formula (OWASP, CSV injection).
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def kind_of(filename: str | None, beginning: bytes) -> str:
    """`xlsx` by its name or its first bytes, else `csv`."""
    packed = beginning.startswith((b"PK", _OLD_EXCEL))
    return "xlsx" if packed or (filename or "").lower().endswith((".xlsx", ".xls")) else "csv"


def template_csv() -> bytes:
    """The header, with the mark by which spreadsheets know UTF-8."""
    return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()


def template_xlsx() -> bytes:
    """The header over columns formatted as text, and a sheet of what each column may say."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    sheet = book.add_worksheet("people")
    sheet.set_column(0, len(COLUMNS) - 1, 18, text)
    sheet.write_row(0, 0, COLUMNS, bold)
    sheet.freeze_panes(1, 3)
    choices = book.add_worksheet("choices")
    for column, name in enumerate((*CHOICES, *BOOLEAN_COLUMNS)):
        values = sorted(CHOICES.get(name, ("true", "false")))
        choices.write_row(0, column, [name], bold)
        choices.write_column(1, column, values)
        at = COLUMNS.index(name)
        source = f"=choices!${_letters(column)}$2:${_letters(column)}${len(values) + 1}"
        sheet.data_validation(1, at, _XLSX_ROWS_MAX, at, {"validate": "list", "source": source})
    book.close()
    return target.getvalue()


async def refused_csv(rows: RefusedRows) -> AsyncIterator[bytes]:
    """CSV in pieces; nothing in it is a formula."""
    yield ("\ufeff" + ",".join(_HEADER) + "\r\n").encode()
    async for page in _pages(rows):
        text = io.StringIO(newline="")
        csv.writer(text).writerows([*map(_harmless, cells), _sentences(wrong)] for _, cells, wrong in page)
        yield text.getvalue().encode()


async def refused_xlsx(rows: RefusedRows) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("people")
    sheet.write_row(0, 0, _HEADER)
    at = 0
    async for page in _pages(rows):
        for _, cells, wrong in page[: _XLSX_ROWS_MAX - at]:
            at += 1
            for column, value in enumerate((*cells, _sentences(wrong))):
                if value:
                    sheet.write_string(at, column, value)
    await asyncio.to_thread(book.close)
    return target.getvalue()


async def _pages(rows: RefusedRows) -> AsyncIterator[list[RefusedRow]]:
    after = 0
    while page := await rows(after, _PAGE_ROWS):
        yield page
        after = page[-1][0]


def _sentences(wrong: Sequence[RowProblem]) -> str:
    return " ".join(f"[{one.column}] {ROW_MESSAGES[one.code].vi}" for one in wrong)


def _harmless(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA_SIGNS) else cell


def _letters(column: int) -> str:
    """A spreadsheet's name of a column counted from 0."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
