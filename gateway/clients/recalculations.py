"""What eligibility answers of recalculations: how far each is, and what comes out different."""

from dataclasses import dataclass

import msgspec

from gateway.clients.eligibility import Reason
from gateway.clients.upstream import Caller, Upstream


class ProgrammeSum(msgspec.Struct, frozen=True):
    programme: str
    people: int
    differences: int
    arrears_dong: int
    recovery_dong: int


class Recalculation(msgspec.Struct, frozen=True):
    """`programmes` only of one that was asked for by its id."""

    recalculation_id: str
    state: str
    reason: str
    from_month: str
    to_month: str
    requested_by_sub: str
    people: int
    undetermined: int
    elsewhere: int
    commune_code: str | None = None
    province_code: str | None = None
    content_hash: str | None = None
    applied_by_sub: str | None = None
    programmes: list[ProgrammeSum] | None = None


class RecalculationsPage(msgspec.Struct, frozen=True):
    items: list[Recalculation]
    next_cursor: str | None = None


class Receipt(msgspec.Struct, frozen=True):
    reasons: list[Reason]


class Difference(msgspec.Struct, frozen=True):
    """New less old of one month in đồng. `receipt` and `held_back` only of one asked for by its id."""

    difference_id: str
    person_id: str
    programme: str
    month: str
    old_dong: int
    new_dong: int
    dong: int
    payee: str
    commune_code: str
    applied: bool
    payee_person_id: str | None = None
    old_decision_id: str | None = None
    held_back: bool | None = None
    receipt: Receipt | None = None


class DifferencesPage(msgspec.Struct, frozen=True):
    items: list[Difference]
    next_cursor: str | None = None


class Started(msgspec.Struct, frozen=True):
    recalculation_id: str


class State(msgspec.Struct, frozen=True):
    state: str


class Wanted(msgspec.Struct, frozen=True):
    """Whose months, and why; with no people and no place the caller's territory."""

    from_month: str
    to_month: str
    reason: str
    person_ids: list[str] | None = None
    commune_code: str | None = None
    province_code: str | None = None


@dataclass(frozen=True, slots=True)
class Recalculations:
    """Eligibility's doors to recalculations."""

    upstream: Upstream

    async def one(self, caller: Caller, recalculation_id: str) -> Recalculation:
        return await self.upstream.get(f"/v1/recalculations/{recalculation_id}", caller, Recalculation)

    async def page(self, caller: Caller, limit: int, cursor: str | None) -> RecalculationsPage:
        asked = {"limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/recalculations", caller, RecalculationsPage, asked)

    async def differences(
        self, caller: Caller, recalculation_id: str, limit: int, cursor: str | None
    ) -> DifferencesPage:
        path = f"/v1/recalculations/{recalculation_id}/differences"
        return await self.upstream.get(path, caller, DifferencesPage, {"limit": limit, "cursor": cursor})

    async def difference(self, caller: Caller, difference_id: str) -> Difference:
        return await self.upstream.get(f"/v1/differences/{difference_id}", caller, Difference)

    async def ask(self, caller: Caller, wanted: Wanted) -> Started:
        return await self.upstream.post("/v1/recalculations", caller, Started, msgspec.to_builtins(wanted))

    async def apply(self, caller: Caller, recalculation_id: str, content_hash: str) -> State:
        path = f"/v1/recalculations/{recalculation_id}/application"
        return await self.upstream.post(path, caller, State, {"content_hash": content_hash})

    async def discard(self, caller: Caller, recalculation_id: str) -> State:
        return await self.upstream.post(f"/v1/recalculations/{recalculation_id}/discard", caller, State, None)
