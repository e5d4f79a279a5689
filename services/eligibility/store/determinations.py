"""Determining in sets: a shard's people a chunk at a time, each chunk one transaction."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.decisions import Place, Standing, Terms
from services.eligibility.store.facts import facts_version, histories
from services.eligibility.usecases.ports import Chunk, Outcome, Recorded, Subject

ToEvents = Callable[[Sequence[Recorded]], Sequence[OutgoingEvent]]

_PEOPLE = """
    select f.person_id, f.version, f.true_from, f.facts, f.commune_code, f.province_code,
           f.former_province_code, f.chain, r.facility_id
    from person_facts f
    left join lateral (
        select facility_id from residence
        where person_id = f.person_id and state_paid and from_date <= $4
          and (until_date is null or until_date >= $3)
        order by from_date limit 1
    ) r on true
    where f.shard = $1 and f.person_id > $2
    order by f.person_id limit $5
"""
_LOCK_PROPOSALS = """
    select from decision where person_id = any($1::uuid[]) and status = 'proposed'
    order by decision_id for update
"""
_STANDING = """
    select distinct on (person_id, programme) person_id, programme, version, status, outcome, category,
           coefficient_hundredths, standard_dong, amount_dong, payee, facility_id, payee_person_id,
           decided_on, commune_code, province_code, former_province_code, effective_from,
           bool_or(status <> 'proposed') over (partition by person_id, programme) as was_in_force
    from decision where person_id = any($1::uuid[])
    order by person_id, programme, version desc
