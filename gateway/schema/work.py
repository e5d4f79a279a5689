"""What waits for an office, and who of the entitled is decided."""

from datetime import date
from enum import Enum

import strawberry

from gateway.clients import worklist
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.person import Person, person_seen
from gateway.schema.place import Commune, territory_name
from gateway.schema.scalars import MonthText
from gateway.schema.words import Programme

KINDS_MAX = 11


@strawberry.enum(description="What waits: a case of that kind, or something that somebody has to look at.")
class WorkKind(Enum):
    APPLICATION = "application"
    SUSPENSION = "suspension"
    RESUMPTION = "resumption"
    STOP = "stop"
    MOVE = "move"
    PROPOSAL = "proposal"
    NOTICE = "notice"
    UNCHANGED = "unchanged"
    PROBLEM = "problem"
    SUSPENSION_RUNS_OUT = "suspension_runs_out"
    BAND_CHANGE = "band_change"


@strawberry.enum(description="What coverage is counted by.")
class CoverageBy(Enum):
    PROVINCE = "province"
    COMMUNE = "commune"


@strawberry.type(description="Something that waits for somebody.")
class WorkItem:
    id: strawberry.ID = strawberry.field(description="The case; else the decision, or the person.")
    kind: WorkKind
    case_id: strawberry.ID | None
    programmes: list[Programme] = strawberry.field(metadata=priced(Price(per_item=3)))
    due_on: date | None = strawberry.field(description="Null where the law names no term.")
    late: bool
    working_days_late: int | None
    years: int | None = strawberry.field(description="Of a band change: the age that is reached.")
    problem: str | None = strawberry.field(description="Why a signed measure could not be carried out.")
    what_to_do_vi: str | None
    what_to_do_en: str | None
    commune: Commune
    person_id: strawberry.ID

    @fields.field("Who it is about; null where the caller sees no such person.", Price(points=10))
    async def person(self, info: strawberry.Info[Asked, None]) -> Person | None:
        return await person_seen(self.person_id, asked(info))


@strawberry.type(description="How many things of a kind wait.")
class WorkCount:
    kind: WorkKind
    items: int
    late: int
    without_term: int


@strawberry.type(description="What waits, by the day it is due, and how much of each kind.")
class WorklistConnection:
    on: date = strawberry.field(description="The business date that lateness is counted to.")
    counts: list[WorkCount] = strawberry.field(metadata=priced(Price(per_item=KINDS_MAX)))
    nodes: list[WorkItem] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="Of those who seem entitled in a place and programme, how many are decided.")
class Covered:
    programme: Programme
    province_code: str
    province_name: str | None
    commune_code: str | None
    entitled: int = strawberry.field(description="The denominator.")
    decided: int
    in_process: int
    without: int = strawberry.field(description="No decision and no application.")
    share_decided: float | None


@strawberry.type(description="Coverage by programme and place.")
class CoverageConnection:
    as_of: date | None
    month: MonthText | None
    complete: bool = strawberry.field(description="False while people are being looked at.")
    nodes: list[Covered] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


def worklist_of(found: worklist.WorklistPage, context: Asked) -> WorklistConnection:
    return WorklistConnection(
        on=found.on,
        counts=[
            WorkCount(
                kind=WorkKind(each.kind), items=each.items, late=each.late, without_term=each.without_term
            )
            for each in found.counts
        ],
        nodes=[_item(each, context) for each in found.items],
        next_cursor=found.next_cursor,
    )


def coverage_of(found: worklist.CoveragePage, context: Asked) -> CoverageConnection:
    return CoverageConnection(
        as_of=found.as_of,
        month=MonthText(found.month) if found.month else None,
        complete=found.complete,
        nodes=[
            Covered(
                programme=Programme(each.programme),
                province_code=each.province_code,
                province_name=territory_name(context.doors.units, each.province_code),
                commune_code=each.commune_code,
                entitled=each.entitled,
                decided=each.decided,
                in_process=each.in_process,
                without=each.without,
                share_decided=each.share_decided,
            )
            for each in found.items
        ],
        next_cursor=found.next_cursor,
    )


def _item(each: worklist.WorkItem, context: Asked) -> WorkItem:
    return WorkItem(
        id=strawberry.ID(each.item_id),
        kind=WorkKind(each.kind),
        case_id=strawberry.ID(each.case_id) if each.case_id else None,
        programmes=[Programme(name) for name in each.programmes],
        due_on=each.due_on,
        late=each.late,
        working_days_late=each.working_days_late,
        years=each.years,
        problem=each.problem,
        what_to_do_vi=each.what_to_do_vi,
        what_to_do_en=each.what_to_do_en,
        commune=Commune.of(context.doors.units, each.commune_code, context.today),
        person_id=strawberry.ID(each.person_id),
    )
