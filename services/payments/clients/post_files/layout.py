"""The post office's list: one sheet, its totals above the table, so that it survives as CSV too.

Headings are bilingual, `Vietnamese · English`. A column is found by its heading, wherever it was moved.
"""

from services.payments.domain.partner_lines import LineStatus, PostReason

SHEET = "Danh sách chi trả"
TITLE = "Danh sách chi trả trợ giúp xã hội · Social assistance payment list"

#: What stands above the table, one row each: heading, then value.
HEAD = {
    "file_id": "Mã tệp · File",
    "agency_code": "Đơn vị chi trả · Paying agency",
    "commune_code": "Mã xã · Commune",
    "execution_date": "Ngày chi trả · Payment date",
    "instructions": "Số lệnh chi · Payments",
    "control_sum_dong": "Tổng số tiền (đồng) · Total (dong)",
}

#: The table; the last three columns are the post office's to fill in.
COLUMNS = {
    "end_to_end_id": "Mã lệnh chi · Payment",
    "payee_name": "Người nhận · Payee",
    "personal_id": "Số định danh · Personal id",
    "commune_code": "Mã xã nơi ở · Commune of residence",
    "remittance": "Nội dung · For",
    "amount_dong": "Số tiền (đồng) · Amount (dong)",
    "result": "Kết quả · Result",
    "booked_on": "Ngày · Date",
    "note": "Ghi chú · Note",
}
ANSWERS = ("result", "booked_on", "note")

#: The words for a result; either language is read, and the reason's code.
RESULTS: dict[str, tuple[LineStatus, PostReason | None]] = {
    "đã chi · paid": (LineStatus.SETTLED, None),
    "không gặp · not met": (LineStatus.RETURNED, PostReason.NOT_MET),
    "đã mất · deceased": (LineStatus.RETURNED, PostReason.DECEASED),
    "chuyển đi · moved": (LineStatus.RETURNED, PostReason.MOVED),
    "từ chối · refused": (LineStatus.RETURNED, PostReason.REFUSED),
}

#: A text that begins so is taken for a formula once it leaves the workbook (CSV, copy and paste).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"


def harmless(text: str) -> str:
    """The text with the quote that makes a spreadsheet leave it alone."""
    return _QUOTE + text if text.startswith(FORMULA_STARTS) else text


def unquoted(text: str) -> str:
    """The inverse of `harmless`."""
    return text[1:] if text.startswith(_QUOTE) and text[1:].startswith(FORMULA_STARTS) else text


def result_of(word: str) -> tuple[LineStatus | None, str | None]:
    """Status and reason that a cell's word stands for; no status when nobody knows the word."""
    told = " ".join(word.replace("_", " ").split()).casefold()
    for known, (status, reason) in RESULTS.items():
        if told == known or told in known.split(" · "):
            return status, reason.value if reason else None
    return None, None
