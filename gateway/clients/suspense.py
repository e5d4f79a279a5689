"""What payments answer of reconciliation: a run's money by agency, and lines that wait in suspense."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A report's line that matched nothing."""

    suspense_id: str
    run_id: str | None
    agency_code: str
    province_code: str
    reason: str
    outcome: str
    reference: str
    instruction_id: str | None
    amount_dong: int | None
    told_on: date | None
    held: bool
    told_again: bool
    waits_since: date
    age_days: int
    status: str
    resolution: str | None
    note: str
    problem: str | None


class LinesPage(msgspec.Struct, frozen=True):
    items: list[Line]
    next_cursor: str | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Unresolved lines of an agency, a reason and an age; the oldest have no `age_days_max`."""

    agency_code: str
    reason: str
    age_days_max: int | None
    lines: int
    amount_dong: int
    held_dong: int


class Summary(msgspec.Struct, frozen=True):
    items: list[Group]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What an agency told on a day: statement = settled + returned + suspense."""

    on: date
    lines: int
    statement_dong: int
    settled_dong: int
    returned_dong: int
    suspense_dong: int
    duplicates_dong: int
    unresolved_dong: int


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """A run's money at one agency: instructed = settled + returned + pending + unknown."""

    agency_code: str
    instructed_dong: int
    settled_dong: int
    returned_dong: int
    pending_dong: int
    unknown_dong: int
    held_dong: int
    days: list[Day]


class Reconciliation(msgspec.Struct, frozen=True):
    run_id: str
    agencies: list[Agency]


@dataclass(frozen=True, slots=True)
class Suspense:
    """Payments' REST door, as far as it reconciles."""

    upstream: Upstream

    async def page(
        self, caller: Caller, wanted: dict[str, str | None], limit: int, cursor: str | None
    ) -> LinesPage:
        params = {**wanted, "limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/suspense", caller, LinesPage, params)

    async def summary(self, caller: Caller) -> Summary:
        return await self.upstream.get("/v1/suspense/summary", caller, Summary)

    async def reconciliation(self, caller: Caller, run_id: str) -> Reconciliation:
        return await self.upstream.get(f"/v1/runs/{run_id}/reconciliation", caller, Reconciliation)

    async def propose(
        self, caller: Caller, suspense_id: str, resolution: str, instruction_id: str | None, note: str
    ) -> Line:
        body = {"resolution": resolution, "instruction_id": instruction_id, "note": note}
        return await self.upstream.post(f"/v1/suspense/{suspense_id}/proposal", caller, Line, body)

    async def approve(self, caller: Caller, suspense_id: str) -> Line:
        return await self.upstream.post(f"/v1/suspense/{suspense_id}/approval", caller, Line, {})

    async def withdraw(self, caller: Caller, suspense_id: str) -> Line:
        return await self.upstream.post(f"/v1/suspense/{suspense_id}/withdrawal", caller, Line, {})
