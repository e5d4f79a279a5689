"""Recalculations in sets: people a portion at a time, their differences, and the applying of them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.history import chain_of
from services.eligibility.domain.monthly import Known
from services.eligibility.domain.recalculation import Difference, InForce, Recalculated
from services.eligibility.store.determinations import terms_of
from services.eligibility.store.facts import facts_version, histories, versions_of
from services.eligibility.usecases.recalculate import Found, KeptDifference, Portion, Wanted

ToEvents = Callable[[Sequence[Mapping[str, Any]]], Sequence[OutgoingEvent]]

_PEOPLE = """
    select person_id, version, true_from, facts, commune_code, province_code, former_province_code, chain
    from person_facts where person_id > $1
      and ($2::uuid[] is null or person_id = any($2)) and ($3::text is null or commune_code = $3)
      and ($4::text is null or province_code = $4)
    order by person_id limit $5
"""
_RESIDENCES = """
    select r.person_id, m::date as month, (array_agg(facility_id order by from_date))[1] as facility_id
    from residence r
    cross join generate_series($2::timestamp, $3::timestamp, interval '1 month') m
    where person_id = any($1::uuid[]) and state_paid
      and from_date < m + interval '1 month' and (until_date is null or until_date >= m)
    group by r.person_id, m
"""
_HELD = """
    select person_id, programme, m::date as month
    from hold cross join generate_series($2::timestamp, $3::timestamp, interval '1 month') m
    where person_id = any($1::uuid[]) and from_month <= m and (until_month is null or m < until_month)
"""
_DIFFERENCE = (
    "difference_id, recalculation_id, person_id, programme, month, old_dong, new_dong, payee, facility_id,"
    " payee_person_id, commune_code, province_code, old_decision_id, new_terms, facts_version,"
    " policy_version, policy_hash, facts_month, resident_of, as_if_signed_on, input_hash, trace"
)
_SHOWN = (
    "difference_id, recalculation_id, person_id, programme, month, old_dong, new_dong, dong, payee,"
    " facility_id, payee_person_id, commune_code, province_code, old_decision_id, new_terms,"
    " facts_version, policy_version, policy_hash, applied"
)
_INSERT = (
    f"insert into difference ({_DIFFERENCE}) select * from unnest($1::uuid[], $2::uuid[], $3::uuid[],"
    " $4::text[], $5::date[], $6::bigint[], $7::bigint[], $8::text[], $9::uuid[], $10::uuid[], $11::text[],"
    " $12::text[], $13::uuid[], $14::jsonb[], $15::integer[], $16::text[], $17::text[], $18::date[],"
    " $19::uuid[], $20::date[], $21::bytea[], $22::bytea[])"
)
_CONTENT_HASH = """
    select encode(sha256(convert_to(coalesce(string_agg(
        person_id || '|' || programme || '|' || month || '|' || old_dong || '|' || new_dong || '|'
        || encode(input_hash, 'hex') || '|' || encode(trace, 'hex'),
        ';' order by person_id, programme, month), ''), 'UTF8')), 'hex')
    from difference where recalculation_id = $1
"""
#: Facts or decisions of its people that came after it, or another's differences for the same month.
_STALE = """
    select exists (
        select from difference d join person_facts f using (person_id)
        where d.recalculation_id = $1 and f.version <> d.facts_version
    ) or exists (
        select from difference d
        left join decision old on old.decision_id = d.old_decision_id
        join decision later on later.person_id = d.person_id and later.programme = d.programme
        where d.recalculation_id = $1 and later.pays_from <= d.month
          and later.status <> 'proposed' and later.version > coalesce(old.version, 0)
    ) or exists (
        select from difference d
        join difference o on o.person_id = d.person_id and o.programme = d.programme and o.month = d.month
        join recalculation other on other.recalculation_id = o.recalculation_id
        join recalculation own on own.recalculation_id = d.recalculation_id
        where d.recalculation_id = $1 and o.applied and other.recorded_at > own.recorded_at
    )
