"""Campaigns: what is given to a list of people, and how far it is."""

from datetime import date
from enum import Enum

import strawberry

from gateway.clients import campaigns
from gateway.engine.prices import Price, priced
from gateway.schema.context import Asked
from gateway.schema.names import name_of
from gateway.schema.scalars import Amount, Dong
from gateway.schema.words import Programme, TotalsBy


@strawberry.enum(description="Where a campaign stands.")
class CampaignStatus(Enum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


@strawberry.enum(description="What a campaign's progress is told by.")
class CampaignBy(Enum):
    GROUP = "group"
    COMMUNE = "commune"
    CHANNEL = "channel"


@strawberry.type(description="Who is given how much a month.")
class CampaignGroup:
    code: str
    name: str
    amount: Amount = strawberry.field(description="In the campaign's unit.")


@strawberry.interface(description="Of those listed; instructed = settled + returned + pending + unknown.")
class Given:
    listed: int = strawberry.field(description="People of its lists.")
    listed_amount: Amount = strawberry.field(description="A month's of all that are listed, in its unit.")
    instructed_dong: Dong
    settled_dong: Dong
    returned_dong: Dong
    pending_dong: Dong
    unknown_dong: Dong = strawberry.field(description="Its agency said nothing in its term, and is asked.")


@strawberry.type(description="What is given once, or for some months, to a list of people.")
class Campaign(Given):
    id: strawberry.ID
    code: str
    name: str
    programme: Programme
    status: CampaignStatus
    province_code: str
    legal_basis: str
    article: str
    opens_on: date
    closes_on: date
    months: int
    unit: str = strawberry.field(description="VND, RICE_KG or PCS:<good>, as its fund.")
    groups: list[CampaignGroup] = strawberry.field(metadata=priced(Price(per_item=50)))
    content_hash: str = strawberry.field(description="What an approval binds to.")
    refused: int = strawberry.field(description="Rows of its lists that were not taken.")
    handed_over: Amount = strawberry.field(description="Goods that reached people, in its unit.")
    run_ids: list[strawberry.ID] = strawberry.field(metadata=priced(Price(per_item=12)))


@strawberry.type(description="Campaigns, the latest first.")
class CampaignConnection:
    nodes: list[Campaign] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="A group, a commune or a channel of a campaign.")
class CampaignProgress(Given):
    key: str
    name: str = strawberry.field(description="The key in words.")
    instructions: int


@strawberry.type(description="A campaign's progress, by key.")
class CampaignProgressConnection:
    nodes: list[CampaignProgress] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


def campaign_of(found: campaigns.Campaign) -> Campaign:
    return Campaign(
        id=strawberry.ID(found.campaign_id),
        code=found.code,
        name=found.name,
        programme=Programme(found.programme),
        status=CampaignStatus(found.status),
        province_code=found.province_code,
        legal_basis=found.legal_basis,
        article=found.article,
        opens_on=found.opens_on,
        closes_on=found.closes_on,
        months=found.months,
        unit=found.unit,
        groups=[
            CampaignGroup(code=group.code, name=group.name, amount=Amount(group.amount))
            for group in found.groups
        ],
        content_hash=found.content_hash,
        listed=found.listed,
        listed_amount=Amount(found.listed_amount),
        refused=found.refused,
        instructed_dong=Dong(found.instructed_dong),
        settled_dong=Dong(found.settled_dong),
        returned_dong=Dong(found.returned_dong),
        pending_dong=Dong(found.pending_dong),
        unknown_dong=Dong(found.unknown_dong),
        handed_over=Amount(found.handed_over),
        run_ids=[strawberry.ID(run_id) for run_id in found.run_ids],
    )


def progress_of(
    page: campaigns.ProgressPage, campaign: campaigns.Campaign, by: CampaignBy, context: Asked
) -> CampaignProgressConnection:
    """Groups are called as the campaign calls them, communes as they were on its first day."""
    names = {group.code: group.name for group in campaign.groups}

    def called(key: str) -> str:
        if by is CampaignBy.GROUP:
            return names.get(key, key)
        return name_of(key, TotalsBy(by.value), context.doors.units, campaign.opens_on, context.language)

    nodes = [
        CampaignProgress(
            key=one.key,
            name=called(one.key),
            listed=one.listed,
            listed_amount=Amount(one.listed_amount),
            instructions=one.instructions,
            instructed_dong=Dong(one.instructed_dong),
            settled_dong=Dong(one.settled_dong),
            returned_dong=Dong(one.returned_dong),
            pending_dong=Dong(one.pending_dong),
            unknown_dong=Dong(one.unknown_dong),
        )
        for one in page.items
    ]
    return CampaignProgressConnection(nodes=nodes, next_cursor=page.next_cursor)
