"""Facts that came after months that they are true for: who waits for a recalculation of which months."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from libs.common.runtime.postgres import Connection

#: Whose facts came after months that they are true for had been decided: which months, from the first
#: that somebody was decided for to the last that was determined by then.
_LATE = """
    select f.person_id, f.province_code, daterange(since, greatest(since, until)) as months,
           case when recalculated_with = version then recalculated_months else '{}' end as done
    from person_facts f cross join lateral (
        select greatest((
            select date_trunc('month', min(coalesce(true_from, '0001-01-01')))::date
            from (select version, true_from from facts_history h where h.person_id = f.person_id
                  union all select f.version, f.true_from) v
            where v.version > f.recalculated_version and v.version <= f.version
        ), (
            select min(pays_from) from decision d where d.person_id = f.person_id and status <> 'proposed'
        )) as since, (
            select (max(month) + interval '1 month')::date from redetermination
            where ordinary and requested_at <= f.recorded_at
        ) as until
    ) late
    where f.version > f.recalculated_version and exists (
        select from decision d
        where d.person_id = f.person_id and status <> 'proposed' and d.facts_version < f.version)
"""


async def recalculated(
    connection: Connection, versions: Sequence[tuple[UUID, int]], first: date, last: date
) -> None:
    """These months of people are recalculated with these versions of their facts."""
    people = [person for person, _ in versions]
    await connection.execute(
        "update person_facts f set recalculated_with = s.version, recalculated_months ="
        " case when recalculated_with = s.version then recalculated_months else '{}' end"
        " + datemultirange(daterange($3, ($4::date + interval '1 month')::date))"
        " from unnest($1::uuid[], $2::integer[]) as s (person_id, version)"
        " where f.person_id = s.person_id and f.version = s.version and f.version > recalculated_version",
        people,
        [version for _, version in versions],
        first,
        last,
    )
    await connection.execute(
        f"update person_facts f set recalculated_version = version, recalculated_months = '{{}}'"
        f" from ({_LATE} and f.person_id = any($1::uuid[])) late"
        " where f.person_id = late.person_id and late.done @> late.months",
        people,
    )


async def awaiting(connection: Connection, territory: str | None) -> list[dict[str, Any]]:
    """How many people wait, by province."""
    rows = await connection.fetch(
        f"select province_code, count(*) as people from ({_LATE}) late"
        " where ($1::text is null or province_code = $1) and not isempty(months) and not done @> months"
        " group by province_code order by province_code",
        territory,
    )
    return [dict(row) for row in rows]
