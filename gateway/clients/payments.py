"""What payments answer: runs, their progress and totals, and what a person was paid."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and money of a run or a part of it; instructed = settled + returned + pending + unknown.

    `standard_dong`: the sum, over lines, of each line's standard.
    """

    instructions: int
    lines: int
    instructed_dong: int
    settled_dong: int
    returned_dong: int
    pending_dong: int
    unknown_dong: int
    standard_dong: int


class ProgrammeAmounts(Amounts, frozen=True, kw_only=True):
    programme: str
    people: int


class Run(Amounts, frozen=True, kw_only=True):
    """A payment run; `progress` is the share done of its present stage, 0 to 1."""

    run_id: str
    campaign_id: str | None
    status: str
    province_code: str
    benefit_months: list[str]
    content_hash: str | None
    progress: float
    unpayable: int
    corrected_lines: int
    corrected_dong: int
    withheld_dong: int
    list_before: date | None
    returned_before: date | None
    late: str | None
    checked: bool
    problem: str | None
    by_programme: list[ProgrammeAmounts]


class RunsPage(msgspec.Struct, frozen=True):
    items: list[Run]
    next_cursor: str | None


class Total(Amounts, frozen=True, kw_only=True):
    """One group of a run: `key` is a unit's code, a category or a channel."""

    key: str
    people: int


class TotalsPage(msgspec.Struct, frozen=True):
    items: list[Total]
    next_cursor: str | None


class Payment(msgspec.Struct, frozen=True):
    """One instruction that holds lines for a person; amount and months are that person's."""

    instruction_id: str
    run_id: str
    programme: str
    status: str
    amount_dong: int
    benefit_months: list[str]
    channel: str
    agency_code: str
    settled_on: date | None
    return_reason: str | None


class PaymentsPage(msgspec.Struct, frozen=True):
    items: list[Payment]


class RunStarted(msgspec.Struct, frozen=True):
    run_id: str


@dataclass(frozen=True, slots=True)
class Payments:
    """The payments' REST door."""

    upstream: Upstream

    async def run(self, caller: Caller, run_id: str) -> Run:
        return await self.upstream.get(f"/v1/runs/{run_id}", caller, Run)

    async def runs(self, caller: Caller, limit: int, cursor: str | None) -> RunsPage:
        return await self.upstream.get("/v1/runs", caller, RunsPage, {"limit": limit, "cursor": cursor})

    async def totals(
        self, caller: Caller, run_id: str, by: str, programme: str | None, limit: int, cursor: str | None
    ) -> TotalsPage:
        params = {"run_id": run_id, "by": by, "programme": programme, "limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/totals", caller, TotalsPage, params)

    async def payments_of(self, caller: Caller, person_id: str) -> list[Payment]:
        page = await self.upstream.get(f"/v1/people/{person_id}/payments", caller, PaymentsPage)
        return page.items

    async def build_run(
        self,
        caller: Caller,
        province_code: str,
        benefit_months: list[str],
        programmes: list[str] | None,
        fund_id: str | None,
    ) -> RunStarted:
        body: dict[str, object] = {"province_code": province_code, "benefit_months": benefit_months}
        if programmes is not None:
            body["programmes"] = programmes
        if fund_id is not None:
            body["fund_id"] = fund_id
        return await self.upstream.post("/v1/runs", caller, RunStarted, body)

    async def approve_run(self, caller: Caller, run_id: str, content_hash: str) -> Run:
        path = f"/v1/runs/{run_id}/approval"
        return await self.upstream.post(path, caller, Run, {"content_hash": content_hash})

    async def withdraw_run(self, caller: Caller, run_id: str, reason: str) -> Run:
        path = f"/v1/runs/{run_id}/withdrawal"
        return await self.upstream.post(path, caller, Run, {"reason": reason})
