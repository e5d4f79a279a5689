"""Recalculations as officers ask for them, read them and have them applied."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.history import chain_of
from services.eligibility.domain.monthly import Known
from services.eligibility.store import late_facts
from services.eligibility.store.facts import versions_of
from services.eligibility.store.packed_people import PARTS
from services.eligibility.store.recalculation_work import Works
from services.eligibility.usecases.recalculate import OPEN_MAX, RUNNING_MAX, KeptDifference, Wanted

ToEvents = Callable[[Sequence[Mapping[str, Any]]], Sequence[OutgoingEvent]]

_SHOWN = (
    "difference_id, recalculation_id, person_id, programme, month, old_dong, new_dong, dong, payee,"
    " facility_id, payee_person_id, commune_code, province_code, old_decision_id, new_terms,"
    " facts_version, policy_version, policy_hash, applied"
)
_ROW = (
    "recalculation_id, state, reason, commune_code, province_code, from_month, to_month, policy_hash,"
    " requested_by_sub, people, undetermined, cardinality(elsewhere) as elsewhere, content_hash,"
    " applied_by_sub, applied_on"
)
_OPEN = """
    insert into recalculation (recalculation_id, reason, person_ids, commune_code, province_code, from_month,
                               to_month, policy_hash, requested_by_sub, parts_left)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
    where (select count(*) from recalculation where state = 'running') < $11
      and (select count(*) from recalculation
           where state in ('running', 'ready') and requested_by_sub = $9) < $12
      and not ($13 and exists (
        select from recalculation where state in ('running', 'ready')
          and coalesce(person_ids::text, commune_code, province_code) is null))
    returning true
"""
_OPEN_PEOPLE = """
    insert into recalculation_person select distinct $1::uuid, person_id
    from person_facts where person_id = any($2::uuid[])
"""
_TOTALS = """
    select programme, count(distinct person_id) as people, count(*) as differences,
           coalesce(sum(dong) filter (where dong > 0), 0)::bigint as arrears_dong,
           coalesce(-sum(dong) filter (where dong < 0), 0)::bigint as recovery_dong
    from difference where recalculation_id = $1 group by programme order by programme
"""
#: Facts of its people that came after it, decisions of its months, or another's differences for them.
_STALE = """
    select exists (
        select from difference d join person_facts f using (person_id)
        where d.recalculation_id = $1 and (
            f.version <> d.facts_version
            or d.decisions is distinct from (
                select count(*) from decision one where one.person_id = d.person_id
                  and one.programme = d.programme and one.status <> 'proposed' and one.pays_from <= d.month)
            or d.booked_dong is distinct from (
                select coalesce(sum(o.dong), 0) from difference o where o.person_id = d.person_id
                  and o.programme = d.programme and o.month = d.month and o.applied)
        )
    )
