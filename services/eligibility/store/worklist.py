"""What waits for an office, and how many of the entitled have a decision, under row-level security."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from libs.common.runtime.postgres import Database
from services.eligibility.usecases.overview import Place

# Row-level security sees to who sees what; the territory is named besides, so that its index is used.
_SHOWN = "kind, item_id, person_id, case_id, programmes, due_on, years, problem, commune_code, province_code"
_ITEMS = f"""
    select {_SHOWN}, coalesce(due_on, 'infinity') as sort_day from worklist
    where ($1::text is null or kind = $1) and ($2::text is null or commune_code = $2)
      and ($8::text is null or province_code = $8)
      and ($3::date is null or due_on < $3)
      and ($4::date is null or (coalesce(due_on, 'infinity'), kind, item_id) > ($4, $5::text, $6::uuid))
    order by coalesce(due_on, 'infinity'), kind, item_id limit $7
"""
_COUNTS = """
    select kind, count(*) as items, count(*) filter (where due_on < $2) as late,
           count(*) filter (where due_on is null) as without_term
    from worklist where ($1::text is null or commune_code = $1)
      and ($3::text is null or province_code = $3) group by kind order by kind
"""
# In the order of an index, which is read from the page's beginning to its end.
_COVERAGE = """
    select {key}, sum(decided)::bigint as decided, sum(in_process)::bigint as in_process,
           sum(without)::bigint as without
    from {table} where ({key}) > ({after})
      and ($1::text is null or programme = $1) and ($2::text is null or province_code = $2)
    group by {key} order by {key} limit $3
"""
_COVERAGE_BY = {
    "province": _COVERAGE.format(
        table="coverage_of_province", key="programme, province_code", after="$4::text, $5::text"
    ),
    "commune": _COVERAGE.format(
        table="coverage_count",
        key="programme, province_code, commune_code",
        after="$4::text, $5::text, $6::text",
    ),
}


@dataclass(frozen=True)
class Worklist:
    """Implements the use cases' WorklistReads."""

    database: Database

    async def page(
        self,
        territory: str | None,
        kind: str | None,
        province_code: str | None,
        commune_code: str | None,
        due_before: date | None,
        after: Place | None,
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """Items by the day they are due, those without one last."""
        async with self.database.reading(territory) as connection:
            rows = await connection.fetch(
                _ITEMS,
                kind,
                commune_code,
                due_before,
                *(after or (None, None, None)),
                limit,
                province_code or territory,
            )
        return [dict(row) for row in rows]

    async def counts(
        self, territory: str | None, province_code: str | None, commune_code: str | None, today: date
    ) -> Sequence[dict[str, Any]]:
        """Items of each kind, and how many of them are late."""
        async with self.database.reading(territory) as connection:
            rows = await connection.fetch(_COUNTS, commune_code, today, province_code or territory)
        return [dict(row) for row in rows]

    async def coverage(
        self,
        territory: str | None,
        by: str,
        programme: str | None,
        province_code: str | None,
        after: Sequence[str],
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """Of each place and programme: who is decided, in process, and without either."""
        async with self.database.reading(territory) as connection:
            rows = await connection.fetch(
                _COVERAGE_BY[by], programme, province_code or territory, limit, *after
            )
        return [dict(row) for row in rows]

    async def as_of(self) -> dict[str, Any] | None:
        """The oldest round that the figures come from; None before the first is done."""
        async with self.database.reading(None) as connection:
            row = await connection.fetchrow(
                "select min(began_on) as as_of, min(month) as month, bool_and(state = 'done') as complete"
                " from coverage_refresh having count(*) > 0"
            )
        return dict(row) if row else None

    async def gaps(
        self,
        territory: str | None,
        programme: str,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """Who seems entitled and has no decision, in the order of their ids."""
        async with self.database.reading(territory) as connection:
            rows = await connection.fetch(
                "select person_id, programme, month, amount_dong, commune_code, province_code"
                " from coverage_gap where programme = $1 and ($2::text is null or commune_code = $2)"
                " and ($5::text is null or province_code = $5)"
                " and ($3::uuid is null or person_id > $3) order by person_id limit $4",
                programme,
                commune_code,
                after,
                limit,
                territory,
            )
        return [dict(row) for row in rows]
