"""Who seems entitled and has no decision: found a shard at a time, kept until the next round."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.store.determinations import LAST_DETERMINED
from services.eligibility.store.facts import facts_version, histories
from services.eligibility.usecases.cover import Candidate, Gap, Round

_FIRST = UUID(int=0)

_PENDING = """
    select shard, month, after_person from coverage_refresh where state = 'pending' order by shard limit 1
    for update skip locked
"""
_DETERMINED = f"coalesce({LAST_DETERMINED}, '-infinity')"
# A round begins with a new day, and after a month's determination: of several months in a row after the last,
# as what it found before would not stand. Where one of them does not come to its end, the next day's does.
_STALE = f"""
    select exists (
        select from generate_series(0, $2 - 1) as s (shard) left join coverage_refresh r using (shard)
        where r.began_on is distinct from $1 or (r.determined is distinct from {_DETERMINED}
          and not exists (select from redetermination j where j.ordinary and j.state = 'running')))
"""
_BEGIN = f"""
    insert into coverage_refresh (shard, month, began_on, state, after_person, determined)
    select s.shard, $2, $1, 'pending', $3, {_DETERMINED} from generate_series(0, $4 - 1) as s (shard)
    on conflict (shard) do update set
        month = excluded.month, began_on = excluded.began_on, state = 'pending',
        after_person = excluded.after_person, determined = excluded.determined
    where coverage_refresh.state = 'done'
      and (coverage_refresh.began_on, coverage_refresh.determined) <> (excluded.began_on, excluded.determined)
"""
#: The people of a shard after $2, whoever they are.
_LOOKED_AT = """
    select person_id from person_facts where shard = $1 and person_id > $2 order by person_id limit $3
"""
# Nobody who receives, has applied, or is suspended or stopped: these are decided or being decided. Who is
# said to receive and was never determined yet is on the way. Limited, so that each is looked up in the part
# of the decisions that is theirs: joined, the planner would read all of them for each page. In turn, as most
# receive: nothing more is asked about them.
_CANDIDATES = """
    select f.person_id, f.version, f.true_from, f.facts, f.commune_code, f.province_code,
           f.former_province_code,
           exists (select from residence r where r.person_id = f.person_id and r.state_paid
                     and r.from_date <= $3 and (r.until_date is null or r.until_date >= $2)) as in_facility
    from person_facts f
    where f.person_id = any($1::uuid[]) and case
        when (
            select true from decision d where d.person_id = f.person_id and d.status <> 'proposed'
              and d.outcome = 'granted' and not exists (
                  select from decision later where later.person_id = d.person_id
                    and later.programme = d.programme and later.version > d.version
                    and later.status <> 'proposed' and later.effective_from <= $2)
            limit 1
        ) then false
        when (
            select true from case_file c where c.person_id = f.person_id and c.kind = 'application'
              and c.state in ('received', 'checked') limit 1
        ) then false
        when (
            select true from hold h where h.person_id = f.person_id and h.from_month <= $2
              and (h.until_month is null or h.until_month > $2) limit 1
        ) then false
        when (f.facts->'context'->>'already_receiving') is distinct from 'true' then true
        else (select true from decision d where d.person_id = f.person_id limit 1)
    end
"""
_COUNT = """
    insert into coverage_count (shard, programme, commune_code, province_code, decided, in_process, without)
    select $1, programme, commune_code, province_code, sum(decided), sum(in_process), sum(without) from (
        select programme, commune_code, province_code, 1 as decided, 0 as in_process, 0 as without from (
            select distinct on (d.person_id, d.programme) d.programme, d.commune_code, d.province_code,
                   d.outcome
            from decision d join person_facts f using (person_id)
            where f.shard = $1 and d.status <> 'proposed' and d.effective_from <= $2
            order by d.person_id, d.programme, d.version desc
        ) newest where outcome = 'granted'
        union all
        select programme, commune_code, province_code, 0, 1, 0 from (
            select distinct on (d.person_id, d.programme) d.programme, d.commune_code, d.province_code,
                   d.outcome
            from case_file c
            join decision d on d.person_id = c.person_id and d.programme = any(c.programmes)
             and d.status = 'proposed'
            where c.shard = $1 and c.kind = 'application' and c.state in ('received', 'checked')
            order by d.person_id, d.programme, d.version desc
        ) awaited where outcome = 'granted'
        union all
        select programme, commune_code, province_code, 0, 0, 1 from coverage_gap where shard = $1
    ) as each group by programme, commune_code, province_code
