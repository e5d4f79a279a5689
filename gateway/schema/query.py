"""What can be read through this door. Each service decides what the caller's token lets it see."""

from datetime import date
from typing import Annotated, TypeVar

import strawberry

from gateway.clients.registry import PeoplePage
from gateway.engine.prices import Price
from gateway.schema import fields
from gateway.schema.campaign_query import CampaignQuery
from gateway.schema.context import Asked, asked
from gateway.schema.facility import (
    Facility,
    FacilityConnection,
    Occupancy,
)
from gateway.schema.gift import DonationReport, GiftConnection, gifts_of, report_of
from gateway.schema.occasion import LongevityCounts, LongevityPeople, counts_of, people_of
from gateway.schema.overpayment import OverpaymentQuery
from gateway.schema.paging import size
from gateway.schema.payment import Run, RunConnection, TotalConnection, run_of, total_of
from gateway.schema.person import PageInfo, Person, PersonConnection, PersonEdge, person_seen
from gateway.schema.recalculation import Recalculation, RecalculationConnection
from gateway.schema.run_check import RunCheckQuery
from gateway.schema.scalars import MonthText
from gateway.schema.simulation import Simulation
from gateway.schema.suspense import (
    AgencyMoney,
    SuspenseConnection,
    SuspenseGroup,
    SuspenseReason,
    SuspenseStatus,
    agency_of,
    group_of,
    line_of,
)
from gateway.schema.words import Programme, TotalsBy
from gateway.schema.work import (
    CoverageBy,
    CoverageConnection,
    WorkKind,
    WorklistConnection,
    coverage_of,
    worklist_of,
)
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month

_Info = strawberry.Info[Asked, None]
_PAGE_MAX = 100
_TOTALS_MAX = 500
_Found = TypeVar("_Found")


@strawberry.type(description="How many there are.")
class Counts:
    people: int


