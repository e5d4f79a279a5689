"""A line of a partner's report against our instruction: reference, amount, date and payee, each.

What does not match goes to suspense with its reason, for a person to look at; it never stops the file.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.payments.domain import instructions

UNKNOWN_REFERENCE = "unknown_reference"
DUPLICATE = "duplicate"
AMOUNT_DIFFERS = "amount_differs"
PAYEE_DIFFERS = "payee_differs"
DATE_DIFFERS = "date_differs"
STATE_DIFFERS = "state_differs"

#: Why a line is in suspense, in the order in which it is asked.
SUSPENSE_REASONS = (
    UNKNOWN_REFERENCE,
    DUPLICATE,
    AMOUNT_DIFFERS,
    PAYEE_DIFFERS,
    DATE_DIFFERS,
    STATE_DIFFERS,
)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What a partner says of one payment, as far as it is compared.

    `reference`: None when it is no id of ours by its form. `outcome`: settled or returned. `amount`: đồng.
    `payee_index`: keyed hash of the account number it names (bank) or of the payee's name (post office).
    """

    number: int
    reference: UUID | None
    outcome: str
    amount: int | None
    on: date | None
    payee_index: bytes
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What we know of an instruction that a line may name. `told`: outcomes already taken for it."""

    instruction_id: UUID
    status: str
    amount: int
    payee_index: bytes
    execute_on: date
    told: frozenset[str] = frozenset()


def payee_text(payee: str) -> str:
    """A payee's account number or name as both sides compare it: composed, single-spaced, case folded."""
    return " ".join(unicodedata.normalize("NFC", payee).split()).casefold()


def suspense_reason(line: StatementLine, sent: Sent | None, today: date) -> str | None:
    """Why the line can't be booked, or None: then it may.

    `today` is the business date on which the report is read.
    """
    if sent is None:
        return UNKNOWN_REFERENCE
    if line.outcome in sent.told:
        return DUPLICATE
    if line.amount != sent.amount:
        return AMOUNT_DIFFERS
    if line.payee_index != sent.payee_index:
        return PAYEE_DIFFERS
    if line.on is None or not sent.execute_on <= line.on <= today:
        return DATE_DIFFERS
    if (sent.status, line.outcome) not in instructions.TRANSITIONS:
        return STATE_DIFFERS
    return None


@dataclass(frozen=True, slots=True)
class Matched:
    """A line that is booked by this posting."""

    line: StatementLine
    sent: Sent
    posting: str


@dataclass(frozen=True, slots=True)
class Suspended:
    line: StatementLine
    reason: str


def match(
    lines: list[StatementLine], sent: dict[UUID, Sent], today: date
) -> tuple[list[Matched], list[Suspended]]:
    """Every line, once: what is booked and what waits. `sent`: the instructions named, by id.

    Lines are taken in their order, so a payment settled and then returned in one report is both.
    """
    known = dict(sent)
    matched: list[Matched] = []
    suspended: list[Suspended] = []
    for line in lines:
        found = known.get(line.reference) if line.reference else None
        reason = suspense_reason(line, found, today)
        if reason is not None:
            suspended.append(Suspended(line, reason))
            continue
        assert found is not None
        matched.append(Matched(line, found, instructions.posting_for(found.status, line.outcome)))
        known[found.instruction_id] = Sent(
            found.instruction_id,
            line.outcome,
            found.amount,
            found.payee_index,
            found.execute_on,
            found.told | {line.outcome},
        )
    return matched, suspended