"""
_COUNT_PROVINCES = """
    insert into coverage_of_province (shard, programme, province_code, decided, in_process, without)
    select shard, programme, province_code, sum(decided), sum(in_process), sum(without)
    from coverage_count where shard = $1 group by shard, programme, province_code
"""
# Whose age enters another band of the law next month, among those who receive.
_BANDS = """
    insert into band_change (person_id, month, years, shard, commune_code, province_code)
    select f.person_id, $2, edge.years, $1, newest.commune_code, newest.province_code
    from unnest($3::smallint[], $4::date[], $5::date[]) as edge (years, born_from, born_until)
    join person_facts f on f.shard = $1 and f.birth_date between edge.born_from and edge.born_until
    join lateral (
        select outcome, commune_code, province_code from decision d
        where d.person_id = f.person_id and d.status <> 'proposed' and d.effective_from <= $2
        order by d.version desc limit 1
    ) newest on outcome = 'granted'
    on conflict do nothing
"""


class Coverage:
    """Transactions of a round, for the worker."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection)


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def claim(self, today: date, month: Month, persons_max: int) -> Round | None:
        """The next people of a shard's round for `month`; None where today's rounds are done."""
        row = await self._connection.fetchrow(_PENDING)
        if row is None and await self._connection.fetchval(_STALE, today, SHARDS):
            await self._connection.execute(_BEGIN, today, month.first_day, _FIRST, SHARDS)
            row = await self._connection.fetchrow(_PENDING)
        if row is None:
            return None
        month = Month.of(row["month"])
        looked_at = [
            one[0]
            for one in await self._connection.fetch(
                _LOOKED_AT, row["shard"], row["after_person"], persons_max
            )
        ]
        people = await self._connection.fetch(_CANDIDATES, looked_at, month.first_day, month.last_day)
        if row["after_person"] == _FIRST:
            await self._connection.execute("delete from coverage_gap where shard = $1", row["shard"])
        earlier = await histories(
            self._connection, [person["person_id"] for person in people if person["version"] > 1]
        )
        candidates = [
            Candidate(
                person["person_id"],
                (*earlier.get(person["person_id"], ()), facts_version(person)),
                person["version"],
                person["in_facility"],
            )
            for person in people
        ]
        after = looked_at[-1] if looked_at else row["after_person"]
        return Round(row["shard"], month, candidates, after, last=len(looked_at) < persons_max)

    async def record(self, found: Round, gaps: Sequence[Gap]) -> None:
        await self._connection.execute(
            "insert into coverage_gap (person_id, programme, month, shard, amount_dong, commune_code,"
            " province_code) select p, g, $1, $2, a, c, v"
            " from unnest($3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::text[]) as t (p, g, a, c, v)"
            " on conflict do nothing",
            found.month.first_day,
            found.shard,
            [gap.person_id for gap in gaps],
            [gap.programme for gap in gaps],
            [gap.amount for gap in gaps],
            [gap.place.commune_code for gap in gaps],
            [gap.place.province_code for gap in gaps],
        )
        await self._connection.execute(
            "update coverage_refresh set state = case when $3 then 'done' else state end, after_person = $2"
            " where shard = $1",
            found.shard,
            found.after,
            found.last,
        )

    async def count(self, found: Round, edges: Sequence[tuple[int, date, date]]) -> None:
        """After a shard's last people: the figures of its places, and whose age changes something."""
        connection = self._connection
        await connection.execute("delete from coverage_count where shard = $1", found.shard)
        await connection.execute(_COUNT, found.shard, found.month.first_day)
        await connection.execute("delete from coverage_of_province where shard = $1", found.shard)
        await connection.execute(_COUNT_PROVINCES, found.shard)
        await connection.execute("delete from band_change where shard = $1", found.shard)
        await connection.execute(
            _BANDS,
            found.shard,
            found.month.first_day,
            [years for years, _, _ in edges],
            [first for _, first, _ in edges],
            [last for _, _, last in edges],
        )
