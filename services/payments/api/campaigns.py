"""Campaigns over HTTP: drafted, proposed, approved, given by runs or by hand-over, closed."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel import ids
from libs.common.kernel.ids import show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import (
    Cursor,
    Limit,
    Through,
    bad_cursor,
    cursor_of,
    id_of,
    nothing,
    parts_of,
)
from services.payments.api.funds import Amount, Commune, Name, Province, VoucherShown
from services.payments.api.models import Approval, CampaignProgramme, RunAccepted
from services.payments.domain.campaigns import Group, Terms
from services.payments.usecases.campaigns import CampaignView, Progress, Receipt

router = APIRouter(tags=["campaigns"])
MayRead = Annotated[Actor, requires("payments.read")]
MayPropose = Annotated[Actor, requires("payments.campaigns.propose")]
MayApprove = Annotated[Actor, requires("payments.campaigns.approve")]
MayBuild = Annotated[Actor, requires("payments.runs.build")]
MayHandOver = Annotated[Actor, requires("payments.vouchers.propose")]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,39}$")]
MonthText = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Status = Literal["draft", "proposed", "approved", "closed", "withdrawn"]
_GROUPS_MAX = 50


class GroupStated(BaseModel):
    """`amount`: a person's for a month, in the unit of the fund: đồng, kilograms, pieces."""

    model_config = ConfigDict(extra="forbid")

    code: Name
    name: Words
    amount: Amount


class CampaignWanted(BaseModel):
    """Who is given how much, from which fund, and where that is decided.

    `months`: for how many months, from that of `opens_on` on. `only_one_of`: of all campaigns with that word
    a person is given one.
    """

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Words
    programme: CampaignProgramme
    province_code: Province
    legal_basis: Words = Field(description="The instrument by which it is decided.")
    article: Annotated[str, Field(max_length=60)] = ""
    opens_on: date
    closes_on: date
    months: Annotated[int, Field(ge=1, le=12)] = 1
    fund_id: Annotated[str, Field(max_length=40)]
    groups: Annotated[list[GroupStated], Field(min_length=1, max_length=_GROUPS_MAX)]
    only_one_of: Code | None = None

    def terms(self) -> Terms:
        told = self.model_dump(exclude={"groups", "fund_id"})
        groups = tuple(Group(**group.model_dump()) for group in self.groups)
        return Terms(**told, fund_id=id_of("fun", self.fund_id), groups=groups)


class CampaignShown(BaseModel):
    """`content_hash`: what an approval binds to. `listed`: people; `refused`: rows that were not taken.

    `listed_amount`: a month's of all that are listed; `handed_over`: goods, both in `unit`. Money is that of
    its runs: instructed = settled + returned + pending + unknown.
    """

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
    fund_id: str
    unit: str
    only_one_of: str | None
    groups: list[GroupStated]
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

    @classmethod
    def of(cls, view: CampaignView) -> "CampaignShown":
        terms, amounts = view.campaign.terms, view.amounts
        told = {name: getattr(terms, name) for name in CampaignWanted.model_fields if name != "groups"}
        return cls.model_validate(
            told
            | {
                "campaign_id": show("cmp", view.campaign.campaign_id),
                "fund_id": show("fun", terms.fund_id),
                "groups": [GroupStated(code=g.code, name=g.name, amount=g.amount) for g in terms.groups],
                "unit": view.unit,
                "status": view.campaign.status,
                "content_hash": terms.content_hash,
                "listed": view.listed,
                "listed_amount": view.listed_amount,
                "refused": view.refused,
                "instructed_dong": amounts.instructed,
                "settled_dong": amounts.settled,
                "returned_dong": amounts.returned,
                "pending_dong": amounts.pending,
                "unknown_dong": amounts.unknown,
                "handed_over": view.handed_over,
                "run_ids": [show("run", run_id) for run_id in view.runs],
            }
        )


class CampaignsPage(BaseModel):
    items: list[CampaignShown]
    next_cursor: str | None


class ProgressShown(BaseModel):
    """`listed_amount`: a month's, in the campaign's unit."""

    key: str
    listed: int
    listed_amount: int
    instructions: int
    instructed_dong: int
    settled_dong: int
    returned_dong: int
    pending_dong: int
    unknown_dong: int

    @classmethod
    def of(cls, key: str, one: Progress) -> "ProgressShown":
        return cls(
            key=key,
            listed=one.listed,
            listed_amount=one.listed_amount,
            instructions=one.amounts.instructions,
            instructed_dong=one.amounts.instructed,
            settled_dong=one.amounts.settled,
            returned_dong=one.amounts.returned,
            pending_dong=one.amounts.pending,
            unknown_dong=one.amounts.unknown,
        )


class ProgressPage(BaseModel):
    items: list[ProgressShown]
    next_cursor: str | None


class HandOver(BaseModel):
    """Goods handed over in a commune. `document`: the receipt's number; `month`: left out, the latest."""

    model_config = ConfigDict(extra="forbid")

    commune_code: Commune
    document: Annotated[str, Field(min_length=1, max_length=60)]
    month: MonthText | None = None
    booked_on: date | None = None


