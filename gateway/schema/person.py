"""People as this door shows them: the personal_id and the account masked, no health fact."""

from datetime import date

import msgspec
import strawberry

from gateway.clients.registry import PayoutLine, PersonLine, PersonRecord
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.decision import Decision
from gateway.schema.facility import Residence
from gateway.schema.payment import Payment, payment_of
from gateway.schema.place import Commune, day_of_commune
from gateway.schema.words import Channel
from libs.common.kernel.errors import Refusal

_Info = strawberry.Info[Asked, None]


@strawberry.type(description="How a person is paid. The account is shown masked.")
class Payout:
    channel: Channel
    agency_code: str
    payee_relation: str
    account_number: str | None

    @classmethod
    def of(cls, line: PayoutLine) -> "Payout":
        return cls(
            channel=Channel(line.channel),
            agency_code=line.agency_code,
            payee_relation=line.payee_relation,
            account_number=line.account_number,
        )


@strawberry.type(description="A person in the registry.")
class Person:
    id: strawberry.ID
    household_id: strawberry.ID
    full_name: str
    birth_date: date
    sex: str
    personal_id: str = strawberry.field(description="Masked, all but the last three digits.")
    commune: Commune
    province_code: str = strawberry.field(description="One of the 34 provinces: the territory.")
    record: strawberry.Private[PersonRecord | None] = None

    @fields.field("How the person is paid; null where no account is known.", Price(points=10))
    async def payout(self, info: _Info) -> Payout | None:
        line = (await self._whole(info)).payout
        return Payout.of(line) if line else None

    @fields.field("poor, near_poor or none.", Price(points=10))
    async def poverty_status(self, info: _Info) -> str | None:
        return (await self._whole(info)).poverty_status

    @fields.field("Decisions, the latest first.", Price(points=10, per_item=5))
    async def decisions(self, info: _Info) -> list[Decision] | None:
        found = await asked(info).loaders.decisions_of.load(self.id)
        return [Decision.of(one) for one in found]

    @fields.field("Payments in which the person has a part, the latest first.", Price(points=10, per_item=12))
    async def payments(self, info: _Info) -> list[Payment] | None:
        found = await asked(info).loaders.payments_of.load(self.id)
        return [payment_of(one) for one in found]

    @fields.field("The stay in a facility that lasts; null for who lives at home.", Price(points=10))
    async def residence(self, info: _Info) -> Residence | None:
        stays = await asked(info).loaders.residences_of.load(self.id)
        lasting = next((stay for stay in stays if stay.until_date is None), None)
        return Residence.of(lasting) if lasting else None

    async def _whole(self, info: _Info) -> PersonRecord:
        return self.record or await asked(info).loaders.person.load(self.id)

    @classmethod
    def of(cls, found: PersonLine, context: Asked) -> "Person":
        former, today = found.former_province_code, context.today
        day = today if isinstance(former, msgspec.UnsetType) else day_of_commune(former, today)
        return cls(
            id=strawberry.ID(found.person_id),
            household_id=strawberry.ID(found.household_id),
            full_name=found.full_name,
            birth_date=found.birth_date,
            sex=found.sex,
            personal_id=found.personal_id,
            commune=Commune.of(context.doors.units, found.commune_code, day),
            province_code=found.province_code,
            record=found if isinstance(found, PersonRecord) else None,
        )


async def person_seen(person_id: str, context: Asked) -> Person | None:
    """None where the caller sees no such person."""
    try:
        return Person.of(await context.loaders.person.load(person_id), context)
    except Refusal as refusal:
        if refusal.code != "not_found":
            raise
        return None


@strawberry.type(description="Where a page of a connection ends.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class PersonEdge:
    node: Person
    cursor: str | None = strawberry.field(description="Known of a page's last person only.")


@strawberry.type(description="People found, a page of them.")
class PersonConnection:
    edges: list[PersonEdge] = strawberry.field(metadata=priced(Price()))
    page_info: PageInfo
