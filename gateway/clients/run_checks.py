"""What payments answer of what was found in a run before it is paid."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one kind; what `holds` waits for an acceptance."""

    kind: str
    findings: int
    before_dong: int
    amount_dong: int
    holds: bool
    reason: str | None
    accepted_at: datetime | None


class Checks(msgspec.Struct, frozen=True):
    checked: bool
    items: list[Check]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`person_id`: None of an account or the whole run; `instruction_id`: None where nothing is paid."""

    programme: str
    person_id: str | None
    instruction_id: str | None
    benefit_month: str | None
    before_dong: int
    amount_dong: int
    commune_code: str


class FindingsPage(msgspec.Struct, frozen=True):
    items: list[Finding]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class RunChecks:
    """Payments' REST door, as far as it tells of a run's checks."""

    upstream: Upstream

    async def of(self, caller: Caller, run_id: str) -> Checks:
        return await self.upstream.get(f"/v1/runs/{run_id}/checks", caller, Checks)

    async def findings(
        self, caller: Caller, run_id: str, kind: str, limit: int, cursor: str | None
    ) -> FindingsPage:
        params: dict[str, str | int | list[str] | None] = {"kind": kind, "limit": limit, "cursor": cursor}
        return await self.upstream.get(f"/v1/runs/{run_id}/findings", caller, FindingsPage, params)

    async def accept(self, caller: Caller, run_id: str, kind: str, reason: str) -> Checks:
        body = {"kind": kind, "reason": reason}
        return await self.upstream.post(f"/v1/runs/{run_id}/acceptances", caller, Checks, body)
