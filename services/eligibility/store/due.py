"""Who is due a gift: by birth dates beside the facts, or by what is in force; under row-level security."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.common.kernel.months import Month
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
# Who has a benefit of one of $1 in the month $2, by the newest decisions that count then, be they ours or of
# another authority.
_MEMBERS = """
    select f.person_id, f.commune_code, f.province_code, has.programmes
    from person_facts f cross join lateral (
        select array_agg(programme order by programme) as programmes from (
            select distinct on (programme) programme, outcome from (
                select programme, version, outcome, effective_from from decision
                where person_id = f.person_id and status <> 'proposed'
                union all
                select programme, version, outcome, effective_from from foreign_decision
                where person_id = f.person_id
            ) told where programme = any($1::text[]) and effective_from <= $2
            order by programme, version desc
        ) newest where outcome = 'granted'
    ) has
    where has.programmes is not null and not exists (
          select from case_file c where c.person_id = f.person_id and c.kind = 'stop' and c.ground = 'died'
            and c.decided_on is not null)
      and ($3::text is null or f.province_code = $3)
      and ($4::text is null or f.commune_code = $4) and ($5::uuid is null or f.person_id > $5)
    order by f.person_id limit $6
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

    async def members(
        self,
        territory: str | None,
        programmes: Collection[str],
        month: Month,
        province_code: str | None,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        place = province_code or territory
        async with self.database.reading(territory) as connection:
            rows = await connection.fetch(
                _MEMBERS, list(programmes), month.first_day, place, commune_code, after, limit
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
