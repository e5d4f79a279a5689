"""Files of rows that a service hands out: templates, and refused rows with what is wrong with them."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import xlsxwriter

from libs.common.kernel.row_files import PROBLEMS_COLUMN, Form, Message, RowProblem

RefusedRow = tuple[int, tuple[str, ...], list[RowProblem]]
#: `(after row, limit)`: the refused rows that follow.
RefusedRows = Callable[[int, int], Awaitable[list[RefusedRow]]]
#: What is wrong with a row, in words, by its code.
Messages = Mapping[str, Message]

_PAGE_ROWS = 1_000
_XLSX_ROWS_MAX = 100_000
#: What makes a spreadsheet take a text for a formula (OWASP, CSV injection).
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def template_csv(form: Form) -> bytes:
    """The header, with the mark by which spreadsheets know UTF-8."""
    return ("\ufeff" + ",".join(form.columns) + "\r\n").encode()


def template_xlsx(form: Form, choices: Mapping[str, Sequence[str]]) -> bytes:
    """The header over columns formatted as text, and a sheet of what each column of `choices` may say."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    sheet = book.add_worksheet("people")
    sheet.set_column(0, len(form.columns) - 1, 18, text)
    sheet.write_row(0, 0, form.columns, bold)
    sheet.freeze_panes(1, 3)
    listed = book.add_worksheet("choices")
    for column, (name, values) in enumerate(choices.items()):
        listed.write_row(0, column, [name], bold)
        listed.write_column(1, column, values)
        at = form.columns.index(name)
        source = f"=choices!${_letters(column)}$2:${_letters(column)}${len(values) + 1}"
        sheet.data_validation(1, at, _XLSX_ROWS_MAX, at, {"validate": "list", "source": source})
    book.close()
    return target.getvalue()


async def refused_csv(form: Form, messages: Messages, rows: RefusedRows) -> AsyncIterator[bytes]:
    """CSV in pieces; nothing in it is a formula."""
    yield ("\ufeff" + ",".join(_header(form)) + "\r\n").encode()
    async for page in _pages(rows):
        text = io.StringIO(newline="")
        csv.writer(text).writerows(
            [*map(_harmless, cells), _sentences(wrong, messages)] for _, cells, wrong in page
        )
        yield text.getvalue().encode()


async def refused_xlsx(form: Form, messages: Messages, rows: RefusedRows) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("people")
    sheet.write_row(0, 0, _header(form))
    at = 0
    async for page in _pages(rows):
        for _, cells, wrong in page[: _XLSX_ROWS_MAX - at]:
            at += 1
            for column, value in enumerate((*cells, _sentences(wrong, messages))):
                if value:
                    sheet.write_string(at, column, value)
    await asyncio.to_thread(book.close)
    return target.getvalue()


async def _pages(rows: RefusedRows) -> AsyncIterator[list[RefusedRow]]:
    after = 0
    while page := await rows(after, _PAGE_ROWS):
        yield page
        after = page[-1][0]


def _header(form: Form) -> tuple[str, ...]:
    return *form.columns, PROBLEMS_COLUMN


def _sentences(wrong: Sequence[RowProblem], messages: Messages) -> str:
    return " ".join(f"[{one.column}] {messages[one.code].vi}" for one in wrong)


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
