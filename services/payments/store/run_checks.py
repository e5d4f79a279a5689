"""Runs checked in sets once they are built, and what was found read again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import run_checks, runs
from services.payments.domain.account_names import ODD
from services.payments.domain.instructions import SETTLED, TO_ACCOUNT
from services.payments.domain.run_checks import Check, Limits
from services.payments.domain.runs import Run
from services.payments.store.account_names import AWAITED
from services.payments.store.run_rows import COLUMNS, run_of
from services.payments.usecases.run_checks import Finding, FindingPlace

# A list that is new is unknown to the planner. Lists are named as an array, and a payee is asked for one by
# one: otherwise all lines and all accounts that there are would be read for each list.
_IN_SETS = "set local enable_nestloop = off; set local work_mem = '128MB'"
_INTO = (
    "insert into run_finding (run_id, kind, programme, person_id, instruction_id, month, before_dong,"
    " amount_dong, commune_code, province_code)"
)
# The month before is that of the province's earlier lists for it; where there is none, nobody is new.
_DIFFERENCES = f"""
    {_INTO}
    with before as materialized (
        select person_id, programme, amount_dong, commune_code, province_code from instruction_line
        where month = $3 and not returned and programme = any($5::text[]) and run_id = any(array(
            select m.run_id from run_month m join run r using (run_id)
            where m.month = $3 and r.province_code = $4 and r.run_id <> $1 and r.status <> '{runs.WITHDRAWN}'
              and r.campaign_id is not distinct from (select campaign_id from run where run_id = $1)))
    ), now as materialized (
        select person_id, programme, instruction_id, amount_dong, commune_code, province_code
        from instruction_line where run_id = $1 and month = $2
    )
    select $1, case when b.person_id is null then '{run_checks.NEW}'
                    when n.person_id is null then '{run_checks.STOPPED}' else '{run_checks.CHANGED}' end,
           coalesce(n.programme, b.programme), coalesce(n.person_id, b.person_id), n.instruction_id, $2,
           coalesce(b.amount_dong, 0), coalesce(n.amount_dong, 0), coalesce(n.commune_code, b.commune_code),
           coalesce(n.province_code, b.province_code)
    from now n full join before b on b.person_id = n.person_id and b.programme = n.programme
    where n.amount_dong is distinct from b.amount_dong and exists (select from before)
"""
_ARREARS = f"""
    {_INTO}
    select $1, '{run_checks.ARREARS}', programme, person_id, min(instruction_id::text)::uuid, min(month), 0,
           sum(amount_dong), min(commune_code), min(province_code)
    from instruction_line where run_id = $1 and month < $2 group by programme, person_id
"""
_JUMPS = f"""
    {_INTO}
    select run_id, '{run_checks.AMOUNT_JUMP}', programme, person_id, instruction_id, month, before_dong,
           amount_dong, commune_code, province_code
    from run_finding where run_id = $1 and kind = '{run_checks.CHANGED}'
      and abs(amount_dong - before_dong) * 100 > before_dong * $2::bigint
"""
_ACCOUNTS = ", ".join(repr(channel) for channel in TO_ACCOUNT)
# Lines are counted before people are told apart: few accounts have as many.
_SHARED_ACCOUNTS = f"""
    {_INTO}
    with paid as materialized (
        select *, coalesce(
            (select payee_index from payout_account p where p.person_id = i.account_id
             and p.version = i.account_version),
            (select payee_index from campaign_recipient c where c.campaign_id = $3
             and c.person_key = i.account_id)) as payee_index
        from (select instruction_id, programme, amount_dong, commune_code, province_code, account_id,
                     account_version from instruction
              where run_id = $1 and channel in ({_ACCOUNTS}) order by account_id) i
    ), crowded as (
        select payee_index from paid
        join instruction_line l on l.run_id = $1 and l.instruction_id = paid.instruction_id
        where payee_index is not null group by payee_index having count(*) > $2
    ), shared as (
        select payee_index from crowded join paid using (payee_index)
        join instruction_line l on l.run_id = $1 and l.instruction_id = paid.instruction_id
        group by payee_index having count(distinct l.person_id) > $2
    )
    select $1, '{run_checks.SHARED_ACCOUNT}', programme, null, instruction_id, null, 0, amount_dong,
           commune_code, province_code
    from paid join shared using (payee_index)
"""
_AT_HOME = ", ".join(repr(name) for name in run_checks.AT_HOME)
_HERE = f"'{run_checks.IN_FACILITY}'"
# Both among the province's lists for the months that this one pays, itself or an earlier one.
_RESIDENTS_AT_HOME = f"""
    {_INTO}
    with paid as materialized (
        select distinct month from instruction_line where run_id = $1
    ), list as materialized (
        select $1::uuid as run_id union select m.run_id from run_month m join run r using (run_id)
        where m.month in (table paid) and r.province_code = $2 and r.status <> '{runs.WITHDRAWN}'
    ), resident as materialized (
        select distinct person_id from instruction_line
        where run_id = any(array(table list)) and not returned and programme = {_HERE}
    ), line as materialized (
        select run_id, person_id, programme, month, instruction_id, amount_dong, commune_code, province_code
        from instruction_line
        where run_id = any(array(table list)) and not returned and month in (table paid)
          and programme in ({_AT_HOME}, {_HERE}) and person_id in (table resident)
    )
    select $1, '{run_checks.RESIDENT_AT_HOME}', l.programme, l.person_id, l.instruction_id, l.month,
           o.amount_dong, l.amount_dong, l.commune_code, l.province_code
    from line l join line o on o.person_id = l.person_id and o.month = l.month
    where l.run_id = $1 and (l.programme = {_HERE}) <> (o.programme = {_HERE})
      and (l.programme <> {_HERE} or o.run_id <> $1)
