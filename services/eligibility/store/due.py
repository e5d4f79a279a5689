"""Who completes an age in some months, by the birth dates beside the facts, under row-level security."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from libs.common.runtime.postgres import Database
from services.eligibility.usecases.due import After, AfterCount, Edge

_DUE = """
    select e.month, e.age, f.person_id, f.birth_date, f.commune_code, f.province_code, f.former_province_code
    from unnest($1::date[], $2::smallint[], $3::date[], $4::date[], $5::text[], $6::text[])
         as e (month, age, born_from, born_until, province, former)
    join person_facts f on f.birth_date between e.born_from and e.born_until
     and (e.former is not null or e.province is null or f.province_code = e.province)
     and (e.former is null or f.former_province_code = e.former)
    where ($7::text is null or f.province_code = $7) and ($8::text is null or f.commune_code = $8)
      and not exists (
          select from case_file c where c.person_id = f.person_id and c.kind = 'stop' and c.ground = 'died'
            and c.decided_on is not null)
"""
_PEOPLE = f"""
    select distinct * from ({_DUE}) due
    where $9::date is null or (month, age, birth_date, person_id) > ($9, $10::smallint, $11::date, $12::uuid)
    order by month, age, birth_date, person_id limit $13
"""
_COUNTS = f"""
    select month, age, province_code, commune_code, former_province_code, count(distinct person_id) as people
    from ({_DUE}) due group by month, age, province_code, commune_code, former_province_code
    having $9::date is null or (month, age, province_code, commune_code, coalesce(former_province_code, ''))
        > ($9, $10::smallint, $11::text, $12::text, $13::text)
    order by month, age, province_code, commune_code, coalesce(former_province_code, '')
    limit $14
"""


@dataclass(frozen=True)
class Due:
    """Implements the use cases' DueReads."""

    database: Database

    async def people(
        self,
        territory: str | None,
        edges: Sequence[Edge],
        province_code: str | None,
        commune_code: str | None,
        after: After | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        place = (after[0].first_day, *after[1:]) if after else (None,) * 4
        async with self.database.reading(territory) as connection:
            rows = await connection.fetch(
                _PEOPLE, *_columns(edges), province_code, commune_code, *place, limit
            )
        return [dict(row) for row in rows]

    async def counts(
        self,
        territory: str | None,
        edges: Sequence[Edge],
        province_code: str | None,
        commune_code: str | None,
        after: AfterCount | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        place = (after[0].first_day, *after[1:]) if after else (None,) * 5
        async with self.database.reading(territory) as connection:
            rows = await connection.fetch(
                _COUNTS, *_columns(edges), province_code, commune_code, *place, limit
            )
        return [dict(row) for row in rows]


def _columns(edges: Sequence[Edge]) -> list[list[Any]]:
    rows = [
        (
            born.month.first_day,
            born.age,
            born.born_from,
            born.born_until,
            territory.province,
            territory.former_province,
        )
        for born, territory in edges
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(6)]
