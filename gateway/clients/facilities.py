"""What facilities answer: homes, their places, and where a person lives."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Facility(msgspec.Struct, frozen=True):
    """A home for social assistance; `occupied` on the business date."""

    facility_id: str
    code: str
    name: str
    kind: str
    sector: str
    province_code: str
    commune_code: str
    places: int
    occupied: int


class FacilitiesPage(msgspec.Struct, frozen=True):
    items: list[Facility]
    next_cursor: str | None = None


class Occupancy(msgspec.Struct, frozen=True):
    """How full the homes of one kind in one province are, on the business date."""

    province_code: str
    kind: str
    facilities: int
    places: int
    occupied: int
    free: int


class OccupancyAnswer(msgspec.Struct, frozen=True):
    items: list[Occupancy]


class Residence(msgspec.Struct, frozen=True):
    """A person's stay in a home; no `until_date` while it lasts."""

    residence_id: str
    person_id: str
    facility_id: str
    from_date: date
    until_date: date | None
    state_paid: bool


class ResidencesPage(msgspec.Struct, frozen=True):
    items: list[Residence]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Facilities:
    """The facilities' REST door."""

    upstream: Upstream

    async def page(
        self, caller: Caller, province_code: str | None, limit: int, cursor: str | None
    ) -> FacilitiesPage:
        params = {"province_code": province_code, "limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/facilities", caller, FacilitiesPage, params)

    async def facility(self, caller: Caller, facility_id: str) -> Facility:
        return await self.upstream.get(f"/v1/facilities/{facility_id}", caller, Facility)

    async def occupancy(self, caller: Caller, province_code: str | None) -> list[Occupancy]:
        params = {"province_code": province_code}
        return (await self.upstream.get("/v1/occupancy", caller, OccupancyAnswer, params)).items

    async def residences_of(self, caller: Caller, person_id: str) -> list[Residence]:
        page = await self.upstream.get("/v1/residences", caller, ResidencesPage, {"person_id": person_id})
        return page.items
