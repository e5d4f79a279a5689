"""A run's list, built in sets, shard by shard: what is due, to whom it goes, and in which file.

A shard is gathered in temporary tables and then written once: `line` is what is due and can be paid, with
its payment, in the order of payments; `payment` has one row for each payee, programme and commune. All that
is written is read from these: of the tables of all runs the planner can't know how many rows are of this one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import asyncpg

from libs.common.kernel.ids import show
from libs.common.runtime import outbox
from libs.common.runtime.logs import fault_name, logger
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import runs
from services.payments.domain.files import FILE_PAYMENTS_MAX, PAIN_001, POST_LIST, WALLET_BATCH
from services.payments.domain.instructions import BANK_ACCOUNT, E_WALLET, TO_ACCOUNT
from services.payments.domain.runs import Run, Shard
from services.payments.store import due
from services.payments.store.due import Source
from services.payments.store.province_lock import alone_with
from services.payments.store.run_rows import COLUMNS, ToEvent, run_of, told
from services.payments.store.withholding import withhold

#: A shard that was tried so often waits twice as long each time: one that failed, and one whose worker died.
_PATIENCE_FAILED, _PATIENCE_DIED = 5, 12
_PUT_OFF_SECONDS, _PUT_OFF_SECONDS_MAX = 1.0, 600.0

# Two runs of one province must see one another's lines: one is built after the other, and after the lines of
# one that was withdrawn are free.
_IS_BUILT_ALONE = """
    not exists (select from run o where o.province_code = r.province_code and o.status = 'building'
                and o.planned_at is not null)
    and not exists (select from run w where w.province_code = r.province_code
                    and w.status = 'withdrawn' and w.freed_at is null)
"""
_UNPLANNED = f"""
    select {COLUMNS} from run r
    where status = '{runs.BUILDING}' and planned_at is null and {_IS_BUILT_ALONE}
    order by opened_at limit 1 for update of r skip locked
"""
_UNBUILT = f"""
    select s.number, s.from_commune, s.before_commune, {COLUMNS}
    from run_shard s join run r using (run_id)
    where s.built_at is null and r.status = '{runs.BUILDING}'
      and (s.next_try_at is null or s.next_try_at <= $1)
    order by r.opened_at, s.run_id, s.number limit 1 for update of s skip locked
"""
_ALL_BUILT = f"""
    select {COLUMNS} from run r
    where status = '{runs.BUILDING}' and planned_at is not null
      and not exists (select from run_shard s where s.run_id = r.run_id and s.built_at is null)
    limit 1 for update of r skip locked
"""

# Months whose debts it would have kept back, and months that it would have paid: what came back meanwhile may
# end a debt that was not open then.
_WEIGHED_AGAIN = """
    update difference d set weighed_on = null, next_look_at = now()
    from (
        select difference_id from difference o join (
            select o.person_id, o.programme, o.month
            from instalment i join overpayment o using (overpayment_id)
            where i.run_id = $1 and i.booked_on is null
            union
            select person_id, programme, month from instruction_line where run_id = $1
        ) as of using (person_id, programme, month)
        order by difference_id for no key update of o
    ) as touched
    where d.difference_id = touched.difference_id
"""
_TABLES = """
    create temp table line (
        instruction_id uuid, payment_channel text, payment_dong bigint, leads_instruction boolean,
        leads_person boolean, months date[], person_id uuid, programme text, month date, decision_id uuid,
        campaign_id uuid, category text, coefficient_hundredths integer, standard_dong bigint,
        amount_dong bigint, commune_code text, province_code text, unit_province_code text, list_commune text,
        payee_id uuid, account_id uuid, account_version integer, channel text, agency_code text,
        payee_commune_code text, problem text, difference_id uuid, withheld_dong bigint
    ) on commit drop;
    create temp table payment (
        instruction_id uuid, programme text, payee_id uuid, account_id uuid, account_version integer,
        channel text, agency_code text, commune_code text, province_code text, amount_dong bigint,
        file_kind text, file_commune_code text, file_id uuid, benefit_months date[]
    ) on commit drop