"""
_SEEN = "update person_facts set recalculated_version = version where person_id = any($1::uuid[])"
_APPLYING = 0x5265636C


class RecalculationsTable:
    """Implements the use cases' Recalculations."""

    def __init__(self, database: Database, to_events: ToEvents) -> None:
        self._database = database
        self._to_events = to_events

    @asynccontextmanager
    async def work(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection)

    async def open(
        self, recalculation_id: UUID, wanted: Wanted, policy_hash: str, sub: str, territory: str | None
    ) -> None:
        async with self._database.writing(territory) as connection:
            await connection.execute(
                "insert into recalculation (recalculation_id, reason, person_ids, commune_code,"
                " province_code, from_month, to_month, policy_hash, requested_by_sub)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                recalculation_id,
                wanted.reason,
                list(wanted.person_ids) if wanted.person_ids is not None else None,
                wanted.commune_code,
                territory or wanted.province_code,
                wanted.first.first_day,
                wanted.last.first_day,
                policy_hash,
                sub,
            )

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
        await connection.execute(_SEEN, list({row["person_id"] for row in booked}))
        reason = await connection.fetchval(
            "select reason from recalculation where recalculation_id = $1", recalculation_id
        )
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
                "select recalculation_id, state, reason, commune_code, province_code, from_month, to_month,"
                " policy_hash, requested_by_sub, people, undetermined, content_hash, applied_by_sub,"
                " applied_on from recalculation where recalculation_id = $1",
                recalculation_id,
            )
            totals = await connection.fetch(
                "select programme, count(distinct person_id) as people, count(*) as differences,"
                " coalesce(sum(dong) filter (where dong > 0), 0)::bigint as arrears_dong,"
                " coalesce(-sum(dong) filter (where dong < 0), 0)::bigint as recovery_dong"
                " from difference where recalculation_id = $1 group by programme order by programme",
                recalculation_id,
            )
        return None if row is None else {**dict(row), "programmes": [dict(one) for one in totals]}

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
            rows = await connection.fetch(
                "select province_code, count(*) as people from person_facts f"
                " where version > recalculated_version and ($1::text is null or province_code = $1)"
                " and coalesce(true_from, '0001-01-01') < (select max(month) + interval '1 month'"
                " from redetermination where ordinary)"
                " and exists (select from decision d where d.person_id = f.person_id"
                " and d.facts_version < f.version) group by province_code order by province_code",
                territory,
            )
        return [dict(row) for row in rows]


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def claim(self, persons_max: int) -> Portion | None:
        row = await self._connection.fetchrow(
            "select * from recalculation where state = 'running' order by recorded_at limit 1"
            " for update skip locked"
        )
        if row is None:
            return None
        scope = row["after_person"], row["person_ids"], row["commune_code"], row["province_code"]
        people = await self._connection.fetch(_PEOPLE, *scope, persons_max)
        return Portion(
            row["recalculation_id"],
            Month.of(row["from_month"]),
            Month.of(row["to_month"]),
            row["policy_hash"],
            await self._recalculated(people, row["from_month"], row["to_month"]),
            last_one=len(people) < persons_max,
        )

    async def _recalculated(
        self, people: Sequence[asyncpg.Record], first: date, last: date
    ) -> list[Recalculated]:
        ids = [row["person_id"] for row in people]
        earlier = await histories(self._connection, ids)
        decisions: dict[UUID, list[InForce]] = {}
        for row in await self._connection.fetch(
            "select * from decision where person_id = any($1::uuid[]) and status <> 'proposed'", ids
        ):
            decisions.setdefault(row["person_id"], []).append(_in_force(row))
        applied: dict[UUID, dict[tuple[str, Month], int]] = {}
        for row in await self._connection.fetch(
            "select person_id, programme, month, sum(dong)::bigint as dong from difference"
            " where applied and person_id = any($1::uuid[]) group by person_id, programme, month",
            ids,
        ):
            booked = applied.setdefault(row["person_id"], {})
            booked[row["programme"], Month.of(row["month"])] = row["dong"]
        residences: dict[UUID, dict[Month, UUID]] = {}
        for row in await self._connection.fetch(_RESIDENCES, ids, first, last):
            residences.setdefault(row["person_id"], {})[Month.of(row["month"])] = row["facility_id"]
        held: dict[UUID, set[tuple[str, Month]]] = {}
        for row in await self._connection.fetch(_HELD, ids, first, last):
            held.setdefault(row["person_id"], set()).add((row["programme"], Month.of(row["month"])))
        return [
            Recalculated(
                person,
                Known(
                    (*earlier.get(person, ()), facts_version(row)), row["version"], row["chain"], None, last
                ),
                decisions.get(person, ()),
                applied.get(person, {}),
                residences.get(person, {}),
                held.get(person, ()),
            )
            for person, row in zip(ids, people, strict=True)
        ]

    async def record(self, portion: Portion, found: Sequence[Found]) -> None:
        rows = [
            _values(portion.recalculation_id, one.person, difference)
            for one in found
            for difference in one.differences or ()
        ]
        if rows:
            await self._connection.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)))
        await self._connection.execute(
            _SEEN, [one.person.person_id for one in found if one.differences == []]
        )
        content = None
        if portion.last_one:
            content = await self._connection.fetchval(_CONTENT_HASH, portion.recalculation_id)
        await self._connection.execute(
            "update recalculation set people = people + $2, undetermined = undetermined + $3,"
            " after_person = coalesce($4, after_person), content_hash = $5,"
            " state = case when $5::text is null then state else 'ready' end where recalculation_id = $1",
            portion.recalculation_id,
            len(found),
            sum(one.differences is None for one in found),
            found[-1].person.person_id if found else None,
            content,
        )


def _in_force(row: asyncpg.Record) -> InForce:
    return InForce(
        row["decision_id"],
        row["programme"],
        row["version"],
        Month.of(row["pays_from"]),
        terms_of(row),
        row["decided_on"],
    )


def _values(recalculation_id: UUID, person: Recalculated, one: Difference) -> tuple[object, ...]:
    basis, terms = one.answer.basis, one.new_terms
    # Who is paid the arrears, or paid too much: the new decision's payee, or the old one's where it ends.
    paid = one.old_decision.terms if one.old_decision and not one.new else terms
    new = {
        "outcome": terms.outcome,
        "category": terms.category,
        "coefficient_hundredths": terms.coefficient.hundredths,
        "standard_dong": terms.standard,
        "amount_dong": terms.amount,
    }
    return (
        derived_id("difference", str(recalculation_id), str(person.person_id), one.programme, str(one.month)),
        recalculation_id,
        person.person_id,
        one.programme,
        one.month.first_day,
        one.old,
        one.new,
        paid.payee,
        paid.facility_id,
        paid.payee_person_id,
        terms.place.commune_code,
        terms.place.province_code,
        one.old_decision.decision_id if one.old_decision else None,
        orjson.dumps(new).decode(),
        basis.facts_version,
        basis.policy_version,
        basis.policy_hash,
        basis.facts_month.first_day,
        basis.resident_of,
        one.signed_as_of,
        basis.input_hash,
        basis.trace,
    )


def _shown(row: Mapping[str, Any] | asyncpg.Record) -> dict[str, Any]:
    return {**dict(row), "new_terms": orjson.loads(row["new_terms"])}
