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


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Eligibility's REST door."""

    upstream: Upstream

    async def decisions_of(self, caller: Caller, person_id: str) -> list[Decision]:
        page = await self.upstream.get("/v1/decisions", caller, DecisionsPage, {"person_id": person_id})
        return page.items

    async def receipt(self, caller: Caller, decision_id: str) -> Decision:
        return await self.upstream.get(f"/v1/decisions/{decision_id}", caller, Decision)
