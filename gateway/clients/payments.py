"""What payments answer: runs, their progress and totals, and what a person was paid."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Amounts(msgspec.Struct, frozen=True):
    """Counts and money of a run or a part of it; instructed = settled + returned + pending."""

    instructions: int = 0
    lines: int = 0
    instructed_dong: int = 0
    settled_dong: int = 0
    returned_dong: int = 0
    pending_dong: int = 0


class ProgrammeAmounts(Amounts, frozen=True):
    programme: str = ""


class Run(Amounts, frozen=True):
    """A payment run; `progress` is the share done of its present stage, 0 to 1."""

    run_id: str = ""
    status: str = ""
    province_code: str | None = None
    benefit_months: list[str] = []
    content_hash: str | None = None
    progress: float | None = None
    by_programme: list[ProgrammeAmounts] = []


class RunsPage(msgspec.Struct, frozen=True):
    items: list[Run]
    next_cursor: str | None = None


class Total(Amounts, frozen=True):
    """One group of a run: `key` is a unit's code, a category or a channel."""

    key: str = ""
    people: int = 0


class TotalsPage(msgspec.Struct, frozen=True):
    items: list[Total]
    next_cursor: str | None = None


class Payment(msgspec.Struct, frozen=True):
    """One instruction that holds lines for a person."""

    instruction_id: str
    run_id: str
    programme: str
    status: str
    amount_dong: int
    benefit_months: list[str] = []
    channel: str | None = None
    agency_code: str | None = None
    settled_on: date | None = None
    return_reason: str | None = None


class PaymentsPage(msgspec.Struct, frozen=True):
    items: list[Payment]
    next_cursor: str | None = None


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
        self, caller: Caller, province_code: str, benefit_months: list[str], programmes: list[str] | None
    ) -> RunStarted:
        body: dict[str, object] = {"province_code": province_code, "benefit_months": benefit_months}
        if programmes is not None:
            body["programmes"] = programmes
        return await self.upstream.post("/v1/runs", caller, RunStarted, body)

    async def approve_run(self, caller: Caller, run_id: str, content_hash: str) -> Run:
        path = f"/v1/runs/{run_id}/approval"
        await self.upstream.post(path, caller, dict, {"content_hash": content_hash})
        return await self.run(caller, run_id)
