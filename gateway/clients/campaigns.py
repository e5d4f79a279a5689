"""What payments answer of campaigns: their terms, and how far they are."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.payments import RunStarted
from gateway.clients.upstream import Caller, Upstream


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """`amount`: a person's for a month, in the campaign's unit."""

    code: str
    name: str
    amount: int


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """Money is that of its runs; `listed_amount` and `handed_over` are of `unit`."""

    campaign_id: str
    code: str
    name: str
    programme: str
    province_code: str
    legal_basis: str
    article: str
    opens_on: date
    closes_on: date
    months: int
    unit: str
    groups: list[Group]
    status: str
    content_hash: str
    listed: int
    listed_amount: int
    refused: int
    instructed_dong: int
    settled_dong: int
    returned_dong: int
    pending_dong: int
    unknown_dong: int
    handed_over: int
    run_ids: list[str]


class CampaignsPage(msgspec.Struct, frozen=True):
    items: list[Campaign]
    next_cursor: str | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A group, commune or channel of a campaign."""

    key: str
    listed: int
    listed_amount: int
    instructions: int
    instructed_dong: int
    settled_dong: int
    returned_dong: int
    pending_dong: int
    unknown_dong: int


class ProgressPage(msgspec.Struct, frozen=True):
    items: list[Progress]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Payments' REST door, as far as it tells of campaigns."""

    upstream: Upstream

    async def one(self, caller: Caller, campaign_id: str) -> Campaign:
        return await self.upstream.get(f"/v1/campaigns/{campaign_id}", caller, Campaign)

    async def page(self, caller: Caller, status: str | None, limit: int, cursor: str | None) -> CampaignsPage:
        params = {"status": status, "limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/campaigns", caller, CampaignsPage, params)

    async def draft(self, caller: Caller, body: dict[str, object]) -> Campaign:
        return await self.upstream.post("/v1/campaigns", caller, Campaign, body)

    async def move(self, caller: Caller, campaign_id: str, step: str) -> Campaign:
        """`step`: proposal, withdrawal or closing."""
        return await self.upstream.post(f"/v1/campaigns/{campaign_id}/{step}", caller, Campaign, {})

    async def approve(self, caller: Caller, campaign_id: str, content_hash: str) -> Campaign:
        path = f"/v1/campaigns/{campaign_id}/approval"
        return await self.upstream.post(path, caller, Campaign, {"content_hash": content_hash})

    async def order_run(self, caller: Caller, campaign_id: str) -> RunStarted:
        return await self.upstream.post(f"/v1/campaigns/{campaign_id}/runs", caller, RunStarted, {})

    async def progress(
        self, caller: Caller, campaign_id: str, by: str, limit: int, cursor: str | None
    ) -> ProgressPage:
        params: dict[str, str | int | list[str] | None] = {"by": by, "limit": limit, "cursor": cursor}
        path = f"/v1/campaigns/{campaign_id}/progress"
        return await self.upstream.get(path, caller, ProgressPage, params)
