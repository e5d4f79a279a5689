"""What officers do through this door: the same steps as by REST, refused by the same rules."""

import strawberry

from gateway.engine.prices import Price
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.payment import Run, run_of
from gateway.schema.scalars import MonthText
from gateway.schema.simulation import Simulation
from gateway.schema.words import Programme, TakeUp

_Info = strawberry.Info[Asked, None]


@strawberry.type
class Mutation:
    @fields.mutation(
        "Build a province's list of payments for these months; `facts_not_settled` too early.",
        Price(points=100),
    )
    async def build_run(
        self,
        info: _Info,
        province_code: str,
        benefit_months: list[MonthText],
        programmes: list[Programme] | None = None,
    ) -> Run:
        context = asked(info)
        door = context.doors.payments
        chosen = None if programmes is None else [programme.value for programme in programmes]
        started = await door.build_run(context.caller, province_code, list(benefit_months), chosen)
        return run_of(await door.run(context.caller, started.run_id), context)

    @fields.mutation(
        "Approve a built run as its content hash says; by another identity than its maker.", Price(points=100)
    )
    async def approve_run(self, info: _Info, id: strawberry.ID, content_hash: str) -> Run:
        context = asked(info)
        return run_of(await context.doors.payments.approve_run(context.caller, id, content_hash), context)

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
