"""What eligibility keeps of people: pseudonymous facts and residences, written in sets."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from libs.common.runtime.postgres import Connection
from services.eligibility.domain.records import PersonRecord, ResidenceRecord


async def record_people(connection: Connection, rows: Sequence[PersonRecord]) -> None:
    """Keep the newest version of each person."""
    newest: dict[UUID, PersonRecord] = {}
    for row in rows:
        if row.person_id not in newest or newest[row.person_id].version < row.version:
            newest[row.person_id] = row
    kept = list(newest.values())
    await connection.execute(
        """
        insert into person_facts (person_id, shard, version, commune_code, province_code,
                                  former_province_code, facts)
        select * from unnest($1::uuid[], $2::smallint[], $3::integer[], $4::text[], $5::text[], $6::text[],
                             $7::jsonb[])
        on conflict (person_id) do update set
            version = excluded.version, commune_code = excluded.commune_code,
            province_code = excluded.province_code, former_province_code = excluded.former_province_code,
            facts = excluded.facts, recorded_at = now()
        where person_facts.version < excluded.version
        """,
        [row.person_id for row in kept],
        [row.shard for row in kept],
        [row.version for row in kept],
        [row.commune_code for row in kept],
        [row.province_code for row in kept],
        [row.former_province_code for row in kept],
        [orjson.dumps(row.case).decode() for row in kept],
    )


async def record_residences(connection: Connection, rows: Sequence[ResidenceRecord]) -> None:
    """Merge starts and ends of residences."""
    merged: dict[UUID, ResidenceRecord] = {}
    for row in rows:
        known = merged.get(row.residence_id)
        merged[row.residence_id] = (
            row
            if known is None
            else ResidenceRecord(
                row.residence_id,
                row.person_id,
                row.facility_id,
                row.from_date or known.from_date,
                row.until_date or known.until_date,
                known.state_paid if row.state_paid is None else row.state_paid,
            )
        )
    kept = list(merged.values())
    await connection.execute(
        """
        insert into residence as known
               (residence_id, person_id, facility_id, from_date, until_date, state_paid)
        select r, p, f, d, u, coalesce(s, false)
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::date[], $6::boolean[])
             as t (r, p, f, d, u, s)
        on conflict (residence_id) do update set
            from_date = coalesce(excluded.from_date, known.from_date),
            until_date = coalesce(excluded.until_date, known.until_date),
            state_paid = excluded.state_paid or known.state_paid
        """,
        [row.residence_id for row in kept],
        [row.person_id for row in kept],
        [row.facility_id for row in kept],
        [row.from_date for row in kept],
        [row.until_date for row in kept],
        [row.state_paid for row in kept],
    )
