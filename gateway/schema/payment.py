"""Payment runs, their totals, and the payments of a person."""

from datetime import date
from typing import TypedDict

import strawberry

from gateway.clients import payments
from gateway.engine.prices import Price, priced
from gateway.schema.context import Asked
from gateway.schema.names import name_of
from gateway.schema.place import territory_name
from gateway.schema.scalars import Dong, MonthText
from gateway.schema.words import Channel, Programme, RunStatus, TotalsBy


class _Figures(TypedDict):
    instructions: int
    lines: int
    instructed_dong: Dong
    settled_dong: Dong
    returned_dong: Dong
    pending_dong: Dong
    unknown_dong: Dong
    standard_dong: Dong


@strawberry.interface(description="Counts and money; instructed = settled + returned + pending + unknown.")
class Amounts:
    instructions: int = strawberry.field(description="One for each payee and programme.")
    lines: int = strawberry.field(description="One for each instruction, person and benefit month.")
    instructed_dong: Dong
    settled_dong: Dong
    returned_dong: Dong
    pending_dong: Dong
    unknown_dong: Dong = strawberry.field(description="Its agency said nothing in its term, and is asked.")
    standard_dong: Dong = strawberry.field(description="The sum, over lines, of each line's standard.")


@strawberry.type(description="A run's figures for one programme.")
class ProgrammeAmounts(Amounts):
    programme: Programme
    people: int = strawberry.field(description="Distinct beneficiaries.")


@strawberry.type(description="A frozen, approved list of payments of a province.")
class Run(Amounts):
    id: strawberry.ID
    campaign_id: strawberry.ID | None = strawberry.field(description="Whose list it pays; null: decisions.")
    status: RunStatus
    province_code: str
    province_name: str | None
    benefit_months: list[MonthText] = strawberry.field(metadata=priced(Price(per_item=12)))
    content_hash: str | None = strawberry.field(description="What an approval binds to.")
    progress: float = strawberry.field(description="The share of the present stage that is done, 0 to 1.")
    unpayable: int = strawberry.field(description="Entitled lines left out, as nobody can be paid for them.")
    corrected_lines: int = strawberry.field(description="Lines that pay months as they were recalculated.")
    corrected_dong: Dong
    withheld_dong: Dong = strawberry.field(description="What its months keep back for what was overpaid.")
    list_before: date | None = strawberry.field(description="To be approved before that day, by law.")
    returned_before: date | None = strawberry.field(description="Agencies are to have answered before that.")
    late: str | None = strawberry.field(description="`list` or `return`: what is late of it.")
    checked: bool = strawberry.field(description="It has been looked at, and may be approved.")
    problem: str | None = strawberry.field(description="Why the run stands still.")
    by_programme: list[ProgrammeAmounts] = strawberry.field(metadata=priced(Price(per_item=3)))


@strawberry.type(description="Runs, the latest first.")
class RunConnection:
    nodes: list[Run] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="One group of a run.")
class Total(Amounts):
    key: str = strawberry.field(description="A unit's code, a category or a channel.")
    name: str = strawberry.field(description="The key in words.")
    people: int


@strawberry.type(description="The groups of a run, by key.")
class TotalConnection:
    nodes: list[Total] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="A payment in which a person has a part.")
class Payment:
    id: strawberry.ID
    programme: Programme
    status: str
    amount_dong: Dong
    benefit_months: list[MonthText] = strawberry.field(metadata=priced(Price(per_item=12)))
    channel: Channel
    agency_code: str
    settled_on: date | None
    return_reason: str | None
    run_id: strawberry.ID


def run_of(found: payments.Run, context: Asked) -> Run:
    return Run(
        id=strawberry.ID(found.run_id),
        campaign_id=strawberry.ID(found.campaign_id) if found.campaign_id else None,
        status=RunStatus(found.status),
        province_code=found.province_code,
        province_name=territory_name(context.doors.units, found.province_code),
        benefit_months=[MonthText(month) for month in found.benefit_months],
        content_hash=found.content_hash,
        progress=found.progress,
        unpayable=found.unpayable,
        corrected_lines=found.corrected_lines,
        corrected_dong=Dong(found.corrected_dong),
        withheld_dong=Dong(found.withheld_dong),
        list_before=found.list_before,
        returned_before=found.returned_before,
        late=found.late,
        checked=found.checked,
        problem=found.problem,
        by_programme=[
            ProgrammeAmounts(programme=Programme(part.programme), people=part.people, **_amounts(part))
            for part in found.by_programme
        ],
        **_amounts(found),
    )


def total_of(found: payments.Total, by: TotalsBy, on: date, context: Asked) -> Total:
    """`on`: a day of the run's months, since a unit's code may name another one today."""
    name = name_of(found.key, by, context.doors.units, on, context.language)
    return Total(key=found.key, name=name, people=found.people, **_amounts(found))


def payment_of(found: payments.Payment) -> Payment:
    return Payment(
        id=strawberry.ID(found.instruction_id),
        programme=Programme(found.programme),
        status=found.status,
        amount_dong=Dong(found.amount_dong),
        benefit_months=[MonthText(month) for month in found.benefit_months],
        channel=Channel(found.channel),
        agency_code=found.agency_code,
        settled_on=found.settled_on,
        return_reason=found.return_reason,
        run_id=strawberry.ID(found.run_id),
    )


def _amounts(found: payments.Amounts) -> _Figures:
    return {
        "instructions": found.instructions,
        "lines": found.lines,
        "instructed_dong": Dong(found.instructed_dong),
        "settled_dong": Dong(found.settled_dong),
        "returned_dong": Dong(found.returned_dong),
        "pending_dong": Dong(found.pending_dong),
        "unknown_dong": Dong(found.unknown_dong),
        "standard_dong": Dong(found.standard_dong),
    }
