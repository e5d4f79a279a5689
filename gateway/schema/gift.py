"""Gifts: who gave what, as far as they agreed to be named, and what it was used for."""

from datetime import date

import strawberry

from gateway.clients import gifts
from gateway.engine.prices import Price, priced
from gateway.schema.scalars import Amount, MonthText


@strawberry.type(description="A gift that was received.")
class Gift:
    id: strawberry.ID
    donor: str | None = strawberry.field(description="Null where it was not agreed to be named.")
    received_on: date
    amount: Amount
    used: Amount = strawberry.field(description="Of the amount so far; what came first is used first.")
    unit: str = strawberry.field(description="VND, RICE_KG or PCS:<good>.")
    purpose: str | None = strawberry.field(description="The programme for which it is set apart.")
    province_code: str


@strawberry.type(description="Gifts, the latest first.")
class GiftConnection:
    nodes: list[Gift] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="What was received and used in a month, of a unit and programme.")
class MonthOfGifts:
    month: MonthText
    unit: str
    programme: str | None = strawberry.field(description="Null for what is not set apart.")
    received: Amount
    used: Amount


@strawberry.type(description="A year of gifts, by month, unit and programme.")
class DonationReport:
    year: int
    months: list[MonthOfGifts] = strawberry.field(metadata=priced(Price(per_item=50)))


def gifts_of(page: gifts.GiftsPage) -> GiftConnection:
    nodes = [
        Gift(
            id=strawberry.ID(gift.donation_id),
            donor=gift.donor,
            received_on=gift.received_on,
            amount=Amount(gift.amount),
            used=Amount(gift.used),
            unit=gift.unit,
            purpose=gift.purpose,
            province_code=gift.province_code,
        )
        for gift in page.items
    ]
    return GiftConnection(nodes=nodes, next_cursor=page.next_cursor)


def report_of(found: gifts.DonationReport) -> DonationReport:
    months = [
        MonthOfGifts(
            month=MonthText(one.month),
            unit=one.unit,
            programme=one.programme,
            received=Amount(one.received),
            used=Amount(one.used),
        )
        for one in found.items
    ]
    return DonationReport(year=found.year, months=months)
