"""The list of one post office's commune as a workbook."""

from collections.abc import Iterable
from typing import Any, BinaryIO

import xlsxwriter

from libs.common.kernel import ids
from services.payments.clients.post_files.layout import COLUMNS, HEAD, RESULTS, SHEET, TITLE, harmless
from services.payments.domain.partner_lines import FileHeader, PaymentOrder, TotalsDiffer, one_line

#: Nothing is guessed: no text becomes a formula, a link or a number. In memory: a list has ten thousand rows
#: at most, and temporary files for the parts of each of hundreds of workbooks took half of the time.
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDTHS = (34, 30, 16, 12, 44, 18, 22, 14, 30)
_TABLE_ROW = len(HEAD) + 1


def write_post_list(target: BinaryIO, header: FileHeader, orders: Iterable[PaymentOrder]) -> None:
    """One list; the same input gives the same bytes.

    TotalsDiffer when `orders` do not add up to the header's totals.
    """
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        # The only date of making in the file: our header's, never the clock's.
        book.set_properties({"title": SHEET, "created": header.created_at.replace(tzinfo=None)})
        sheet = book.add_worksheet(SHEET)
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0"})
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        _write_head(sheet, header, bold, money)
        for column, heading in enumerate(COLUMNS.values()):
            sheet.write_string(_TABLE_ROW, column, heading, bold)
        count, total = _write_orders(sheet, orders, money)
        result = list(COLUMNS).index("result")
        choice = {"validate": "list", "source": list(RESULTS)}
        sheet.data_validation(_TABLE_ROW + 1, result, _TABLE_ROW + max(count, 1), result, choice)
    if (count, total) != (header.instructions, header.control_sum_dong):
        raise TotalsDiffer(f"{count} payments of {total} đồng, other than the header says")


def _write_head(sheet: Any, header: FileHeader, bold: Any, money: Any) -> None:
    values: dict[str, str | int] = {
        "file_id": ids.show("fil", header.file_id),
        "agency_code": header.agency_code,
        "commune_code": header.commune_code,
        "execution_date": header.execution_date.isoformat(),
        "instructions": header.instructions,
        "control_sum_dong": header.control_sum_dong,
    }
    sheet.write_string(0, 0, TITLE, bold)
    for row, (name, heading) in enumerate(HEAD.items(), start=1):
        sheet.write_string(row, 0, heading)
        value = values[name]
        if isinstance(value, int):
            sheet.write_number(row, 1, value, money)
        else:
            sheet.write_string(row, 1, harmless(value))


def _write_orders(sheet: Any, orders: Iterable[PaymentOrder], money: Any) -> tuple[int, int]:
    count = total = 0
    for row, order in enumerate(orders, start=_TABLE_ROW + 1):
        texts = (
            ids.show("pay", order.instruction_id),
            order.payee_name,
            order.personal_id,
            order.commune_code,
            order.remittance,
        )
        for column, text in enumerate(texts):
            # `write_string`: a number of twelve digits stays text, with its leading zeros.
            sheet.write_string(row, column, harmless(one_line(text)))
        sheet.write_number(row, len(texts), order.amount_dong, money)
        count += 1
        total += order.amount_dong
    return count, total
