"""The post office's list as it comes back, filled in: XLSX, or CSV saved from it."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from libs.common.runtime import workbooks
from libs.common.runtime.workbooks import WorkbookLimits
from services.payments.clients.post_files.layout import COLUMNS, HEAD, result_of, unquoted
from services.payments.clients.refusing import unreadable, wrong_totals
from services.payments.domain.partner_lines import ReadReport, ReportKind, ReportLine

Row = Sequence[Any]

#: A commune's list, with room for a sheet that an office has scribbled on.
WORKBOOK_LIMITS = WorkbookLimits(
    members_max=64,
    unpacked_bytes_max=48 * 2**20,
    rows_max=100_000,
    columns_max=40,
    cells_max=1_000_000,
    strings_bytes_max=256 * 2**20,
)

_CELL_CHARACTERS_MAX = 2_000
_SEPARATORS = ",;\t"
#: 540000, or 540.000 as a Vietnamese spreadsheet writes it, or 540,000; decimals must be one or two zeros.
_AMOUNT = re.compile(r"(\d{1,15}|\d{1,3}(?:[., ]\d{3}){1,4})(?:[.,]0{1,2})?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)


def read_xlsx(content: bytes) -> ReadReport:
    """A workbook's first sheet. Refusal `report_unreadable` for the whole."""
    try:
        workbooks.inspect(io.BytesIO(content), WORKBOOK_LIMITS)
    except workbooks.NotAWorkbook:
        raise unreadable(
            "Tệp không phải bảng tính XLSX nguyên vẹn.", "The file is no XLSX workbook, or a damaged one."
        ) from None
    except workbooks.WorkbookTooLarge:
        raise unreadable(
            "Bảng tính quá lớn khi giải nén hoặc có ô ở quá xa.",
            "The workbook unfolds too far, or has a cell too far out.",
        ) from None
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError):
        raise unreadable("Không đọc được bảng tính.", "The workbook can't be read.") from None
    return _read(rows)


def read_csv(content: bytes) -> ReadReport:
    """The same as CSV in UTF-8, separated by comma, semicolon or tab."""
    try:
        text = content.decode("utf-8-sig")
        separator = max(_SEPARATORS, key=text[:4_000].count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows: list[Row] = []
        for row in reader:
            rows.append(row)
            if len(rows) > WORKBOOK_LIMITS.rows_max:
                most = WORKBOOK_LIMITS.rows_max
                raise unreadable(f"Tệp có hơn {most} dòng.", f"The file has more than {most} rows.")
    except (UnicodeDecodeError, csv.Error):
        raise unreadable(
            "Tệp không phải CSV theo bảng mã UTF-8.", "The file is no CSV in UTF-8, or is cut off."
        ) from None
    return _read(rows)


def _read(rows: Sequence[Row]) -> ReadReport:
    """Totals first; a payment without a result is not told about, and stays pending."""
    head, columns, table = _parts(rows)
    filled = [row for row in table if any(_text(cell) for cell in row)]
    amounts = [_dong(_cell(row, columns["amount_dong"])) for row in filled]
    count, total = _dong(head.get("instructions")), _dong(head.get("control_sum_dong"))
    if (count, total) != (len(filled), sum(amount or 0 for amount in amounts)):
        raise wrong_totals()
    lines = []
    for row, amount in zip(filled, amounts, strict=True):
        word = _text(_cell(row, columns["result"]))
        if not word:
            continue
        status, reason = result_of(word)
        lines.append(
            ReportLine(
                end_to_end_id=_text(_cell(row, columns["end_to_end_id"])),
                amount_dong=amount,
                status=status,
                reason_code=reason,
                booked_on=_day(_cell(row, columns["booked_on"])),
                payee_name=unquoted(_text(_cell(row, columns["payee_name"]))) or None,
            )
        )
    file_id = _text(head.get("file_id")) or None
    return ReadReport(
        kind=ReportKind.POST_LIST,
        message_id=file_id or "",
        original_message_id=file_id,
        lines=tuple(lines),
        original_instructions=count,
        original_sum_dong=total,
    )


def _parts(rows: Sequence[Row]) -> tuple[dict[str, Any], dict[str, int], Sequence[Row]]:
    """What stands above the table, by name; the places of its columns; its rows."""
    by_heading = {heading: name for name, heading in HEAD.items()}
    head: dict[str, Any] = {}
    for number, row in enumerate(rows):
        texts = [_text(cell) for cell in row]
        if COLUMNS["end_to_end_id"] in texts:
            columns = {name: texts.index(heading) for name, heading in COLUMNS.items() if heading in texts}
            missing = [heading for name, heading in COLUMNS.items() if name not in columns and name != "note"]
            if missing:
                raise unreadable(
                    f"Thiếu cột: {', '.join(missing)}.", f"Columns are missing: {', '.join(missing)}."
                )
            return head, columns, rows[number + 1 :]
        if len(texts) > 1 and texts[0] in by_heading:
            head[by_heading[texts[0]]] = row[1]
    raise unreadable(
        f"Không thấy dòng tiêu đề có cột “{COLUMNS['end_to_end_id']}”.",
        f"No heading row with the column “{COLUMNS['end_to_end_id']}”.",
    )


def _cell(row: Row, column: int) -> Any:
    """A CSV row may be shorter than its heading."""
    return row[column] if column < len(row) else None


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()[:_CELL_CHARACTERS_MAX]


def _dong(cell: Any) -> int | None:
    """A whole number, as a number or as text with thousands apart; None for anything else."""
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and cell >= 0 else None
    found = _AMOUNT.fullmatch(_text(cell))
    return int(re.sub(r"\D", "", found[1])) if found else None


def _day(cell: Any) -> date | None:
    """A spreadsheet's date, `2019-12-10`, or `10/12/2019` (day first); None for anything else."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _text(cell)
    found = _DAY.fullmatch(text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None
