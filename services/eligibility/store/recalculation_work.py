"""Dry runs as the worker has them: a part of the nation in columns, or the next people with all they know."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import numpy as np
import orjson
from numpy.typing import NDArray

from libs.common.kernel import id_columns
from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from libs.common.runtime.binary_copy import EPOCH_DAYS, copy_out
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.columns import Flags
from services.eligibility.domain.monthly import Known
from services.eligibility.domain.recalculation import Closings, Difference, InForce, Recalculated, Scope
from services.eligibility.domain.standing_columns import DECIDED, NOT_THERE, People, find
from services.eligibility.domain.suspects import Told
from services.eligibility.store.determinations import terms_of
from services.eligibility.store.facts import facts_version, histories
from services.eligibility.store.late_facts import recalculated
from services.eligibility.store.packed_people import in_month, newest_facts
from services.eligibility.usecases.recalculate import Found, Running

Codes = NDArray[np.bytes_]

_CLAIM = """
    select * from recalculation where state = 'running' order by recorded_at limit 1 for update skip locked
"""
_CLOSINGS = """
    select month, min(recorded_at) as at from month_marker where topic = $1 group by month order by month
"""
#: When a decision in force was told: versions recorded together are signed one by one, and told as one.
_TOLD_AT = (
    "max(coalesce(signed_at, recorded_at)) over (partition by person_id, programme, recorded_at) as told_at"
)
_PEOPLE = """
    with these as (
        delete from recalculation_person where recalculation_id = $1 and person_id in (
            select person_id from recalculation_person where recalculation_id = $1
            order by person_id limit $2)
        returning person_id
    )
    select person_id, version, true_from, facts, commune_code, province_code, former_province_code, chain
    from person_facts join these using (person_id) order by person_id
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
_COLUMNS = (
    ("difference_id", "uuid"),
    ("recalculation_id", "uuid"),
    ("person_id", "uuid"),
    ("programme", "text"),
    ("month", "date"),
    ("old_dong", "bigint"),
    ("new_dong", "bigint"),
    ("payee", "text"),
    ("facility_id", "uuid"),
    ("payee_person_id", "uuid"),
    ("commune_code", "text"),
    ("province_code", "text"),
    ("old_decision_id", "uuid"),
    ("new_terms", "jsonb"),
    ("facts_version", "integer"),
    ("policy_version", "text"),
    ("policy_hash", "text"),
    ("facts_month", "date"),
    ("resident_of", "uuid"),
    ("as_if_signed_on", "date"),
    ("input_hash", "bytea"),
    ("trace", "bytea"),
    ("booked_dong", "bigint"),
    ("decisions", "integer"),
)
_INSERT = (
    f"insert into difference ({', '.join(name for name, _ in _COLUMNS)})"
    f" select * from unnest({', '.join(f'${i}::{kind}[]' for i, (_, kind) in enumerate(_COLUMNS, 1))})"
)
_CONTENT_HASH = """
    select encode(sha256(convert_to(coalesce(string_agg(
        person_id || '|' || programme || '|' || month || '|' || old_dong || '|' || new_dong || '|'
        || encode(input_hash, 'hex') || '|' || encode(trace, 'hex'),
        ';' order by person_id, programme, month), ''), 'UTF8')), 'hex')
    from difference where recalculation_id = $1
"""
_PROGRESS = """
    update recalculation set people = people + $2, undetermined = undetermined + $3,
        elsewhere = elsewhere || $4::uuid[], content_hash = $5,
        state = case when $5::text is null then state else 'ready' end
    where recalculation_id = $1
"""


class Works:
    """Transactions of the worker. `topic`: on which a closed month is told to payments."""

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._topic = topic

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._topic)


