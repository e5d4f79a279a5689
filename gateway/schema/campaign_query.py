"""What can be asked of campaigns."""

import strawberry

from gateway.engine.prices import Price
from gateway.schema import fields
from gateway.schema.campaign import (
    Campaign,
    CampaignBy,
    CampaignConnection,
    CampaignProgressConnection,
    CampaignStatus,
    campaign_of,
    progress_of,
)
from gateway.schema.context import Asked, asked
from gateway.schema.paging import size
from libs.common.kernel.errors import Refusal

_Info = strawberry.Info[Asked, None]
_PAGE_MAX = 100
_PROGRESS_MAX = 500


@strawberry.type
class CampaignQuery:
    @fields.field("A campaign and how far it is; null where the caller sees none.", Price(points=20))
    async def campaign(self, info: _Info, id: strawberry.ID) -> Campaign | None:
        context = asked(info)
        try:
            return campaign_of(await context.doors.campaigns.one(context.caller, id))
        except Refusal as refusal:
            if refusal.code != "not_found":
                raise
            return None

    @fields.field("Campaigns, the latest first.", Price(points=50, per_item=_PAGE_MAX, sized_by="first"))
    async def campaigns(
        self, info: _Info, status: CampaignStatus | None = None, first: int = 20, after: str | None = None
    ) -> CampaignConnection:
        context = asked(info)
        wanted = status.value if status else None
        page = await context.doors.campaigns.page(context.caller, wanted, size(first, _PAGE_MAX), after)
        return CampaignConnection(
            nodes=[campaign_of(one) for one in page.items], next_cursor=page.next_cursor
        )

    @fields.field(
        "Who is listed by a campaign and what was paid, by group, commune or channel.",
        Price(points=50, per_item=_PROGRESS_MAX, sized_by="first"),
    )
    async def campaign_progress(
        self,
        info: _Info,
        id: strawberry.ID,
        by: CampaignBy,
        first: int = 100,
        after: str | None = None,
    ) -> CampaignProgressConnection:
        context = asked(info)
        door = context.doors.campaigns
        campaign = await door.one(context.caller, id)
        page = await door.progress(context.caller, id, by.value, size(first, _PROGRESS_MAX), after)
        return progress_of(page, campaign, by, context)