@router.post("/v1/campaigns", status_code=201)
async def draft(wanted: CampaignWanted, actor: MayPropose, doors: Through) -> CampaignShown:
    """Draft a campaign. 409 `campaign_taken` where the province has one of that code."""
    made = await doors.campaigns.draft(wanted.terms(), actor.sub, actor.territory)
    return await _shown(show("cmp", made.campaign_id), actor, doors)


@router.put("/v1/campaigns/{campaign_id}")
async def change(
    campaign_id: str, wanted: CampaignWanted, actor: MayPropose, doors: Through
) -> CampaignShown:
    """Say a draft anew, whole."""
    await doors.campaigns.change(id_of("cmp", campaign_id), wanted.terms(), actor.sub, actor.territory)
    return await _shown(campaign_id, actor, doors)


@router.get("/v1/campaigns")
async def page(
    actor: MayRead, doors: Through, status: Status | None = None, limit: Limit = 50, cursor: Cursor = None
) -> CampaignsPage:
    """Campaigns, the latest first."""
    try:
        after = ids.read("cmp", cursor) if cursor else None
    except ValueError:
        raise bad_cursor() from None
    found = await doors.campaign_reads.campaigns(actor.territory, status, after, limit + 1)
    shown = [CampaignShown.of(view) for view in found[:limit]]
    return CampaignsPage(items=shown, next_cursor=shown[-1].campaign_id if len(found) > limit else None)


@router.get("/v1/campaigns/{campaign_id}")
async def one(campaign_id: str, actor: MayRead, doors: Through) -> CampaignShown:
    """A campaign and how far it is."""
    return await _shown(campaign_id, actor, doors)


@router.post("/v1/campaigns/{campaign_id}/proposal")
async def propose(campaign_id: str, actor: MayPropose, doors: Through) -> CampaignShown:
    """Its terms stand from now on, and wait for a checker."""
    await doors.campaigns.propose(id_of("cmp", campaign_id), actor.sub, actor.territory)
    return await _shown(campaign_id, actor, doors)


@router.post("/v1/campaigns/{campaign_id}/approval")
async def approve(campaign_id: str, approval: Approval, actor: MayApprove, doors: Through) -> CampaignShown:
    """Approve exactly the terms of that hash. 403 `same_identity` for whoever proposed them."""
    await doors.campaigns.approve(
        id_of("cmp", campaign_id), approval.content_hash, actor.sub, actor.territory
    )
    return await _shown(campaign_id, actor, doors)


@router.post("/v1/campaigns/{campaign_id}/withdrawal")
async def withdraw(campaign_id: str, actor: MayPropose, doors: Through) -> CampaignShown:
    """Nothing will be given by it."""
    await doors.campaigns.withdraw(id_of("cmp", campaign_id), actor.territory)
    return await _shown(campaign_id, actor, doors)


@router.post("/v1/campaigns/{campaign_id}/closing")
async def close(campaign_id: str, actor: MayPropose, doors: Through) -> CampaignShown:
    """It takes no list and orders no run any more; what is ordered goes on to its end."""
    await doors.campaigns.close(id_of("cmp", campaign_id), actor.territory)
    return await _shown(campaign_id, actor, doors)


@router.post("/v1/campaigns/{campaign_id}/runs", status_code=202)
async def order(campaign_id: str, actor: MayBuild, doors: Through) -> RunAccepted:
    """A run that pays whoever is listed and not paid yet; the same while it is open. Approved as any run."""
    run_id = await doors.campaigns.order_run(id_of("cmp", campaign_id), actor.sub, actor.territory)
    return RunAccepted(run_id=show("run", run_id))


@router.post("/v1/campaigns/{campaign_id}/hand-overs", status_code=201)
async def hand_over(campaign_id: str, wanted: HandOver, actor: MayHandOver, doors: Through) -> VoucherShown:
    """A voucher over the goods of all in the commune who were not given the month's; approved as any."""
    receipt = Receipt(
        commune_code=wanted.commune_code,
        document=wanted.document,
        month=Month.parse(wanted.month) if wanted.month else None,
        on=wanted.booked_on,
    )
    return VoucherShown.of(
        await doors.campaigns.hand_over(id_of("cmp", campaign_id), receipt, actor.sub, actor.territory)
    )


@router.get("/v1/campaigns/{campaign_id}/progress")
async def progress(
    campaign_id: str,
    by: Annotated[Literal["group", "commune", "channel"], Query()],
    actor: MayRead,
    doors: Through,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ProgressPage:
    """Who is listed and what was paid, by group, commune or channel."""
    after = parts_of(cursor, 1)[0] if cursor else ""
    found = await doors.campaign_reads.progress(
        actor.territory, id_of("cmp", campaign_id), by, after, limit + 1
    )
    shown = [ProgressShown.of(key, one) for key, one in found.items()][:limit]
    return ProgressPage(items=shown, next_cursor=cursor_of(shown[-1].key) if len(found) > limit else None)


async def _shown(campaign_id: str, actor: Actor, doors: Through) -> CampaignShown:
    found = await doors.campaign_reads.campaign(actor.territory, id_of("cmp", campaign_id))
    if found is None:
        raise nothing("cmp")
    return CampaignShown.of(found)