class _Work:
    """Implements the use cases' RecalculationWork."""

    def __init__(self, connection: Connection, topic: str) -> None:
        self._connection = connection
        self._topic = topic

    async def claim(self) -> Running | None:
        row = await self._connection.fetchrow(_CLAIM)
        if row is None:
            return None
        closed = await self._connection.fetch(_CLOSINGS, self._topic)
        return Running(
            row["recalculation_id"],
            Scope(row["province_code"], row["commune_code"]),
            Month.of(row["from_month"]),
            Month.of(row["to_month"]),
            row["policy_hash"],
            row["parts_left"][0] if row["parts_left"] else None,
            Closings([(Month.of(one["month"]), one["at"]) for one in closed]),
        )

    async def people(self, running: Running) -> tuple[People, Told]:
        assert running.part is not None
        people = await newest_facts(self._connection, running.part)
        columns = await copy_out(self._connection, _told(running), _WIDTHS)
        ids, (province, commune) = columns[0], (_codes(column) for column in columns[-2:])
        places = people.places
        lives_there = _within(running.scope, places.province, places.commune)
        decided_there = find(people.ids, ids[_within(running.scope, province, commune)])
        lives_there[decided_there[decided_there != NOT_THERE]] = True
        people = people.take(np.flatnonzero(lives_there))
        person = find(people.ids, ids)
        programme, first, decided_on, amount, told_at = (_numbers(column) for column in columns[1:-2])
        told = Told(
            person,
            programme.astype(np.int8),
            first.astype(np.int32) + np.int32(EPOCH_DAYS),
            decided_on.astype(np.int32) + np.int32(EPOCH_DAYS),
            amount,
            told_at,
            await self._booked(running, people),
        )
        return people, told.take(np.flatnonzero(person != NOT_THERE))

    async def _booked(self, running: Running, people: People) -> Flags:
        [applied] = await copy_out(
            self._connection,
            "select distinct person_id from difference where applied"
            f" and month between '{running.first.first_day}' and '{running.last.first_day}'",
            (16,),
        )
        booked, at = np.zeros(len(people), np.bool_), find(people.ids, applied)
        booked[at[at != NOT_THERE]] = True
        return booked

    async def in_month(self, running: Running, people: People, month: Month) -> People:
        assert running.part is not None
        return await in_month(self._connection, people, running.part, month)

    async def search_done(self, running: Running, suspected: People, cleared: People) -> None:
        await self._connection.execute(
            "insert into recalculation_person select $1, unnest($2::uuid[])",
            running.recalculation_id,
            id_columns.uuids(suspected.ids),
        )
        # Facts that came once came in time: of nobody else's a month may wait.
        late = cleared.take(np.flatnonzero(cleared.facts_version > 1))
        versions = zip(id_columns.uuids(late.ids), late.facts_version.tolist(), strict=True)
        await self._seen(running, list(versions))
        await self._connection.execute(
            "update recalculation set people = people + $2, parts_left = array_remove(parts_left, $3)"
            " where recalculation_id = $1",
            running.recalculation_id,
            len(cleared),
            running.part,
        )

    async def next(self, running: Running, persons_max: int) -> list[Recalculated]:
        rows = await self._connection.fetch(_PEOPLE, running.recalculation_id, persons_max)
        first, last = running.first.first_day, running.last.first_day
        ids = [row["person_id"] for row in rows]
        earlier = await histories(self._connection, ids)
        decisions: dict[UUID, list[InForce]] = {}
        for row in await self._connection.fetch(
            f"select *, {_TOLD_AT} from decision where person_id = any($1::uuid[]) and status <> 'proposed'",
            ids,
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
            for person, row in zip(ids, rows, strict=True)
        ]

    async def record(self, running: Running, found: Sequence[Found], *, last_one: bool) -> None:
        rows = [
            _values(running.recalculation_id, one.person, difference)
            for one in found
            for difference in one.differences or ()
        ]
        if rows:
            await self._connection.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)))
        done = [one.person for one in found if one.differences == [] and not one.elsewhere]
        await self._seen(running, [(person.person_id, person.known.facts_version) for person in done])
        content = None
        if last_one:
            content = await self._connection.fetchval(_CONTENT_HASH, running.recalculation_id)
        await self._connection.execute(
            _PROGRESS,
            running.recalculation_id,
            len(found),
            sum(one.differences is None for one in found),
            [one.person.person_id for one in found if one.elsewhere],
            content,
        )

    async def _seen(self, running: Running, versions: Sequence[tuple[UUID, int]]) -> None:
        await recalculated(self._connection, versions, running.first.first_day, running.last.first_day)


_WIDTHS = (16, 2, 4, 4, 8, 8, 2, 5)


def _told(running: Running) -> str:
    """Decisions in force that reach the months, as `_WIDTHS` has them. COPY takes no arguments."""
    programmes = ", ".join(f"'{name}'" for name in DECIDED)
    return (
        f"select person_id, (array_position(array[{programmes}], programme) - 1)::smallint, pays_from,"
        " decided_on, amount_dong, told_at, rpad(province_code, 2), rpad(commune_code, 5)"
        f" from (select *, {_TOLD_AT} from decision_{running.part} where status <> 'proposed') d"
        f" where programme = any(array[{programmes}]) and pays_from <= '{running.last.first_day}'"
        " order by person_id, 2, version"
    )


def _within(scope: Scope, province: Codes, commune: Codes) -> Flags:
    found = np.ones(len(province), np.bool_)
    for code, codes, width in ((scope.province_code, province, 2), (scope.commune_code, commune, 5)):
        if code is not None:
            found &= codes == code.ljust(width).encode()
    return found


def _codes(told: Bytes) -> Codes:
    return np.ascontiguousarray(told).view(f"S{told.shape[1]}").reshape(-1)


def _numbers(told: Bytes) -> NDArray[np.int64]:
    return np.ascontiguousarray(told).view(f">i{told.shape[1]}").reshape(-1).astype(np.int64)


def _in_force(row: asyncpg.Record) -> InForce:
    return InForce(
        row["decision_id"],
        row["programme"],
        row["version"],
        Month.of(row["pays_from"]),
        terms_of(row),
        row["decided_on"],
        row["told_at"],
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
        one.place.commune_code,
        one.place.province_code,
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
        one.booked,
        one.decisions,
    )