"""
_OPENING, _APPLYING = 0x5265634F, 0x5265636C


class RecalculationsTable:
    """Implements the use cases' Recalculations."""

    def __init__(self, database: Database, to_events: ToEvents, topic: str) -> None:
        """`topic`: on which a closed month is told to payments."""
        self._database = database
        self._to_events = to_events
        self.work = Works(database, topic)

    async def open(self, recalculation_id: UUID, wanted: Wanted, policy_hash: str, sub: str) -> bool:
        people = wanted.person_ids
        async with self._database.bulk() as connection:
            # One at a time, so that two don't take the last place.
            await connection.execute("select pg_advisory_xact_lock($1)", _OPENING)
            opened = await connection.fetchval(
                _OPEN,
                recalculation_id,
                wanted.reason,
                None if people is None else list(people),
                wanted.scope.commune_code,
                wanted.scope.province_code,
                wanted.first.first_day,
                wanted.last.first_day,
                policy_hash,
                sub,
                list(range(PARTS)) if people is None else [],
                RUNNING_MAX,
                OPEN_MAX,
                wanted.national,
            )
            if opened and people is not None:
                await connection.execute(_OPEN_PEOPLE, recalculation_id, list(people))
        return opened is not None

    async def apply(
        self, recalculation_id: UUID, content_hash: str, sub: str, day: date, territory: str | None
    ) -> str:
        if await self.read(recalculation_id, territory) is None:
            return "unknown"
        async with self._database.bulk() as connection:
            # One at a time: what another one books would change what this one rests on.
            await connection.execute("select pg_advisory_xact_lock($1)", _APPLYING)
            row = await connection.fetchrow(
                "select state, content_hash, requested_by_sub from recalculation"
                " where recalculation_id = $1 for update",
                recalculation_id,
            )
            assert row is not None
            if row["state"] != "ready":
                return "not_ready"
            if row["requested_by_sub"] == sub:
                return "same_identity"
            if row["content_hash"] != content_hash:
                return "content_changed"
            if await connection.fetchval(_STALE, recalculation_id):
                return "stale"
            await self._book(connection, recalculation_id, sub, day)
        return "applied"

    async def _book(self, connection: Connection, recalculation_id: UUID, sub: str, day: date) -> None:
        await connection.execute(
            "update recalculation set state = 'applied', applied_by_sub = $2, applied_on = $3"
            " where recalculation_id = $1",
            recalculation_id,
            sub,
            day,
        )
        booked = await connection.fetch(
            f"update difference set applied = true where recalculation_id = $1 returning {_SHOWN}",
            recalculation_id,
        )
        row = await connection.fetchrow(
            "select reason, elsewhere, from_month, to_month from recalculation where recalculation_id = $1",
            recalculation_id,
        )
        assert row is not None
        reason, elsewhere = row["reason"], set(row["elsewhere"])
        versions = {(one["person_id"], one["facts_version"]) for one in booked}
        done = [version for version in versions if version[0] not in elsewhere]
        await late_facts.recalculated(connection, done, row["from_month"], row["to_month"])
        told = [{**dict(row), "reason": reason, "applied_on": day, "applied_by_sub": sub} for row in booked]
        await outbox.append(connection, self._to_events(told))

    async def discard(self, recalculation_id: UUID, territory: str | None) -> str:
        if await self.read(recalculation_id, territory) is None:
            return "unknown"
        async with self._database.writing(territory) as connection:
            done = await connection.execute(
                "update recalculation set state = 'discarded' where recalculation_id = $1"
                " and state in ('running', 'ready')",
                recalculation_id,
            )
        return "discarded" if done == "UPDATE 1" else "not_ready"

    async def read(self, recalculation_id: UUID, territory: str | None) -> Mapping[str, Any] | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {_ROW} from recalculation where recalculation_id = $1", recalculation_id
            )
            if row is None:
                return None
            return await _with_totals(connection, row)

    async def recent(
        self, territory: str | None, before: UUID | None, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {_ROW} from recalculation where $1::uuid is null or recalculation_id < $1"
                " order by recalculation_id desc limit $2",
                before,
                limit,
            )
        return [dict(row) for row in rows]

    async def page(
        self, recalculation_id: UUID, territory: str | None, after: UUID | None, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {_SHOWN} from difference where recalculation_id = $1"
                " and ($2::uuid is null or difference_id > $2) order by difference_id limit $3",
                recalculation_id,
                after,
                limit,
            )
        return [_shown(row) for row in rows]

    async def difference(self, difference_id: UUID, territory: str | None) -> KeptDifference | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {_SHOWN}, facts_month, resident_of, as_if_signed_on from difference"
                " where difference_id = $1",
                difference_id,
            )
        if row is None:
            return None
        async with self._database.bulk() as connection:
            versions = await versions_of(connection, row["person_id"])
        newest = row["facts_version"]
        chain = chain_of(versions, newest)
        known = Known(versions, newest, chain, row["resident_of"], row["as_if_signed_on"])
        shown = {name: row[name] for name in _SHOWN.split(", ")}
        months = Month.of(row["month"]), Month.of(row["facts_month"])
        return KeptDifference(_shown(shown), known, *months, row["policy_hash"])

    async def awaiting(self, territory: str | None) -> Sequence[Mapping[str, Any]]:
        """People whose facts changed for months that were decided, by province."""
        async with self._database.bulk() as connection:
            return await late_facts.awaiting(connection, territory)


async def _with_totals(connection: Connection, row: asyncpg.Record) -> dict[str, Any]:
    totals = await connection.fetch(_TOTALS, row["recalculation_id"])
    return {**dict(row), "programmes": [dict(one) for one in totals]}


def _shown(row: Mapping[str, Any] | asyncpg.Record) -> dict[str, Any]:
    return {**dict(row), "new_terms": orjson.loads(row["new_terms"])}