"""
# Of what came back there is little, and its lines are asked for payment by payment.
_DECEASED = f"""
    {_INTO}
    select $1, '{run_checks.REPORTED_DECEASED}', l.programme, l.person_id, min(l.instruction_id::text)::uuid,
           min(l.month), 0, sum(l.amount_dong), min(l.commune_code), min(l.province_code)
    from instruction_line l where l.run_id = $1 and l.person_id in (
        select unnest(array(
            select o.person_id from instruction_line o
            where o.run_id = i.run_id and o.instruction_id = i.instruction_id and o.returned))
        from instruction i where i.province_code = $3 and i.return_reason = any($2::text[]))
    group by l.programme, l.person_id
"""
# Money came into an account when it did for anybody whom this payment is for: a carer and a facility are paid
# for others. Asked one by one, as not all lines there are should be read.
_OTHERS_ACCOUNTS = f"""
    {_INTO}
    select $1, '{run_checks.ACCOUNT_NAME}', i.programme, null, i.instruction_id, null, 0, i.amount_dong,
           i.commune_code, i.province_code
    from account_name n join instruction i on i.account_id = n.account_id and i.account_version = n.version
    where i.run_id = $1 and n.outcome = any($2::text[]) and not coalesce((
        select true from instruction_line l
        where l.person_id = any(array(
                select o.person_id from instruction_line o
                where o.run_id = $1 and o.instruction_id = i.instruction_id))
          and not l.returned and l.campaign_id is null and l.difference_id is null
          and (select s.status = '{SETTLED}' and s.account_id = n.account_id and s.account_version = n.version
                      and s.settled_on >= coalesce(n.answered_on, '-infinity')
               from instruction s where s.instruction_id = l.instruction_id)
        limit 1), false)
"""
_LARGE = f"""
    {_INTO}
    select run_id, '{run_checks.LARGE_AMOUNT}', '', null, null, null, 0, instructed_dong, '', province_code
    from run where run_id = $1 and instructed_dong > $2::bigint
"""
# A run waits until the banks that are asked have said whose its accounts are.
_CLAIM = f"""
    select {COLUMNS} from run r
    where status = '{runs.BUILT}' and checked_at is null and not ({AWAITED})
    order by built_at limit 1 for update skip locked
"""
_SUMS = """
    insert into run_check (run_id, kind, province_code, findings, before_dong, amount_dong)
    select run_id, kind, min(province_code), count(*), sum(before_dong), sum(amount_dong)
    from run_finding where run_id = $1 group by run_id, kind
"""
_CHECKS = (
    "select kind, findings, before_dong, amount_dong, accepted_by_sub, reason, accepted_at from run_check"
    " where run_id = $1"
)


class Checking:
    """Transactions of checking, for the worker. `asked`: banks that say whose an account is."""

    def __init__(self, database: Database, asked: Sequence[str]) -> None:
        self._database = database
        self._asked = list(asked)

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._asked)


class _Work:
    def __init__(self, connection: Connection, asked: list[str]) -> None:
        self._connection = connection
        self._asked = asked

    async def claim(self) -> Run | None:
        row = await self._connection.fetchrow(_CLAIM, self._asked)
        return run_of(row) if row else None

    async def find(self, run: Run, limits: Limits) -> None:
        execute, run_id, months = self._connection.execute, run.run_id, run.period.months
        first, last = months[0].first_day, run.period.last.first_day
        await execute(_IN_SETS)
        await execute(
            _DIFFERENCES,
            run_id,
            last,
            (months[0] - 1).first_day,
            run.province_code,
            list(run.programmes),
        )
        await execute(_ARREARS, run_id, first)
        await execute(_JUMPS, run_id, limits.jump_percent)
        await execute(_SHARED_ACCOUNTS, run_id, limits.account_people_max, run.campaign_id)
        await execute(_DECEASED, run_id, list(run_checks.DECEASED_REASONS), run.province_code)
        await execute(_OTHERS_ACCOUNTS, run_id, list(ODD))
        if limits.alone_dong_max is not None:
            await execute(_LARGE, run_id, limits.alone_dong_max)
        await execute(_RESIDENTS_AT_HOME, run_id, run.province_code)

    async def checked(self, run: Run, at: datetime) -> None:
        await self._connection.execute(_SUMS, run.run_id)
        await self._connection.execute("update run set checked_at = $2 where run_id = $1", run.run_id, at)


class StoredChecks:
    """Implements usecases.run_checks.CheckReads, in the caller's territory by the app role."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def checks(self, territory: str | None, run_id: UUID) -> list[Check]:
        async with self._database.reading(territory) as connection:
            return await checks_of(connection, run_id)

    async def findings(
        self, territory: str | None, run_id: UUID, kind: str, after: FindingPlace | None, limit: int
    ) -> Sequence[Finding]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select number, programme, person_id, instruction_id, month, before_dong, amount_dong,"
                " commune_code from run_finding where run_id = $1 and kind = $2 and number > $3"
                " order by number limit $4",
                run_id,
                kind,
                after or 0,
                limit,
            )
        return [Finding(*row) for row in rows]


async def checks_of(connection: Connection, run_id: UUID) -> list[Check]:
    """In the order of domain.run_checks.KINDS."""
    found = {row["kind"]: Check(*row) for row in await connection.fetch(_CHECKS, run_id)}
    return [found[kind] for kind in run_checks.KINDS if kind in found]