"""

# Each commune pays its own list, so a payee gets one payment for each programme and commune; where several
# people share a payee, the first one's account counts. Who can't be paid is listed; who moved from a shard
# that is built stands in that list already.
_LINES = f"""
    with due ({due.COLUMNS}) as materialized (
        {{due}}
    ), unpaid as (
        insert into unpayable (run_id, person_id, programme, month, amount_dong, reason, commune_code,
                               province_code)
        select $1, person_id, programme, month, amount_dong, problem, commune_code, province_code
        from due where problem is not null
        on conflict do nothing
    )
    insert into line
    select instruction_id, first_value(channel) over lines,
           (sum(amount_dong) over lines)::bigint, row_number() over lines = 1,
           lead(person_id) over lines is distinct from person_id,
           case when row_number() over lines = 1 then array_agg(month) over lines end, {due.COLUMNS}
    from (
        select *, derived_id(concat_ws(E'\\x1f', 'instruction', $1::uuid, programme, payee_id, list_commune))
               as instruction_id
        from due where problem is null
    ) payable
    window lines as (partition by instruction_id order by person_id, month
                     rows between unbounded preceding and unbounded following)
"""

_TO_ACCOUNT = ", ".join(repr(channel) for channel in TO_ACCOUNT)

# A bank and a wallet get files of their own; what is paid in cash is listed by commune.
_PAYMENTS = f"""
    insert into payment
    with numbered as (
        select instruction_id, programme, payee_id, account_id, account_version, channel, agency_code,
               payee_commune_code, province_code, payment_dong, months, file_kind, file_commune_code,
               (row_number() over (partition by file_kind, agency_code, file_commune_code
                                   order by instruction_id) - 1) / $3::bigint as sequence
        from (select *, case channel when '{BANK_ACCOUNT}' then '{PAIN_001}'
                        when '{E_WALLET}' then '{WALLET_BATCH}' else '{POST_LIST}' end as file_kind,
                     case when channel in ({_TO_ACCOUNT}) then '' else payee_commune_code end
                       as file_commune_code
              from line where leads_instruction) l
    ), file as (
        select file_kind, agency_code, file_commune_code, sequence,
               derived_id(concat_ws(E'\\x1f', 'payment_file', $1::uuid, $2::smallint, file_kind, agency_code,
                   file_commune_code, sequence)) as file_id
        from numbered group by file_kind, agency_code, file_commune_code, sequence
    )
    select instruction_id, programme, payee_id, account_id, account_version, channel, agency_code,
           payee_commune_code, province_code, payment_dong, file_kind, file_commune_code, file_id,
           case when cardinality(months) = 1 then months
                else (select array_agg(distinct month order by month) from unnest(months) as month) end
    from numbered join file using (file_kind, agency_code, file_commune_code, sequence)
    order by instruction_id
"""

_INSERT_FILES = """
    insert into payment_file (file_id, run_id, agency_code, kind, province_code, commune_code, payments,
                              amount_dong, pending)
    select file_id, $1, agency_code, file_kind, min(province_code), nullif(file_commune_code, ''), count(*),
           sum(amount_dong), count(*)
    from payment group by file_id, agency_code, file_kind, file_commune_code
"""

# In the order of its index, which is met page after page, as lines are.
_INSERT_INSTRUCTIONS = """
    insert into instruction (instruction_id, run_id, shard, programme, payee_id, account_id, account_version,
                             channel, agency_code, commune_code, province_code, file_id, amount_dong,
                             benefit_months)
    select instruction_id, $1, $2, programme, payee_id, account_id, account_version, channel, agency_code,
           commune_code, province_code, file_id, amount_dong, benefit_months
    from payment
"""

_INSERT_LINES = """
    insert into instruction_line (run_id, instruction_id, person_id, programme, month, decision_id,
                                  campaign_id, difference_id, category, coefficient_hundredths,
                                  standard_dong, amount_dong, withheld_dong, commune_code, province_code,
                                  unit_province_code, leads_instruction, leads_person)
    select $1, instruction_id, person_id, programme, month, decision_id, campaign_id, difference_id, category,
           coefficient_hundredths, standard_dong, amount_dong, withheld_dong, commune_code, province_code,
           unit_province_code, leads_instruction, leads_person
    from line