"""
#: The last month that is determined on every shard, as a scalar of SQL; null before the first.
LAST_DETERMINED = f"""(
    select max(month) from (
        select month from determination where state = 'done' group by month having count(*) = {SHARDS}) done
)"""
_COLUMNS = (
    ("decision_id", "uuid"),
    ("person_id", "uuid"),
    ("version", "integer"),
    ("programme", "text"),
    ("outcome", "text"),
    ("status", "text"),
    ("effective_from", "date"),
    ("pays_from", "date"),
    ("category", "text"),
    ("coefficient_hundredths", "integer"),
    ("standard_dong", "bigint"),
    ("amount_dong", "bigint"),
    ("payee", "text"),
    ("facility_id", "uuid"),
    ("payee_person_id", "uuid"),
    ("commune_code", "text"),
    ("province_code", "text"),
    ("former_province_code", "text"),
    ("decided_on", "date"),
    ("facts_version", "integer"),
    ("policy_version", "text"),
    ("policy_hash", "text"),
    ("determined_month", "date"),
    ("facts_month", "date"),
    ("resident_of", "uuid"),
    ("input_hash", "bytea"),
    ("trace", "bytea"),
)
_INSERT = (
    f"insert into decision ({', '.join(name for name, _ in _COLUMNS)})"
    f" select * from unnest({', '.join(f'${i}::{kind}[]' for i, (_, kind) in enumerate(_COLUMNS, 1))})"
)


class Determinations:
    """Transactions of determining, for the worker."""

    def __init__(self, database: Database, to_events: ToEvents) -> None:
        self._database = database
        self._to_events = to_events

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._to_events)


class _Work:
    def __init__(self, connection: Connection, to_events: ToEvents) -> None:
        self._connection = connection
        self._to_events = to_events

    async def claim(self, persons_max: int) -> Chunk | None:
        row = await self._connection.fetchrow(
            "select month, shard, after_person from determination where state = 'pending'"
            " order by month, shard limit 1 for update skip locked"
        )
        if row is None:
            return None
        month = Month.of(row["month"])
        people = await self._connection.fetch(
            _PEOPLE, row["shard"], row["after_person"], month.first_day, month.last_day, persons_max
        )
        found = [person["person_id"] for person in people]
        # Whoever signs waits, or has signed: what is decided here supersedes what was signed, not beside it.
        await self._connection.execute(_LOCK_PROPOSALS, found)
        standing = await self._standing(found)
        held = await holds(self._connection, found, month)
        earlier = await histories(
            self._connection, [person["person_id"] for person in people if person["version"] > 1]
        )
        subjects = [
            Subject(
                person_id=person["person_id"],
                versions=(*earlier.get(person["person_id"], ()), facts_version(person)),
                facts_version=person["version"],
                chain=person["chain"],
                facility_id=person["facility_id"],
                standing=standing.get(person["person_id"], {}),
                held=held.get(person["person_id"], frozenset()),
            )
            for person in people
        ]
        return Chunk(month, row["shard"], subjects, last=len(people) < persons_max)

    async def record(self, chunk: Chunk, outcome: Outcome) -> None:
        await insert(self._connection, outcome.recorded, self._to_events)
        await self._connection.execute(
            "insert into undetermined (month, person_id, code)"
            " select $1, * from unnest($2::uuid[], $3::text[]) on conflict do nothing",
            chunk.month.first_day,
            [one.person_id for one in outcome.undetermined],
            [one.code for one in outcome.undetermined],
        )
        await self._connection.execute(
            "update determination set determined = determined + $3, granted = granted + $4,"
            " refused = refused + $5, after_person = coalesce($6, after_person),"
            " state = case when $7 then 'done' else state end where month = $1 and shard = $2",
            chunk.month.first_day,
            chunk.shard,
            len(chunk.subjects),
            outcome.granted,
            outcome.refused,
            chunk.subjects[-1].person_id if chunk.subjects else None,
            chunk.last,
        )

    async def _standing(self, people: Sequence[UUID]) -> dict[UUID, dict[str, Standing]]:
        found: dict[UUID, dict[str, Standing]] = {}
        for row in await self._connection.fetch(_STANDING, people):
            standing = Standing(
                row["version"],
                row["status"],
                terms_of(row),
                row["decided_on"],
                Month.of(row["effective_from"]),
                row["was_in_force"],
            )
            found.setdefault(row["person_id"], {})[row["programme"]] = standing
        return found


async def insert(connection: Connection, recorded: Sequence[Recorded], to_events: ToEvents) -> None:
    """Decisions and their events."""
    if not recorded:
        return
    rows = [_values(one) for one in recorded]
    await connection.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)))
    await outbox.append(connection, to_events(recorded))


async def holds(connection: Connection, people: Sequence[UUID], month: Month) -> dict[UUID, frozenset[str]]:
    """The programmes of each person that are suspended or stopped in the month."""
    rows = await connection.fetch(
        "select person_id, array_agg(programme) as programmes from hold where person_id = any($1::uuid[])"
        " and from_month <= $2 and (until_month is null or until_month > $2) group by person_id",
        people,
        month.first_day,
    )
    return {row["person_id"]: frozenset(row["programmes"]) for row in rows}


def terms_of(row: asyncpg.Record) -> Terms:
    """The terms that a row of `decision` holds."""
    return Terms(
        outcome=row["outcome"],
        category=row["category"],
        coefficient=Coefficient(row["coefficient_hundredths"]),
        standard=Dong(row["standard_dong"]),
        amount=Dong(row["amount_dong"]),
        payee=row["payee"],
        facility_id=row["facility_id"],
        place=Place(row["commune_code"], row["province_code"], row["former_province_code"]),
        payee_person_id=row["payee_person_id"],
    )


def _values(one: Recorded) -> tuple[object, ...]:
    decision, terms, basis = one.decision, one.decision.terms, one.basis
    return (
        decision.decision_id,
        decision.person_id,
        decision.version,
        decision.programme,
        terms.outcome,
        decision.status,
        decision.effective_from.first_day,
        decision.pays_from.first_day,
        terms.category,
        terms.coefficient.hundredths,
        terms.standard,
        terms.amount,
        terms.payee,
        terms.facility_id,
        terms.payee_person_id,
        terms.place.commune_code,
        terms.place.province_code,
        terms.place.former_province_code,
        decision.decided_on,
        basis.facts_version,
        basis.policy_version,
        basis.policy_hash,
        basis.determined_month.first_day,
        basis.facts_month.first_day,
        basis.resident_of,
        basis.input_hash,
        basis.trace,
    )


async def month_closed(connection: Connection, awaits: Sequence[str], shard: int, month: Month) -> None:
    """Make the shard's people due for determination once every topic's marker of the month is in."""
    arrived = await connection.fetchval(
        "select count(*) from month_marker where month = $1 and shard = $2 and topic = any($3::text[])",
        month.first_day,
        shard,
        list(awaits),
    )
    if arrived < len(awaits):
        return
    await connection.execute(
        "insert into determination (month, shard, persons)"
        " select $1, $2::smallint, count(*) from person_facts where shard = $2 on conflict do nothing",
        month.first_day,
        shard,
    )


async def unfinished_shards(connection: Connection, month: Month) -> int:
    """Shards of the month that are still being determined."""
    return int(
        await connection.fetchval(
            "select count(*) from determination where month = $1 and state <> 'done'", month.first_day
        )
    )


async def progress(connection: Connection, month: Month) -> dict[str, int | bool]:
    """Counts of a month: people due and determined, by what the law says; proposals that await a
    signature are those of today, of any month."""
    counts = await connection.fetchrow(
        "select coalesce(sum(persons), 0)::bigint as persons,"
        " coalesce(sum(determined), 0)::bigint as determined, coalesce(sum(granted), 0)::bigint as granted,"
        " coalesce(sum(refused), 0)::bigint as refused,"
        " count(*) filter (where state = 'done') as shards_done from determination where month = $1",
        month.first_day,
    )
    assert counts is not None
    return {
        "persons": counts["persons"],
        "determined": counts["determined"],
        "done": counts["shards_done"] == SHARDS,
        "decided": counts["granted"] + counts["refused"],
        "granted": counts["granted"],
        "refused": counts["refused"],
        "undetermined": await connection.fetchval(
            "select count(*) from undetermined where month = $1", month.first_day
        ),
        "proposed": await connection.fetchval("select count(*) from decision where status = 'proposed'"),
    }
