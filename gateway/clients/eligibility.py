"""What eligibility answers: decisions and the receipt that gives their reasons."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Asked(msgspec.Struct, frozen=True):
    """A fact that a rule asked for: what it needs, what is there, and whether that was enough."""

    fact: str
    needs: Any
    has: Any
    held: bool


class Reason(msgspec.Struct, frozen=True):
    """One rule that was tried: whether it held, on which facts, what took its place, where it stands."""

    rule: str
    held: bool
    facts: list[Asked] = []
    excluded_by: str | None = None
    citation: str | None = None
    mark: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """A decision for a person and programme."""

    decision_id: str
    person_id: str
    programme: str
    outcome: str
    status: str
    effective_from: str
    category: str
    coefficient_hundredths: int
    standard_dong: int
    amount_dong: int
    pays_from: str | None = None
    payee: str | None = None
    facility_id: str | None = None
    payee_person_id: str | None = None
    decided_on: date | None = None
    reasons: list[Reason] | None = None


class DecisionsPage(msgspec.Struct, frozen=True):
    items: list[Decision]
    next_cursor: str | None = None


class SimulatedFigures(msgspec.Struct, frozen=True):
    """People, and đồng a month. A count may be `<10`; None is hidden."""

    people: int | str | None
    undetermined: int | str | None
    recipients_today: int | str | None
    recipients_draft: int | str | None
    winners: int | str | None
    losers: int | str | None
    unchanged: int | str | None
    newly_entitled: int | str | None
    no_longer_entitled: int | str | None
    today_dong: int | None
    draft_dong: int | None
    gained_dong: int | None
    lost_dong: int | None
    change_dong: int | None
    average_change_dong: int | None
    today_year_dong: int | None
    draft_year_dong: int | None
    change_year_dong: int | None


class SimulatedRow(SimulatedFigures, frozen=True, kw_only=True):
    key: str


class UnreadableReason(msgspec.Struct, frozen=True):
    code: str
    people: int | None


class RestsOn(msgspec.Struct, frozen=True):
    people: int | str | None
    held: int | str | None
    unreadable: int | str | None
    unreadable_reasons: list[UnreadableReason]
    provinces: int


class SimulatedMonth(msgspec.Struct, frozen=True):
    """A draft held against the law of one month."""

    month: str
    applies: bool
    rests_on: RestsOn
    total: SimulatedFigures
    by_category: list[SimulatedRow]
    by_province: list[SimulatedRow]
    by_age: list[SimulatedRow]
    by_sex: list[SimulatedRow]
    chart: str


class Simulation(msgspec.Struct, frozen=True):
    simulation_id: str
    title: str
    status: str
    progress: float
    months: list[str]
    take_up: str
    results: list[SimulatedMonth]
    province: str | None = None


class SimulationStarted(msgspec.Struct, frozen=True):
    simulation_id: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Eligibility's REST door."""

    upstream: Upstream

    async def decisions_of(self, caller: Caller, person_id: str) -> list[Decision]:
        page = await self.upstream.get("/v1/decisions", caller, DecisionsPage, {"person_id": person_id})
        return page.items

    async def receipt(self, caller: Caller, decision_id: str) -> Decision:
        return await self.upstream.get(f"/v1/decisions/{decision_id}", caller, Decision)

    async def simulate(
        self, caller: Caller, draft: str, months: list[str], province: str | None, take_up: str
    ) -> SimulationStarted:
        body = {"draft": draft, "months": months, "province": province, "take_up": take_up}
        return await self.upstream.post("/v1/simulations", caller, SimulationStarted, body)

    async def simulation(self, caller: Caller, simulation_id: str) -> Simulation:
        return await self.upstream.get(f"/v1/simulations/{simulation_id}", caller, Simulation)