"""

# Two shards of a run meet in a commune's total only by what goes to its people's facilities.
_INSERT_TOTALS = """
    insert into run_total as t (run_id, programme, province_code, unit_province_code, commune_code, category,
                                channel, people, instructions, lines, standard_dong, instructed_dong)
    select $1, programme, min(province_code), unit_province_code, commune_code, category, payment_channel,
           count(*) filter (where leads_person), count(*) filter (where leads_instruction), count(*),
           sum(standard_dong), sum(amount_dong)
    from line
    group by programme, unit_province_code, commune_code, category, payment_channel
    order by programme, unit_province_code, commune_code, category, payment_channel
    on conflict (run_id, programme, unit_province_code, commune_code, category, channel) do update
    set people = t.people + excluded.people, instructions = t.instructions + excluded.instructions,
        lines = t.lines + excluded.lines, standard_dong = t.standard_dong + excluded.standard_dong,
        instructed_dong = t.instructed_dong + excluded.instructed_dong
"""

# That a worker died is the shard's fault only where it happens again and again: then it must not take the
# server down with it for ever.
_TRIED = """
    update run_shard set attempts = attempts + 1, next_try_at = $3::timestamptz
        + make_interval(secs => least($4 * power(2, least(greatest(
            attempts - case when error is null then $7::integer else $6::integer end, 0), 16)), $5))
    where run_id = $1 and number = $2
"""
_HELD = """
    select true from run_shard where run_id = $1 and number = $2 and built_at is null for update skip locked
"""
_FAILED = "update run_shard set error = $3 where run_id = $1 and number = $2"
#: A run that was withdrawn before it was built has what its shards have.
_FREED = """
    update run r set freed_at = $2,
        instructions = case when content_hash is null then s.instructions else r.instructions end,
        instructed_dong = case when content_hash is null then s.amount else r.instructed_dong end
    from (
        select coalesce(sum(instructions), 0)::integer as instructions,
               coalesce(sum(instructed_dong), 0)::bigint as amount
        from run_shard where run_id = $1
    ) as s
    where run_id = $1
"""

# The digest of domain/runs.py.
_SHARD_BUILT = """
    with lines as (
        select instruction_id, string_agg(line_text(person_id, month,
            coalesce(difference_id, decision_id, campaign_id), amount_dong, withheld_dong), ''
            order by person_id, month) as listed
        from line group by instruction_id
    ), digested as (
        select count(*) as instructions, coalesce(sum(amount_dong), 0) as amount,
            sha256(coalesce(string_agg(instruction_digest(instruction_id, payee_id, programme, channel,
                agency_code, account_id, account_version, file_id, amount_dong, listed), ''::bytea
                order by instruction_id), '')) as digest
        from payment join lines using (instruction_id)
    ), corrected as (
        select count(*) filter (where difference_id is not null) as lines,
               coalesce(sum(amount_dong) filter (where difference_id is not null), 0) as amount,
               coalesce(sum(withheld_dong), 0) as withheld
        from line
    )
    update run_shard s set built_at = $3, instructions = d.instructions, instructed_dong = d.amount,
        digest = d.digest, corrected_lines = c.lines, corrected_dong = c.amount, withheld_dong = c.withheld,
        next_try_at = null, error = null
    from digested d, corrected c where run_id = $1 and number = $2
"""

_BUILT = f"""
    update run r set status = $2, built_at = $3, told_at = null, instructions = s.instructions,
        instructed_dong = s.amount, content_hash = encode(sha256(s.digests), 'hex')
    from (
        select sum(instructions)::integer as instructions, sum(instructed_dong)::bigint as amount,
               coalesce(string_agg(digest, ''::bytea order by number) filter (where instructions > 0), '')
                 as digests
        from run_shard where run_id = $1
    ) as s
    where run_id = $1 returning {COLUMNS}
