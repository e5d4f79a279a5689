"""What the routes reach through the application: the use cases, as wiring.py built them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from libs.common.kernel import ids
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.runtime.problems import not_found
from libs.common.runtime.signatures import Signer
from services.payments.usecases.books import Books
from services.payments.usecases.campaign_lists import Lists, ReceiveList
from services.payments.usecases.campaigns import CampaignReads, KeepCampaigns
from services.payments.usecases.collections import ReceiveCollections
from services.payments.usecases.donations import DonationReads, TakeDonations
from services.payments.usecases.once import Once
from services.payments.usecases.overpayments import KeepRecoveries, OverpaymentReads
from services.payments.usecases.partners import (
    Admit,
    PartnerRegister,
    RegisterPartners,
    RequireSigned,
    Streams,
)
from services.payments.usecases.reading import Reads
from services.payments.usecases.reports import ReceiveReport
from services.payments.usecases.run_checks import AcceptFindings, CheckReads
from services.payments.usecases.runs import ApproveRun, OpenRun, WithdrawRun
from services.payments.usecases.sandbox import Sandbox
from services.payments.usecases.suspense import ResolveSuspense, SuspenseReads
from services.payments.usecases.telling import PaymentEvents
from services.payments.usecases.vouchers import KeepFunds
from services.payments.usecases.webhooks import ManageWebhooks, WebhookReads

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
Cursor = Annotated[str | None, Query(max_length=400)]

_NAMES = {
    "run": ("đợt chi trả này", "payment run"),
    "per": ("người này", "person"),
    "pay": ("lệnh chi này", "payment"),
    "fil": ("tệp chi trả này", "payment file"),
    "rep": ("báo cáo này", "report"),
    "sus": ("dòng treo này", "line in suspense"),
    "ovp": ("khoản chi thừa này", "overpayment"),
    "rcv": ("đề xuất thu hồi này", "recovery"),
    "ltx": ("bút toán này", "ledger transaction"),
    "fun": ("quỹ này", "fund"),
    "vch": ("chứng từ này", "voucher"),
    "cmp": ("đợt hỗ trợ này", "campaign"),
    "lst": ("danh sách này", "campaign list"),
    "don": ("khoản đóng góp này", "donation"),
    "whk": ("webhook này", "webhook"),
}


@dataclass(frozen=True)
class Doors:
    open_run: OpenRun
    approve_run: ApproveRun
    withdraw_run: WithdrawRun
    accept_findings: AcceptFindings
    check_reads: CheckReads
    receive_report: ReceiveReport
    collections: ReceiveCollections
    reads: Reads
    books: Books
    funds: KeepFunds
    suspense: ResolveSuspense
    suspense_reads: SuspenseReads
    recoveries: KeepRecoveries
    overpayment_reads: OverpaymentReads
    donations: TakeDonations
    donation_reads: DonationReads
    campaigns: KeepCampaigns
    campaign_reads: CampaignReads
    receive_list: ReceiveList
    lists: Lists
    #: The business date.
    today: Callable[[], date]
    events: PaymentEvents
    webhooks: ManageWebhooks
    webhook_reads: WebhookReads
    once: Once
    partners: RegisterPartners
    partner_register: PartnerRegister
    admit: Admit
    require_signed: RequireSigned
    signer: Signer
    streams: Streams
    sandbox: Sandbox
    report_bytes_max: int
    list_csv_bytes_max: int
    list_xlsx_bytes_max: int
    token_check_seconds: float
    stream_seconds: float


def _doors(request: Request) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


Through = Annotated[Doors, Depends(_doors)]


def id_of(prefix: str, text: str) -> UUID:
    """Refusal `not_found` when it is no id of that kind."""
    try:
        return ids.read(prefix, text)
    except ValueError:
        raise nothing(prefix) from None


def nothing(prefix: str) -> Refusal:
    """Refusal `not_found`, in the words for what that prefix names."""
    return not_found(*_NAMES[prefix])


def cursor_of(*parts: str) -> str:
    """A place in a list, opaque to the caller."""
    return urlsafe_b64encode("\x1f".join(parts).encode()).decode()


def parts_of(cursor: str, count: int) -> list[str]:
    """The inverse of `cursor_of`; Refusal `request_invalid` when it is none of ours."""
    try:
        parts = urlsafe_b64decode(cursor.encode()).decode().split("\x1f")
    except (NotBase64, UnicodeError):
        parts = []
    if len(parts) != count:
        raise bad_cursor()
    return parts


def bad_cursor() -> Refusal:
    return Refusal(
        "request_invalid",
        "Con trỏ trang không hợp lệ; hãy dùng next_cursor của trang trước.",
        "The page cursor is not valid; use next_cursor of the page before.",
        (FieldError("cursor", "not_a_cursor", "Không phải con trỏ trang.", "Not a page cursor."),),
    )
