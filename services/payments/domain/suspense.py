"""Lines in suspense: which of them hold money, and how one is resolved by a maker and another checker.

A line that differs from what we sent waits here. Where a bank gave money back with it, that is booked as ours
in suspense at once; any other line says something of a payment that is booked already, and is no money.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition
from services.payments.domain import instructions
from services.payments.domain.instructions import RETURNED
from services.payments.domain.matching import DUPLICATE, Suspended
from services.payments.domain.partner_lines import ReportKind

WAITING = "waiting"
PROPOSED = "proposed"
APPROVED = "approved"
#: The resolutions: the line is of a payment after all; the money goes back to the agency; its money is that
#: of another line, told twice; it is no money.
ATTRIBUTED = "attributed"
SENT_BACK = "sent_back"
TOLD_TWICE = "told_twice"
DISMISSED = "dismissed"
RESOLUTIONS = (ATTRIBUTED, SENT_BACK, TOLD_TWICE, DISMISSED)
#: Those by which a line's money leaves suspense.
RELEASING = (ATTRIBUTED, SENT_BACK, TOLD_TWICE)
UNRESOLVED = (WAITING, PROPOSED, APPROVED)
#: In the order of a line's life; the last four are its end.
STATUSES = (*UNRESOLVED, *RESOLUTIONS)

#: Withdrawn, or found not to be possible any more, it waits again. None of it is told to the world by itself.
TRANSITIONS: dict[tuple[str, str], str | None] = {
    (WAITING, PROPOSED): None,
    (PROPOSED, WAITING): None,
    (PROPOSED, APPROVED): None,
    (APPROVED, WAITING): None,
    (APPROVED, ATTRIBUTED): None,
    (APPROVED, SENT_BACK): None,
    (APPROVED, TOLD_TWICE): None,
    (APPROVED, DISMISSED): None,
}

#: Reports of what was booked on our account: a credit there is money. All others only tell. Of each, the
#: one in which a bank may tell the same credit once more.
TOLD_AGAIN_BY: dict[str, str] = {
    ReportKind.CAMT_054: ReportKind.CAMT_053,
    ReportKind.CAMT_053: ReportKind.CAMT_054,
}

#: Days that a line has waited, up to which it counts to an age; what is older counts to the last one.
AGES = (7, 30, 90)


def moved(status: str, to: str) -> str | None:
    """The fact told by that edge; IllegalTransition where there is none."""
    try:
        return TRANSITIONS[status, to]
    except KeyError:
        raise IllegalTransition(f"a line in suspense does not go from {status} to {to}") from None


def waits(one: Suspended) -> bool:
    """Whether a person has to look at it: what says again what is booked already is for nobody."""
    return one.reason != DUPLICATE


def holds_money(one: Suspended, kind: str) -> bool:
    """Whether our account was credited by it."""
    return waits(one) and kind in TOLD_AGAIN_BY and one.told.outcome == RETURNED and bool(one.told.amount)


@dataclass(frozen=True, slots=True)
class Item:
    """A line in suspense. `instruction_id`: the payment that the line names, or the one proposed.

    `run_id`: None for a line of a day's statement that names no payment. `held`: its money is booked in
    suspense. `told_again`: another report told its money, too, and left it to this line. `waits_since`: the
    day on which we were told. `problem`: why the last resolution that was approved could not be carried out.
    """

    suspense_id: UUID
    report_id: UUID
    number: int
    run_id: UUID | None
    agency_code: str
    province_code: str
    reason: str
    outcome: str
    reference: str
    instruction_id: UUID | None
    amount: int | None
    told_on: date | None
    reason_code: str | None
    held: bool
    told_again: bool
    waits_since: date
    status: str = WAITING
    resolution: str | None = None
    note: str = ""
    maker: str | None = None
    checker: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payment to which a line may belong. `reissued`: its months are paid, or to be paid, by another one;
    `postings`: what the ledger has of it."""

    instruction_id: UUID
    agency_code: str
    province_code: str
    status: str
    amount: int
    reissued: bool
    postings: frozenset[str]


def unfit(
    item: Item, resolution: str, candidate: Candidate | None = None, *, has_twin: bool = False
) -> str | None:
    """Why a line can't be resolved so, or None. `has_twin`: its amount is held or came back elsewhere, too.

    Of money that was told twice one telling stays: where the other one left it to this line, this one.
    """
    if resolution in (SENT_BACK, TOLD_TWICE) and not item.held:
        return "holds_no_money"
    if resolution == SENT_BACK:
        return None
    if resolution == TOLD_TWICE:
        return "stands_for_both" if item.told_again else None if has_twin else "no_twin"
    if resolution == DISMISSED:
        return "holds_money" if item.held else None
    if candidate is None:
        return "payment_unknown"
    if (candidate.agency_code, candidate.province_code) != (item.agency_code, item.province_code):
        return "payment_of_another"
    if candidate.amount != item.amount:
        return "amount_differs"
    if not instructions.may_be_attributed(candidate.status, item.outcome, candidate.postings):
        return "state_differs"
    late = candidate.status == RETURNED
    return "reissued" if late and candidate.reissued else None