"""


class _WithdrawnError(Exception):
    """The run was withdrawn while its shard was built."""


class Building:
    """Transactions of building, for the worker."""

    def __init__(self, database: Database, source: Source, to_event: ToEvent) -> None:
        self._database = database
        self._source = source
        self._to_event = to_event

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._source, self._to_event)


class _Work:
    def __init__(self, connection: Connection, source: Source, to_event: ToEvent) -> None:
        self._connection = connection
        self._source = source
        self._to_event = to_event

    async def claim_unplanned(self) -> Run | None:
        row = await self._connection.fetchrow(_UNPLANNED)
        if row is None:
            return None
        # Who planned a run of the province meanwhile is seen once its transaction is over.
        await alone_with(self._connection, row["province_code"])
        alone = await self._connection.fetchval(
            f"select {_IS_BUILT_ALONE} from run r where run_id = $1", row["run_id"]
        )
        return run_of(row) if alone else None

    async def people_by_commune(self, run: Run) -> Sequence[tuple[str, int]]:
        return await self._source.communes(self._connection, run)

    async def plan(self, run: Run, shards: Sequence[Shard], at: datetime) -> None:
        await self._connection.execute(
            "insert into run_shard (run_id, number, from_commune, before_commune)"
            " select $1, * from unnest($2::smallint[], $3::text[], $4::text[])",
            run.run_id,
            [shard.number for shard in shards],
            [shard.from_commune for shard in shards],
            [shard.before_commune for shard in shards],
        )
        await self._connection.execute(
            "update run set planned_at = $2, told_at = null where run_id = $1", run.run_id, at
        )

    async def claim_shard(self, at: datetime) -> tuple[Run, Shard] | None:
        row = await self._connection.fetchrow(_UNBUILT, at)
        if row is None:
            return None
        put_off = (_PUT_OFF_SECONDS, _PUT_OFF_SECONDS_MAX, _PATIENCE_FAILED, _PATIENCE_DIED)
        await self._connection.execute(_TRIED, row["run_id"], row["number"], at, *put_off)
        return run_of(row), Shard(row["number"], row["from_commune"], row["before_commune"])

    async def build(self, run: Run, shard: Shard, at: datetime) -> None:
        if not await self._connection.fetchval(_HELD, run.run_id, shard.number):
            return
        try:
            async with self._connection.transaction():
                await self._build(run, shard, at)
                # Late, so that who withdraws it waits for no shard.
                building = await self._connection.fetchval(
                    f"select true from run where run_id = $1 and status = '{runs.BUILDING}' for share",
                    run.run_id,
                )
                if not building:
                    raise _WithdrawnError
        except _WithdrawnError:
            return
        except asyncpg.PostgresError as failed:
            fault, code = fault_name(failed), failed.sqlstate or ""
            logger().error("shard failed", run=show("run", run.run_id), shard=shard.number, fault=fault)
            await self._connection.execute(_FAILED, run.run_id, shard.number, code)

    async def _build(self, run: Run, shard: Shard, at: datetime) -> None:
        connection, of_run, of_shard = self._connection, run.run_id, shard.number
        await connection.execute("set local work_mem = '128MB'")
        await connection.execute(_TABLES)
        of = self._source.query(run, shard)
        await connection.execute(_LINES.format(due=of.sql), of_run, *of.parameters)
        await withhold(connection, run)
        await connection.execute(_PAYMENTS, of_run, of_shard, FILE_PAYMENTS_MAX)
        await connection.execute(_INSERT_FILES, of_run)
        await connection.execute(_INSERT_INSTRUCTIONS, of_run, of_shard)
        await connection.execute(_INSERT_LINES, of_run)
        await connection.execute(_INSERT_TOTALS, of_run)
        await connection.execute(_SHARD_BUILT, of_run, of_shard, at)

    async def claim_all_built(self) -> Run | None:
        row = await self._connection.fetchrow(_ALL_BUILT)
        return run_of(row) if row else None

    async def free_withdrawn(self, at: datetime) -> bool:
        run_id = await self._connection.fetchval(
            f"select run_id from run where status = '{runs.WITHDRAWN}' and freed_at is null"
            " limit 1 for update skip locked"
        )
        if run_id is None:
            return False
        await self._connection.execute(
            "update instruction_line set returned = true where run_id = $1", run_id
        )
        await self._connection.execute(_WEIGHED_AGAIN, run_id)
        await self._connection.execute(
            "delete from instalment where run_id = $1 and booked_on is null", run_id
        )
        await self._connection.execute(_FREED, run_id, at)
        return True

    async def freeze(self, run: Run, at: datetime) -> None:
        connection = self._connection
        fact = runs.moved(run.status, runs.BUILT)
        row = await connection.fetchrow(_BUILT, run.run_id, runs.BUILT, at)
        assert row
        built = run_of(row)
        event = self._to_event(replace(told(fact, built), content_hash=built.content_hash))
        await outbox.append(connection, [event])
