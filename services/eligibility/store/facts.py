"""What eligibility keeps of people: pseudonymous facts in all their versions, and residences, in sets."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common.runtime.postgres import Connection
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.history import FactsVersion, chained, holds_from
from services.eligibility.domain.records import PersonRecord, ResidenceRecord
from services.eligibility.store.packed_facts import Newest, keep_packed

VERSION = "person_id, version, true_from, commune_code, province_code, former_province_code, facts, sex"
_KEEP = (
    "unnest($1::uuid[], $2::integer[], $3::date[], $4::text[], $5::text[], $6::text[], $7::jsonb[],"
    " $8::text[], $9::smallint[]"
)
_KEEP_NEWEST = f"""
    insert into person_facts ({VERSION}, shard, birth_date, chain, holds_from)
    select * from {_KEEP}, $10::date[], $11::bytea[], $12::date[])
    on conflict (person_id) do update set
        version = excluded.version, true_from = excluded.true_from, commune_code = excluded.commune_code,
        province_code = excluded.province_code, former_province_code = excluded.former_province_code,
        facts = excluded.facts, sex = excluded.sex, birth_date = excluded.birth_date, chain = excluded.chain,
        holds_from = excluded.holds_from,
        recorded_at = now()
    where person_facts.version < excluded.version
"""
_KEEP_OTHERS = f"""
    insert into facts_history ({VERSION}, shard) select * from {_KEEP}) on conflict do nothing
"""
_SUPERSEDE = f"""
    insert into facts_history ({VERSION}, shard, recorded_at)
    select {VERSION}, shard, recorded_at from person_facts where person_id = any($1::uuid[])
    on conflict do nothing
"""
_NO_LONGER_WAITING = """
    delete from facts_history h using unnest($1::uuid[], $2::integer[]) as n (person_id, version)
    where h.person_id = n.person_id and h.version = n.version
"""


async def record_people(connection: Connection, rows: Sequence[PersonRecord]) -> None:
    """Keep every version once. A version counts when all before it are there; until then it waits."""
    people = sorted({row.person_id for row in rows})
    newest = await connection.fetch(
        f"select {VERSION}, chain from person_facts where person_id = any($1::uuid[])"
        " order by person_id for update",
        people,
    )
    counted = {row["person_id"]: (row["version"], row["chain"]) for row in newest}
    versions: dict[UUID, dict[int, FactsVersion]] = {person: {} for person in people}
    for row in (*newest, *await _history(connection, people)):
        versions[row["person_id"]][row["version"]] = facts_version(row)
    kept = {person: set(found) for person, found in versions.items()}
    shards = {row.person_id: row.shard for row in rows}
    for told in rows:
        versions[told.person_id].setdefault(told.facts.version, told.facts)
    advanced: list[tuple[Any, ...]] = []
    others: list[tuple[Any, ...]] = []
    for person, found in versions.items():
        before, chain = counted.get(person, (0, b""))
        last = before
        while last + 1 in found:
            last += 1
            chain = chained(chain, found[last])
        if last > before:
            since = holds_from([found[number] for number in range(1, last + 1)])
            born = _birth_date(found[last])
            advanced.append((*_values(person, found[last], shards[person]), born, chain, since))
        others += [
            _values(person, found[number], shards[person]) for number in found.keys() - kept[person] - {last}
        ]
    await connection.execute(_SUPERSEDE, [row[0] for row in advanced if row[0] in counted])
    await connection.execute(_KEEP_OTHERS, *_columns(others, 9))
    await connection.execute(_KEEP_NEWEST, *_columns(advanced, 12))
    await keep_packed(
        connection, [Newest(row[0], versions[row[0]][row[1]], row[-2], row[-1]) for row in advanced]
    )
    waited = [row[:2] for row in advanced if row[1] in kept[row[0]]]
    await connection.execute(_NO_LONGER_WAITING, *_columns(waited, 2))


async def histories(connection: Connection, people: Sequence[UUID]) -> dict[UUID, list[FactsVersion]]:
    """The versions of each person besides the newest that counts; some may be newer and still wait."""
    found: dict[UUID, list[FactsVersion]] = {}
    for row in await _history(connection, people):
        found.setdefault(row["person_id"], []).append(facts_version(row))
    return found


async def versions_of(connection: Connection, person_id: UUID) -> tuple[FactsVersion, ...]:
    """All kept versions of a person, in no order."""
    rows = await connection.fetch(
        f"select {VERSION} from person_facts where person_id = $1"
        f" union all select {VERSION} from facts_history where person_id = $1",
        person_id,
    )
    return tuple(facts_version(row) for row in rows)


def facts_version(row: asyncpg.Record) -> FactsVersion:
    """Of a row of VERSION; without the sex where that was not asked for."""
    place = Place(row["commune_code"], row["province_code"], row["former_province_code"])
    return FactsVersion(row["version"], row["true_from"], place, orjson.loads(row["facts"]), row.get("sex"))


async def _history(connection: Connection, people: Sequence[UUID]) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        f"select {VERSION} from facts_history where person_id = any($1::uuid[])", list(people)
    )
    return rows


def _values(person_id: UUID, one: FactsVersion, shard: int) -> tuple[Any, ...]:
    place = one.place
    return (
        person_id,
        one.version,
        one.true_from,
        place.commune_code,
        place.province_code,
        place.former_province_code,
        orjson.dumps(one.case).decode(),
        one.sex,
        shard,
    )


def _birth_date(version: FactsVersion) -> date | None:
    """None where it is none, as where the facts can't be read."""
    try:
        return date.fromisoformat(version.case["person"].get("birth_date") or "")
    except ValueError:
        return None


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    made = list(rows)
    return [list(column) for column in zip(*made, strict=True)] if made else [[] for _ in range(width)]


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
