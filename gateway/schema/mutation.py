"""What officers do through this door: the same steps as by REST, refused by the same rules."""

import strawberry

from gateway.clients.recalculations import Wanted
from gateway.engine.prices import Price
from gateway.schema import fields
from gateway.schema.campaign_mutation import CampaignMutation
from gateway.schema.context import Asked, asked
from gateway.schema.overpayment import OverpaymentMutation
from gateway.schema.payment import Run, run_of
from gateway.schema.recalculation import Recalculation, RecalculationReason
from gateway.schema.run_check import RunCheckMutation
from gateway.schema.scalars import MonthText
from gateway.schema.simulation import Simulation
from gateway.schema.suspense import SuspenseLine, SuspenseResolution, line_of
from gateway.schema.words import Programme, TakeUp

_Info = strawberry.Info[Asked, None]


@strawberry.type
class Mutation(CampaignMutation, OverpaymentMutation, RunCheckMutation):
    @fields.mutation(
        "Build a province's list of payments for these months; `facts_not_settled` too early. It is paid from"
        " the province's budget where no fund is named.",
        Price(points=100),
    )
    async def build_run(
        self,
        info: _Info,
        province_code: str,
        benefit_months: list[MonthText],
        programmes: list[Programme] | None = None,
        fund_id: strawberry.ID | None = None,
    ) -> Run:
        context = asked(info)
        door = context.doors.payments
        chosen = None if programmes is None else [programme.value for programme in programmes]
        started = await door.build_run(context.caller, province_code, list(benefit_months), chosen, fund_id)
        return run_of(await door.run(context.caller, started.run_id), context)

    @fields.mutation(
        "Approve a built run as its content hash says; by another identity than its maker.", Price(points=100)
    )
    async def approve_run(self, info: _Info, id: strawberry.ID, content_hash: str) -> Run:
        context = asked(info)
        return run_of(await context.doors.payments.approve_run(context.caller, id, content_hash), context)

    @fields.mutation(
        "Withdraw a run that is not booked yet; its months fall due again. `reason`: no person's name.",
        Price(points=100),
    )
    async def withdraw_run(self, info: _Info, id: strawberry.ID, reason: str) -> Run:
        context = asked(info)
        return run_of(await context.doors.payments.withdraw_run(context.caller, id, reason), context)

    @fields.mutation(
        "Try a draft of the law (YAML, docs/what-if) on the caller's territory. It is counted meanwhile: ask"
        " `simulation` for its result. Decides nothing.",
        Price(points=1_000),
    )
    async def simulate(
        self,
        info: _Info,
        draft: str,
        months: list[MonthText],
        province_code: str | None = None,
        take_up: TakeUp = TakeUp.FULL,
    ) -> Simulation:
        context = asked(info)
        door = context.doors.eligibility
        started = await door.simulate(context.caller, draft, list(months), province_code, take_up.value)
        return Simulation.of(await door.simulation(context.caller, started.simulation_id))

    @fields.mutation(
        "Recalculate decided months, dry: of people, a commune, a province, or the caller's territory. Books"
        " nothing; ask `recalculation` for what comes out different.",
        Price(points=1_000),
    )
    async def recalculate(
        self,
        info: _Info,
        from_month: MonthText,
        to_month: MonthText,
        reason: RecalculationReason,
        person_ids: list[strawberry.ID] | None = None,
        province_code: str | None = None,
        commune_code: str | None = None,
    ) -> Recalculation:
        context = asked(info)
        door = context.doors.recalculations
        people = None if person_ids is None else [str(one) for one in person_ids]
        wanted = Wanted(from_month, to_month, reason.value, people, commune_code, province_code)
        started = await door.ask(context.caller, wanted)
        return Recalculation.of(await door.one(context.caller, started.recalculation_id), context)

    @fields.mutation(
        "Book a recalculation's differences as its content hash says; by another than who asked for it.",
        Price(points=100),
    )
    async def apply_recalculation(self, info: _Info, id: strawberry.ID, content_hash: str) -> Recalculation:
        context = asked(info)
        door = context.doors.recalculations
        await door.apply(context.caller, id, content_hash)
        return Recalculation.of(await door.one(context.caller, id), context)

    @fields.mutation("Give up a recalculation that is not applied.", Price(points=100))
    async def discard_recalculation(self, info: _Info, id: strawberry.ID) -> Recalculation:
        context = asked(info)
        door = context.doors.recalculations
        await door.discard(context.caller, id)
        return Recalculation.of(await door.one(context.caller, id), context)

    @fields.mutation(
        "Say how a line in suspense is to be resolved; booked once another identity approves it.",
        Price(points=100),
    )
    async def propose_resolution(
        self,
        info: _Info,
        id: strawberry.ID,
        resolution: SuspenseResolution,
        note: str,
        payment_id: strawberry.ID | None = None,
    ) -> SuspenseLine:
        context = asked(info)
        door = context.doors.suspense
        return line_of(await door.propose(context.caller, id, resolution.value, payment_id, note))

    @fields.mutation(
        "Have a proposed resolution carried out; by another than who proposed it.", Price(points=100)
    )
    async def approve_resolution(self, info: _Info, id: strawberry.ID) -> SuspenseLine:
        context = asked(info)
        return line_of(await context.doors.suspense.approve(context.caller, id))

    @fields.mutation("Take a proposed resolution back; the line waits again.", Price(points=100))
    async def withdraw_resolution(self, info: _Info, id: strawberry.ID) -> SuspenseLine:
        context = asked(info)
        return line_of(await context.doors.suspense.withdraw(context.caller, id))
