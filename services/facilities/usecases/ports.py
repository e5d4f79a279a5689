"""What the use cases of facilities need of the world; store/ and wiring.py provide it."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from libs.common.kernel.units import Location
from services.facilities.domain.facilities import FacilityRecorded
from services.facilities.domain.residences import Residence


class Communes(Protocol):
    def locations(self, on: date) -> dict[str, Location]:
        """Every commune that exists on that day."""


@dataclass(frozen=True, slots=True)
class FacilityLine:
    """A facility as lists show it: no account. `occupied`: how many live there on the day asked about."""

    facility_id: UUID
    code: str
    name: str
    kind: str
    sector: str
    province_code: str
    commune_code: str
    places: int
    occupied: int


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The facilities of one kind in one province together."""

    province_code: str
    kind: str
    facilities: int
    places: int
    occupied: int


class Work(Protocol):
    """One transaction on facilities and residences, state and events together."""

    async def recorded(self, facility_ids: Collection[UUID]) -> dict[UUID, FacilityRecorded]:
        """The facilities as recorded, locked until the transaction ends, so that their places hold."""

    async def record(self, changed: Sequence[FacilityRecorded]) -> None: ...

    async def known_people(self, person_ids: Collection[UUID]) -> frozenset[UUID]: ...

    async def stays_in(self, facility_ids: Collection[UUID]) -> list[Residence]: ...

    async def stays_of(self, person_ids: Collection[UUID]) -> list[Residence]: ...

    async def locked_stays(self, residence_ids: Collection[UUID]) -> dict[UUID, Residence]: ...

    async def start(self, residences: Sequence[Residence]) -> frozenset[UUID]:
        """The ids that were started: one is missing where the person lives elsewhere, out of sight."""

    async def end(self, residences: Sequence[Residence]) -> None: ...


class Works(Protocol):
    def work(self, territory: str | None) -> AbstractAsyncContextManager[Work]: ...


class Register(Protocol):
    """Facilities and residences to be read, inside the caller's territory."""

    async def facilities(
        self,
        territory: str | None,
        *,
        on: date,
        province_code: str | None,
        kind: str | None,
        facility_id: UUID | None,
        after: UUID | None,
        limit: int,
    ) -> list[FacilityLine]: ...

    async def occupancy(
        self, territory: str | None, on: date, province_code: str | None
    ) -> list[Occupancy]: ...

    async def residences(
        self,
        territory: str | None,
        *,
        facility_id: UUID | None,
        person_id: UUID | None,
        after: UUID | None,
        limit: int,
    ) -> list[Residence]: ...
