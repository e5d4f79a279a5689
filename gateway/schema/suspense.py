"""Reconciliation: a run's money by agency and day, and lines in suspense with their resolution."""

from datetime import date
from enum import Enum

import strawberry

from gateway.clients import suspense
from gateway.engine.prices import Price, priced
from gateway.schema.scalars import Dong


@strawberry.enum(description="What of a line differs from the payment that it should be of.")
class SuspenseReason(Enum):
    UNKNOWN_REFERENCE = "unknown_reference"
    AMOUNT_DIFFERS = "amount_differs"
    PAYEE_DIFFERS = "payee_differs"
    DATE_DIFFERS = "date_differs"
    STATE_DIFFERS = "state_differs"


@strawberry.enum(description="The life of a line in suspense; the last four are its end.")
class SuspenseStatus(Enum):
    WAITING = "waiting"
    PROPOSED = "proposed"
    APPROVED = "approved"
    ATTRIBUTED = "attributed"
    SENT_BACK = "sent_back"
    TOLD_TWICE = "told_twice"
    DISMISSED = "dismissed"


@strawberry.enum(
    description="Attributed to a payment, sent back to the agency, money that was told twice, or no money."
)
class SuspenseResolution(Enum):
    ATTRIBUTED = "attributed"
    SENT_BACK = "sent_back"
    TOLD_TWICE = "told_twice"
    DISMISSED = "dismissed"


@strawberry.type(description="A report's line that matched nothing.")
class SuspenseLine:
    id: strawberry.ID
    run_id: strawberry.ID | None
    agency_code: str
    province_code: str
    reason: SuspenseReason
    outcome: str
    reference: str = strawberry.field(description="As the partner wrote it.")
    payment_id: strawberry.ID | None = strawberry.field(
        description="The payment that it names, or to which it is to be attributed."
    )
    amount_dong: Dong | None
    told_on: date | None
    held: bool = strawberry.field(description="Its money is booked in suspense; any other line is no money.")
    told_again: bool = strawberry.field(
        description="Another report told its money, too, and was dropped: only this line stands for it."
    )
    waits_since: date
    age_days: int
    status: SuspenseStatus
    resolution: SuspenseResolution | None
    note: str
    problem: str | None = strawberry.field(description="Why the last resolution could not be carried out.")


@strawberry.type(description="Lines in suspense, the longest waiting first.")
class SuspenseConnection:
    nodes: list[SuspenseLine] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="Unresolved lines of an agency, a reason and an age.")
class SuspenseGroup:
    agency_code: str
    reason: SuspenseReason
    age_days_max: int | None = strawberry.field(description="Null: older than all others.")
    lines: int
    amount_dong: Dong
    held_dong: Dong


@strawberry.type(description="What an agency told on a day; statement = settled + returned + suspense.")
class DayTold:
    on: date
    lines: int
    statement_dong: Dong
    settled_dong: Dong
    returned_dong: Dong
    suspense_dong: Dong
    duplicates_dong: Dong = strawberry.field(description="Of the suspense: says what is booked already.")
    unresolved_dong: Dong = strawberry.field(description="Of the suspense: waits for a person.")


@strawberry.type(
    description="A run's money at one agency; instructed = settled + returned + pending + unknown."
)
class AgencyMoney:
    agency_code: str
    instructed_dong: Dong
    settled_dong: Dong
    returned_dong: Dong
    pending_dong: Dong
    unknown_dong: Dong
    held_dong: Dong = strawberry.field(description="Given back without saying for whom.")
    days: list[DayTold] = strawberry.field(metadata=priced(Price(per_item=60)))


def line_of(found: suspense.Line) -> SuspenseLine:
    return SuspenseLine(
        id=strawberry.ID(found.suspense_id),
        run_id=strawberry.ID(found.run_id) if found.run_id else None,
        agency_code=found.agency_code,
        province_code=found.province_code,
        reason=SuspenseReason(found.reason),
        outcome=found.outcome,
        reference=found.reference,
        payment_id=strawberry.ID(found.instruction_id) if found.instruction_id else None,
        amount_dong=None if found.amount_dong is None else Dong(found.amount_dong),
        told_on=found.told_on,
        held=found.held,
        told_again=found.told_again,
        waits_since=found.waits_since,
        age_days=found.age_days,
        status=SuspenseStatus(found.status),
        resolution=SuspenseResolution(found.resolution) if found.resolution else None,
        note=found.note,
        problem=found.problem,
    )


def group_of(found: suspense.Group) -> SuspenseGroup:
    return SuspenseGroup(
        agency_code=found.agency_code,
        reason=SuspenseReason(found.reason),
        age_days_max=found.age_days_max,
        lines=found.lines,
        amount_dong=Dong(found.amount_dong),
        held_dong=Dong(found.held_dong),
    )


def agency_of(found: suspense.Agency) -> AgencyMoney:
    return AgencyMoney(
        agency_code=found.agency_code,
        instructed_dong=Dong(found.instructed_dong),
        settled_dong=Dong(found.settled_dong),
        returned_dong=Dong(found.returned_dong),
        pending_dong=Dong(found.pending_dong),
        unknown_dong=Dong(found.unknown_dong),
        held_dong=Dong(found.held_dong),
        days=[
            DayTold(
                on=day.on,
                lines=day.lines,
                statement_dong=Dong(day.statement_dong),
                settled_dong=Dong(day.settled_dong),
                returned_dong=Dong(day.returned_dong),
                suspense_dong=Dong(day.suspense_dong),
                duplicates_dong=Dong(day.duplicates_dong),
                unresolved_dong=Dong(day.unresolved_dong),
            )
            for day in found.days
        ],
    )
