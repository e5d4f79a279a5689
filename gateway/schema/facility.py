"""Homes for social assistance, how full they are, and who lives there."""

from datetime import date

import strawberry

from gateway.clients import facilities as answers
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.place import Commune, territory_name


@strawberry.type(description="A home for social assistance (cơ sở trợ giúp xã hội).")
class Facility:
    id: strawberry.ID
    code: str
    name: str
    kind: str
    sector: str
    places: int
    occupied: int = strawberry.field(description="Places taken on the business date.")
    province_code: str
    commune: Commune

    @classmethod
    def of(cls, found: answers.Facility, context: Asked) -> "Facility":
        return cls(
            id=strawberry.ID(found.facility_id),
            code=found.code,
            name=found.name,
            kind=found.kind,
            sector=found.sector,
            places=found.places,
            occupied=found.occupied,
            province_code=found.province_code,
            commune=Commune.of(context.doors.units, found.commune_code, context.today),
        )


@strawberry.type(description="Facilities, a page of them.")
class FacilityConnection:
    nodes: list[Facility] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="How full the homes of one kind in one province are, on the business date.")
class Occupancy:
    province_code: str
    province_name: str | None
    kind: str
    facilities: int
    places: int
    occupied: int
    free: int

    @classmethod
    def of(cls, found: answers.Occupancy, context: Asked) -> "Occupancy":
        return cls(
            province_code=found.province_code,
            province_name=territory_name(context.doors.units, found.province_code),
            kind=found.kind,
            facilities=found.facilities,
            places=found.places,
            occupied=found.occupied,
            free=found.free,
        )


@strawberry.type(description="A person's stay in a facility; no `until` while it lasts.")
class Residence:
    id: strawberry.ID
    from_date: date
    until_date: date | None
    state_paid: bool = strawberry.field(description="The State pays the nurture.")
    facility_id: strawberry.Private[str]

    @fields.field("The home.", Price(points=10))
    async def facility(self, info: strawberry.Info[Asked, None]) -> Facility | None:
        context = asked(info)
        return Facility.of(await context.loaders.facility.load(self.facility_id), context)

    @classmethod
    def of(cls, found: answers.Residence) -> "Residence":
        return cls(
            id=strawberry.ID(found.residence_id),
            from_date=found.from_date,
            until_date=found.until_date,
            state_paid=found.state_paid,
            facility_id=found.facility_id,
        )
