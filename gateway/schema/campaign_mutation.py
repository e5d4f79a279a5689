"""What can be done with campaigns; their lists are files and come by REST."""

from datetime import date

import strawberry

from gateway.engine.prices import Price
from gateway.schema import fields
from gateway.schema.campaign import Campaign, campaign_of
from gateway.schema.context import Asked, asked
from gateway.schema.payment import Run, run_of
from gateway.schema.scalars import Amount
from gateway.schema.words import Programme

_Info = strawberry.Info[Asked, None]


@strawberry.input(description="Who is given how much a month.")
class CampaignGroupInput:
    code: str
    name: str
    amount: Amount = strawberry.field(description="In the unit of the campaign's fund.")


@strawberry.input(description="Who is given how much, from which fund, and where that is decided.")
class CampaignInput:
    code: str
    name: str
    programme: Programme
    province_code: str
    legal_basis: str = strawberry.field(description="The instrument by which it is decided.")
    article: str = ""
    opens_on: date
    closes_on: date
    months: int = strawberry.field(default=1, description="From that of `opensOn` on.")
    fund_id: strawberry.ID
    groups: list[CampaignGroupInput]
    only_one_of: str | None = strawberry.field(
        default=None, description="Of all campaigns with that word a person is given one."
    )

    def body(self) -> dict[str, object]:
        """As payments' door takes it."""
        told = strawberry.asdict(self)
        return told | {
            "programme": self.programme.value,
            "opens_on": self.opens_on.isoformat(),
            "closes_on": self.closes_on.isoformat(),
        }


@strawberry.type
class CampaignMutation:
    @fields.mutation("Draft a campaign; nothing stands until it is proposed.", Price(points=100))
    async def create_campaign(self, info: _Info, campaign: CampaignInput) -> Campaign:
        context = asked(info)
        return campaign_of(await context.doors.campaigns.draft(context.caller, campaign.body()))

    @fields.mutation("Have a draft's terms stand; they wait for a checker.", Price(points=100))
    async def propose_campaign(self, info: _Info, id: strawberry.ID) -> Campaign:
        context = asked(info)
        return campaign_of(await context.doors.campaigns.move(context.caller, id, "proposal"))

    @fields.mutation(
        "Approve a campaign's terms as their content hash says; by another than who proposed them.",
        Price(points=100),
    )
    async def approve_campaign(self, info: _Info, id: strawberry.ID, content_hash: str) -> Campaign:
        context = asked(info)
        return campaign_of(await context.doors.campaigns.approve(context.caller, id, content_hash))

    @fields.mutation("Give a campaign up before anything is given by it.", Price(points=100))
    async def withdraw_campaign(self, info: _Info, id: strawberry.ID) -> Campaign:
        context = asked(info)
        return campaign_of(await context.doors.campaigns.move(context.caller, id, "withdrawal"))

    @fields.mutation("Have a campaign take no list and order no run any more.", Price(points=100))
    async def close_campaign(self, info: _Info, id: strawberry.ID) -> Campaign:
        context = asked(info)
        return campaign_of(await context.doors.campaigns.move(context.caller, id, "closing"))

    @fields.mutation(
        "Build the list of payments of whoever a campaign lists and has not paid; approved as any run.",
        Price(points=100),
    )
    async def build_campaign_run(self, info: _Info, id: strawberry.ID) -> Run:
        context = asked(info)
        started = await context.doors.campaigns.order_run(context.caller, id)
        return run_of(await context.doors.payments.run(context.caller, started.run_id), context)