@strawberry.type
class Query(CampaignQuery, OverpaymentQuery, RunCheckQuery):
    @fields.field(
        "People by name (any spelling of tones), by personal_id, or of a commune.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def search_people(
        self,
        info: _Info,
        q: str | None = None,
        personal_id: Annotated[str | None, strawberry.argument(description="12 digits.")] = None,
        commune_code: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> PersonConnection:
        context = asked(info)
        page = await context.doors.registry.search(
            context.caller,
            q=q,
            personal_id=personal_id,
            commune_code=commune_code,
            limit=size(first, _PAGE_MAX),
            cursor=after,
        )
        return _people(page, context)

    @fields.field("One person; null where the caller sees none.", Price(points=10))
    async def person(self, info: _Info, id: strawberry.ID) -> Person | None:
        return await person_seen(id, asked(info))

    @fields.field("A payment run; null where the caller sees none.", Price(points=10))
    async def run(self, info: _Info, id: strawberry.ID) -> Run | None:
        context = asked(info)
        try:
            return run_of(await context.doors.payments.run(context.caller, id), context)
        except Refusal as refusal:
            if refusal.code != "not_found":
                raise
            return None

    @fields.field("Payment runs, the latest first.", Price(points=20, per_item=_PAGE_MAX, sized_by="first"))
    async def runs(self, info: _Info, first: int = 20, after: str | None = None) -> RunConnection:
        context = asked(info)
        page = await context.doors.payments.runs(context.caller, size(first, _PAGE_MAX), after)
        return RunConnection(nodes=[run_of(one, context) for one in page.items], next_cursor=page.next_cursor)

    @fields.field(
        "A run's figures by province, commune, category or channel; the sums equal the run's.",
        Price(points=20, per_item=_TOTALS_MAX, sized_by="first"),
    )
    async def totals(
        self,
        info: _Info,
        run_id: strawberry.ID,
        by: TotalsBy,
        programme: Programme | None = None,
        first: int = _TOTALS_MAX,
        after: str | None = None,
    ) -> TotalConnection:
        context = asked(info)
        page = await context.doors.payments.totals(
            context.caller,
            run_id,
            by.value,
            programme.value if programme else None,
            size(first, _TOTALS_MAX),
            after,
        )
        on = await _day_of(run_id, by, context)
        return TotalConnection(
            nodes=[total_of(one, by, on, context) for one in page.items], next_cursor=page.next_cursor
        )

    @fields.field("Homes for social assistance.", Price(points=20, per_item=_PAGE_MAX, sized_by="first"))
    async def facilities(
        self,
        info: _Info,
        province_code: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> FacilityConnection:
        context = asked(info)
        limit = size(first, _PAGE_MAX)
        page = await context.doors.facilities.page(context.caller, province_code, limit, after)
        nodes = [Facility.of(one, context) for one in page.items]
        return FacilityConnection(nodes=nodes, next_cursor=page.next_cursor)

    @fields.field("How full the homes are, by province and kind.", Price(points=20, per_item=300))
    async def occupancy(self, info: _Info, province_code: str | None = None) -> list[Occupancy]:
        context = asked(info)
        found = await context.doors.facilities.occupancy(context.caller, province_code)
        return [Occupancy.of(one, context) for one in found]

    @fields.field("What a draft would change; null where the caller sees none.", Price(points=50))
    async def simulation(self, info: _Info, id: strawberry.ID) -> Simulation | None:
        context = asked(info)
        try:
            return Simulation.of(await context.doors.eligibility.simulation(context.caller, id))
        except Refusal as refusal:
            if refusal.code != "not_found":
                raise
            return None

    @fields.field("A recalculation; null where the caller sees none.", Price(points=10))
    async def recalculation(self, info: _Info, id: strawberry.ID) -> Recalculation | None:
        context = asked(info)
        try:
            return Recalculation.of(await context.doors.recalculations.one(context.caller, id), context)
        except Refusal as refusal:
            if refusal.code != "not_found":
                raise
            return None

    @fields.field(
        "Recalculations of the caller's territory, the newest first.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def recalculations(
        self, info: _Info, first: int = 20, after: str | None = None
    ) -> RecalculationConnection:
        context = asked(info)
        page = await context.doors.recalculations.page(context.caller, size(first, _PAGE_MAX), after)
        nodes = [Recalculation.of(one, context) for one in page.items]
        return RecalculationConnection(nodes=nodes, next_cursor=page.next_cursor)

    @fields.field(
        "What waits for the caller's office, by the day it is due.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def worklist(
        self,
        info: _Info,
        kind: WorkKind | None = None,
        late: Annotated[bool, strawberry.argument(description="Only what is overdue.")] = False,
        province_code: str | None = None,
        commune_code: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> WorklistConnection:
        context = asked(info)
        page = await context.doors.worklist.page(
            context.caller,
            kind=kind.value if kind else None,
            late=late,
            province_code=province_code,
            commune_code=commune_code,
            limit=size(first, _PAGE_MAX),
            cursor=after,
        )
        return worklist_of(page, context)

    @fields.field(
        "Of those who seem entitled next month, how many are decided.",
        Price(points=20, per_item=_TOTALS_MAX, sized_by="first"),
    )
    async def coverage(
        self,
        info: _Info,
        by: CoverageBy = CoverageBy.PROVINCE,
        province_code: str | None = None,
        first: int = 100,
        after: str | None = None,
    ) -> CoverageConnection:
        context = asked(info)
        page = await context.doors.worklist.coverage(
            context.caller,
            by=by.value,
            province_code=province_code,
            limit=size(first, _TOTALS_MAX),
            cursor=after,
        )
        return coverage_of(page, context)

    @fields.field(
        "How many complete an age of the law (mừng thọ), by month, age and commune; up to twelve months.",
        Price(points=20, per_item=_TOTALS_MAX, sized_by="first"),
    )
    async def longevity(
        self,
        info: _Info,
        from_month: MonthText,
        until_month: MonthText,
        province_code: str | None = None,
        commune_code: str | None = None,
        first: int = 100,
        after: str | None = None,
    ) -> LongevityCounts:
        context = asked(info)
        page = await context.doors.occasions.counts(
            context.caller,
            from_month=from_month,
            until_month=until_month,
            province_code=province_code,
            commune_code=commune_code,
            limit=size(first, _TOTALS_MAX),
            cursor=after,
        )
        return counts_of(page, context)

    @fields.field(
        "Who completes an age of the law (mừng thọ), by month, age and birth date; up to twelve months.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def longevity_people(
        self,
        info: _Info,
        from_month: MonthText,
        until_month: MonthText,
        province_code: str | None = None,
        commune_code: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> LongevityPeople:
        context = asked(info)
        page = await context.doors.occasions.people(
            context.caller,
            from_month=from_month,
            until_month=until_month,
            province_code=province_code,
            commune_code=commune_code,
            limit=size(first, _PAGE_MAX),
            cursor=after,
        )
        return people_of(page, context)

    @fields.field(
        "Received gifts, the latest first; of a province, or of all.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def gifts(
        self, info: _Info, province_code: str | None = None, first: int = 20, after: str | None = None
    ) -> GiftConnection:
        context = asked(info)
        door = context.doors.gifts
        return gifts_of(await door.page(context.caller, province_code, size(first, _PAGE_MAX), after))

    @fields.field("What was given in a year, and what it was used for.", Price(points=50))
    async def donation_report(
        self, info: _Info, year: int, province_code: str | None = None
    ) -> DonationReport:
        context = asked(info)
        return report_of(await context.doors.gifts.report(context.caller, year, province_code))

    @fields.field(
        "Lines in suspense of all runs, the longest waiting first; by `status` resolved ones, too.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def suspense(
        self,
        info: _Info,
        status: SuspenseStatus | None = None,
        reason: SuspenseReason | None = None,
        agency_code: str | None = None,
        run_id: strawberry.ID | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> SuspenseConnection:
        context = asked(info)
        wanted = {
            "status": status.value if status else None,
            "reason": reason.value if reason else None,
            "agency_code": agency_code,
            "run_id": run_id,
        }
        page = await context.doors.suspense.page(context.caller, wanted, size(first, _PAGE_MAX), after)
        return SuspenseConnection(nodes=[line_of(one) for one in page.items], next_cursor=page.next_cursor)

    @fields.field("What waits in suspense, by agency, reason and age.", Price(points=20, per_item=100))
    async def suspense_summary(self, info: _Info) -> list[SuspenseGroup]:
        context = asked(info)
        return [group_of(one) for one in (await context.doors.suspense.summary(context.caller)).items]

    @fields.field("A run's money by paying agency and day, to the đồng.", Price(points=50, per_item=20))
    async def reconciliation(self, info: _Info, run_id: strawberry.ID) -> list[AgencyMoney]:
        context = asked(info)
        found = await context.doors.suspense.reconciliation(context.caller, run_id)
        return [agency_of(one) for one in found.agencies]

    @fields.field("How many people are registered.", Price(points=10))
    async def counts(self, info: _Info) -> Counts:
        context = asked(info)
        return Counts(people=(await context.doors.registry.counts(context.caller)).people)


async def _day_of(run_id: str, by: TotalsBy, context: Asked) -> date:
    """A day by which the units of a run are named; the other groups need none."""
    if by not in (TotalsBy.PROVINCE, TotalsBy.COMMUNE):
        return context.today
    run = await context.loaders.run.load(run_id)
    return Month.parse(max(run.benefit_months)).last_day


def _people(page: PeoplePage, context: Asked) -> PersonConnection:
    """The registry tells one cursor a page, that of its last person."""
    people = [Person.of(line, context) for line in page.items]
    last = len(people) - 1
    edges = [
        PersonEdge(node=one, cursor=page.next_cursor if i == last else None) for i, one in enumerate(people)
    ]
    return PersonConnection(
        edges=edges,
        page_info=PageInfo(has_next_page=page.next_cursor is not None, end_cursor=page.next_cursor),
    )
