"""Facilities and residences to be read, inside the caller's territory; see usecases.ports.Register."""

from datetime import date
from typing import Any
from uuid import UUID

from libs.common.runtime.postgres import Database
from services.facilities.domain.residences import Residence
from services.facilities.store.work import STAYS, stay
from services.facilities.usecases.ports import FacilityLine, Occupancy

_OCCUPIED = (
    "(select count(*) from residence r where r.facility_id = f.facility_id and r.during @> $1::date)"
    " as occupied"
)


class FacilityRegister:
    def __init__(self, database: Database) -> None:
        self._database = database

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
    ) -> list[FacilityLine]:
        """In the order of ids, those after `after`."""
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select f.*, {_OCCUPIED} from facility f"
                " where ($2::text is null or province_code = $2) and ($3::text is null or kind = $3)"
                " and ($4::uuid is null or facility_id = $4) and ($5::uuid is null or facility_id > $5)"
                " order by facility_id limit $6",
                on,
                province_code,
                kind,
                facility_id,
                after,
                limit,
            )
        return [_line(row) for row in rows]

    async def occupancy(self, territory: str | None, on: date, province_code: str | None) -> list[Occupancy]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select province_code, kind, count(*) as facilities, sum(places)::bigint as places,"
                " sum(occupied)::bigint as occupied"
                f" from (select f.*, {_OCCUPIED} from facility f) as counted"
                " where $2::text is null or province_code = $2"
                " group by province_code, kind order by province_code, kind",
                on,
                province_code,
            )
        return [
            Occupancy(row["province_code"], row["kind"], row["facilities"], row["places"], row["occupied"])
            for row in rows
        ]

    async def residences(
        self,
        territory: str | None,
        *,
        facility_id: UUID | None,
        person_id: UUID | None,
        after: UUID | None,
        limit: int,
    ) -> list[Residence]:
        """In the order of ids, those after `after`."""
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"{STAYS} where ($1::uuid is null or facility_id = $1)"
                " and ($2::uuid is null or person_id = $2) and ($3::uuid is null or residence_id > $3)"
                " order by residence_id limit $4",
                facility_id,
                person_id,
                after,
                limit,
            )
        return [stay(row) for row in rows]


def _line(row: Any) -> FacilityLine:
    return FacilityLine(
        facility_id=row["facility_id"],
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        sector=row["sector"],
        province_code=row["province_code"],
        commune_code=row["commune_code"],
        places=row["places"],
        occupied=row["occupied"],
    )
