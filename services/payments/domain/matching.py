"""A line of a partner's report against our instruction: reference, amount, date and payee, each.

What does not match goes to suspense with its reason, for a person to look at; it never stops the file.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.payments.domain import instructions
from services.payments.domain.instructions import RETURNED

UNKNOWN_REFERENCE = "unknown_reference"
DUPLICATE = "duplicate"
AMOUNT_DIFFERS = "amount_differs"
DATE_DIFFERS = "date_differs"
PAYEE_DIFFERS = "payee_differs"
STATE_DIFFERS = "state_differs"

#: Why a line is in suspense, in the order in which it is asked.
SUSPENSE_REASONS = (
    UNKNOWN_REFERENCE,
    AMOUNT_DIFFERS,
    PAYEE_DIFFERS,
    DUPLICATE,
    DATE_DIFFERS,
    STATE_DIFFERS,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner says of one payment.

    `reference`: the id we gave, None when it is none of ours by its form. `outcome`: settled or returned.
    `amount`: đồng, None when it is no whole amount in VND. `payee_index`: the keyed hash of the payee that
    it names, None where it names none.
    """

    number: int
    reference: UUID | None
    outcome: str
    amount: int | None
    on: date | None
    payee_index: bytes | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What we know of an instruction of the answered file.

    `payee_index`: the keyed hash of its payee. `has_receipt`: that it was handed over was told by itself.
    """

    status: str
    amount: int
    payee_index: bytes
    has_receipt: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """A line that is booked: `posting` is the ledger's, `was` the instruction's status before it."""

    told: Told
    instruction_id: UUID
    was: str
    posting: str


@dataclass(frozen=True, slots=True)
class Suspended:
    """A line for a person to look at; `instruction_id` where it names one of the answered file."""

    told: Told
    reason: str
    instruction_id: UUID | None


def match(
    lines: Iterable[Told], sent: Mapping[UUID, Sent], execute_on: date, today: date
) -> tuple[list[Matched], list[Suspended]]:
    """Each line either matched, which moves its instruction on for the lines after it, or suspended."""
    statuses = {reference: one.status for reference, one in sent.items()}
    matched: list[Matched] = []
    suspended: list[Suspended] = []
    for line in lines:
        known = sent.get(line.reference) if line.reference else None
        if line.reference is None or known is None:
            suspended.append(Suspended(line, UNKNOWN_REFERENCE, None))
            continue
        status = statuses[line.reference]
        reason = suspense_reason(line, known, status, execute_on, today)
        if reason:
            suspended.append(Suspended(line, reason, line.reference))
            continue
        posting = instructions.posting_for(status, line.outcome)
        assert posting, "a partner tells of money"
        matched.append(Matched(line, line.reference, status, posting))
        statuses[line.reference] = line.outcome
    return matched, suspended


def suspense_reason(line: Told, sent: Sent, status: str, execute_on: date, today: date) -> str | None:
    """Why a line about that payment can't be booked, or None: then it may.

    A duplicate says in all parts what is booked already. What gives back another amount of a returned
    payment is none: it is other money. No list takes back what has its receipt: one of them is wrong.
    """
    if line.amount != sent.amount:
        return AMOUNT_DIFFERS
    if line.payee_index != sent.payee_index:
        return PAYEE_DIFFERS
    if line.outcome == status:
        return DUPLICATE
    if not _date_fits(line, execute_on, today):
        return DATE_DIFFERS
    taken_back = sent.has_receipt and line.outcome == RETURNED
    if taken_back or (status, line.outcome) not in instructions.TRANSITIONS:
        return STATE_DIFFERS
    return None


def _date_fits(line: Told, execute_on: date, today: date) -> bool:
    # A rejection that never reached the books has no day of booking.
    if line.on is None:
        return line.outcome == RETURNED
    return execute_on <= line.on <= today


def payee_text(text: str) -> str:
    """A payee's name or account in the one form in which two of them are compared."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()
