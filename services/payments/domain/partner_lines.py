"""What goes out to a paying agency and what comes back, whatever the file looks like."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

#: What ISO 20022 grants a name, an account and a line of remittance text (Max140Text, Max34Text).
NAME_CHARACTERS_MAX = 140
ACCOUNT_CHARACTERS_MAX = 34


class TotalsDiffer(ValueError):
    """The payments are not those that a file's header counted: what was written must not be sent."""


class LineStatus(StrEnum):
    """What a paying agency says of one payment. A payment that it doesn't name is still pending."""

    SETTLED = "settled"
    RETURNED = "returned"


class ReportKind(StrEnum):
    """How the agency said it."""

    PAIN_002 = "pain.002"
    CAMT_054 = "camt.054"
    CAMT_053 = "camt.053"
    POST_LIST = "post-list"
    COLLECTIONS = "collections"
    WALLET_STATES = "wallet-states"
    G2P_CONNECT = "g2p-connect"


class PostReason(StrEnum):
    """Why a post office brings money back; banks give codes of ISO 20022 (AC04, ...)."""

    NOT_MET = "not_met"
    DECEASED = "deceased"
    MOVED = "moved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """One payment to one payee. `account_number` is empty where it is paid in cash. Never logged whole.

    `personal_id` and `commune_code` stand in a post office's list only; nobody else is told either.
    """

    instruction_id: UUID
    amount_dong: int
    payee_name: str
    account_number: str
    account_name: str
    agency_code: str
    execution_date: date
    remittance: str
    personal_id: str = ""
    commune_code: str = ""


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What stands above the payments. The totals come first in a file, so they are known beforehand.

    `debtor_account` at `debtor_agency_code` is what is paid from; `commune_code` is a post office's.
    """

    file_id: UUID
    agency_code: str
    created_at: datetime
    execution_date: date
    instructions: int
    control_sum_dong: int
    debtor_name: str
    debtor_account: str
    debtor_agency_code: str
    commune_code: str = ""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What an agency says of one payment, as it wrote it; None where it says nothing.

    `status` is None where its word is none that we know: a person has to look at the line.
    `end_to_end_id` is our `pay_` id if the agency kept it; nothing here is matched or trusted yet. Name and
    account stay out of `repr`, and so out of logs.
    """

    end_to_end_id: str
    amount_dong: int | None
    status: LineStatus | None
    reason_code: str | None = None
    booked_on: date | None = None
    payee_account: str | None = field(default=None, repr=False)
    payee_name: str | None = field(default=None, repr=False)

    @property
    def payee_account_last4(self) -> str | None:
        """What may be shown of the account."""
        return self.payee_account[-4:] if self.payee_account else None


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A report whose own totals agree with its lines.

    `original_message_id`: the `fil_` id that it answers, as far as it says. `original_instructions` and
    `original_sum_dong`: what the agency counted in our file. `file_rejected_reason`: it took none of it.
    `account`: whose bookings it tells, where it tells them of an account and day.
    """

    kind: ReportKind
    message_id: str
    original_message_id: str | None
    lines: tuple[ReportLine, ...]
    original_instructions: int | None = None
    original_sum_dong: int | None = None
    file_rejected_reason: str | None = None
    account: str | None = None


def one_line(text: str, characters_max: int = NAME_CHARACTERS_MAX) -> str:
    """`text` as any file may hold it: no control characters, single spaces, cut to its maximum."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:characters_max].rstrip()


def unpayable_because(order: PaymentOrder, *, in_cash: bool) -> str | None:
    """The field that keeps an order out of any file, or None: one such must not stop all the others."""
    if order.amount_dong <= 0:
        return "amount_dong"
    if not one_line(order.payee_name):
        return "payee_name"
    if in_cash:
        return None
    account = order.account_number
    if not account or len(account) > ACCOUNT_CHARACTERS_MAX or not (account.isascii() and account.isalnum()):
        return "account_number"
    return None
