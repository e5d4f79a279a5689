"""Any report of any partner: its kind is told by its content, never by its name."""

import io

from services.payments.clients.bank_files.hardened_xml import check_bytes, root_of
from services.payments.clients.bank_files.report_readers import (
    CAMT_053,
    CAMT_054,
    PAIN_002,
    BookingsReader,
    Pain002Reader,
    namespace,
)
from services.payments.clients.post_files.list_reader import read_csv, read_xlsx
from services.payments.clients.refusing import unreadable
from services.payments.clients.wallets.answers import read_wallet_answer
from services.payments.domain.partner_lines import ReadReport, ReportKind

_ZIP = b"PK\x03\x04"
_JSON = b"{"
_XML = (b"<", b"\xef\xbb\xbf<")


def read_report(content: bytes) -> ReadReport:
    """What the report says, its totals proven. Refusal `report_unreadable` for the whole.

    It computes and does not wait (some seconds for 100,000 lines): call it in a thread.
    """
    if content.startswith(_ZIP):
        return read_xlsx(content)
    start = content[:200].lstrip()
    if start.startswith(_JSON):
        return read_wallet_answer(content)
    if not start.startswith(_XML):
        return read_csv(content)
    source = io.BytesIO(content)
    check_bytes(source)
    match root_of(source).removeprefix("{").partition("}")[0]:
        case message if message == namespace(PAIN_002):
            return Pain002Reader().read(source)
        case message if message == namespace(CAMT_054):
            return BookingsReader(CAMT_054, ReportKind.CAMT_054).read(source)
        case message if message == namespace(CAMT_053):
            return BookingsReader(CAMT_053, ReportKind.CAMT_053).read(source)
        case _:
            raise unreadable(
                f"Không phải báo cáo {PAIN_002}, {CAMT_054} hay {CAMT_053}.",
                f"It is no {PAIN_002}, {CAMT_054} or {CAMT_053}.",
            )
