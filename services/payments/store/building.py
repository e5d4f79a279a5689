"""A province's list, built in sets: what is due, to whom it goes, and in which file.

The list is gathered in two temporary tables and then written once: `due` has a row for each person,
programme and month with the account it goes to; `payment` one for each payee and programme.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from libs.common.runtime import outbox
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import runs
from services.payments.domain.files import FILE_PAYMENTS_MAX, PAIN_001, POST_LIST
from services.payments.domain.instructions import BANK_ACCOUNT
from services.payments.domain.runs import Run
from services.payments.store.run_rows import COLUMNS, ToEvent, run_of, told

_BUILDERS_LOCK = 0x70617972

# A list has every person of a province: joins by hash, in memory, and no statement worth compiling.
_IN_SETS = "set local enable_nestloop = off; set local work_mem = '128MB'; set local jit = off"

_TABLES = """
    create temp table due (
        person_id uuid, programme text, month date, decision_id uuid, category text,
        coefficient_hundredths integer, standard_dong bigint, amount_dong bigint, commune_code text,
        province_code text, unit_province_code text, payee_id uuid, account_id uuid, account_version integer,
        channel text, agency_code text, payee_commune_code text, problem text
    ) on commit drop;
    create temp table payment (
        number bigint, programme text, payee_id uuid, account_id uuid, account_version integer,
        channel text, agency_code text, commune_code text, province_code text, amount_dong bigint,
        file_commune_code text, sequence bigint, instruction_id uuid, file_id uuid
    ) on commit drop
"""

# The decision in force in a month is the highest version with effective_from <= month that is signed: an
# unsigned proposal is no decision yet. A version ends where a later one begins.
_DUE = """
    insert into due
    with standing as (
        select e.*, min(e.effective_from) over (
            partition by e.person_id, e.programme order by e.version
            rows between 1 following and unbounded following) as until
        from entitlement e left join signature s using (decision_id)
        where e.person_id in (select person_id from entitlement where province_code = $1)
          and e.programme = any($2::text[]) and (e.status = 'confirmed' or s.decision_id is not null)
    ), granted as (
        select * from standing where outcome = 'granted' and amount_dong > 0 and province_code = $1
    ), owed as (
        select g.*, m::date as month
        from granted g, generate_series(greatest(pays_from, effective_from)::timestamp,
            least($3::date, until - interval '1 month'), interval '1 month') as m
    ), unpaid as (
        select o.*, coalesce(o.payee_person_id, o.person_id) as paid_to
        from owed o left join instruction_line l
          on l.person_id = o.person_id and l.programme = o.programme and l.month = o.month and not l.returned
        where l.person_id is null
    ), account as (
        select distinct on (person_id) * from payout_account
        where person_id in (select paid_to from unpaid) order by person_id, version desc
    ), facility as (
        select distinct on (facility_id) * from facility_account order by facility_id, version desc
    )
    select u.person_id, u.programme, u.month, u.decision_id, u.category, u.coefficient_hundredths,
           u.standard_dong, u.amount_dong, u.commune_code, u.province_code,
           coalesce(u.former_province_code, u.province_code),
           coalesce(f.facility_id, a.payee_id), coalesce(f.facility_id, a.person_id),
           coalesce(f.version, a.version),
           case when f.facility_id is null then a.channel else $4 end,
           coalesce(f.agency_code, a.agency_code), coalesce(f.commune_code, a.commune_code),
           case when coalesce(f.facility_id, a.person_id) is null then 'no_account'
                else coalesce(f.problem, a.problem) end
    from unpaid u
    left join facility f on u.payee = 'facility' and f.facility_id = u.facility_id
    left join account a on u.payee <> 'facility' and a.person_id = u.paid_to
"""

# One payment a payee and programme; where several people share a payee, the first one's account counts.
# A bank gets files of its own; what is paid in cash is listed by commune.
_PAYMENTS = """
    insert into payment
    with payee as (
        select distinct on (programme, payee_id) programme, payee_id, account_id, account_version, channel,
               agency_code, payee_commune_code, province_code,
               sum(amount_dong) over (partition by programme, payee_id)::bigint as amount_dong,
               case when channel = $1 then '' else payee_commune_code end as file_commune_code
        from due where problem is null order by programme, payee_id, person_id, month
    )
    select row_number() over (order by programme, payee_id), programme, payee_id, account_id,
           account_version, channel, agency_code, payee_commune_code, province_code, amount_dong,
           file_commune_code,
           (row_number() over (partition by agency_code, file_commune_code order by programme, payee_id) - 1)
             / $2::bigint
    from payee
"""

_FILES = (
    "select agency_code, file_commune_code, sequence from payment"
    " group by agency_code, file_commune_code, sequence order by agency_code, file_commune_code, sequence"
)

_NUMBERED = """
    update payment p set instruction_id = i.id, file_id = f.id
    from unnest($1::uuid[]) with ordinality as i (id, number),
         (select agency_code, file_commune_code, sequence, row_number() over (
              order by agency_code, file_commune_code, sequence) as number
          from payment group by agency_code, file_commune_code, sequence) as k,
         unnest($2::uuid[]) with ordinality as f (id, number)
    where i.number = p.number and f.number = k.number and k.agency_code = p.agency_code
      and k.file_commune_code = p.file_commune_code and k.sequence = p.sequence
"""

_INSERT_FILES = f"""
    insert into payment_file (file_id, run_id, agency_code, kind, province_code, commune_code, payments,
                              amount_dong, pending)
    select file_id, $1, agency_code,
           case when file_commune_code = '' then '{PAIN_001}' else '{POST_LIST}' end, min(province_code),
           nullif(file_commune_code, ''), count(*), sum(amount_dong), count(*)
    from payment group by file_id, agency_code, file_commune_code
"""

_INSERT_INSTRUCTIONS = """
    insert into instruction (instruction_id, run_id, programme, payee_id, account_id, account_version,
                             channel, agency_code, commune_code, province_code, file_id, amount_dong)
    select instruction_id, $1, programme, payee_id, account_id, account_version, channel, agency_code,
           commune_code, province_code, file_id, amount_dong
    from payment
"""

_INSERT_LINES = """
    insert into instruction_line (run_id, instruction_id, person_id, programme, month, decision_id, category,
                                  coefficient_hundredths, standard_dong, amount_dong, commune_code,
                                  province_code, unit_province_code, leads_instruction, leads_person)
    select $1, p.instruction_id, d.person_id, d.programme, d.month, d.decision_id, d.category,
           d.coefficient_hundredths, d.standard_dong, d.amount_dong, d.commune_code, d.province_code,
           d.unit_province_code,
           row_number() over (partition by p.instruction_id order by d.person_id, d.month) = 1,
           row_number() over (partition by p.instruction_id, d.person_id order by d.month desc) = 1
    from due d join payment p on p.programme = d.programme and p.payee_id = d.payee_id
    where d.problem is null
"""

_INSERT_TOTALS = """
    insert into run_total (run_id, programme, province_code, unit_province_code, commune_code, category,
                           channel, people, instructions, lines, standard_dong, instructed_dong)
    select $1, l.programme, min(l.province_code), l.unit_province_code, l.commune_code, l.category, p.channel,
           count(*) filter (where l.leads_person), count(*) filter (where l.leads_instruction), count(*),
           sum(l.standard_dong), sum(l.amount_dong)
    from instruction_line l join payment p using (instruction_id)
    where l.run_id = $1
    group by l.programme, l.unit_province_code, l.commune_code, l.category, p.channel
"""

_INSERT_UNPAYABLE = """
    insert into unpayable (run_id, person_id, programme, month, amount_dong, reason, commune_code,
                           province_code)
    select $1, person_id, programme, month, amount_dong, problem, commune_code, province_code
    from due where problem is not null
"""

_BUILT = f"""
    update run r set status = $2, built_at = $3, content_hash = content_hash_of($1),
        instructions = (select count(*) from payment),
        instructed_dong = (select coalesce(sum(amount_dong), 0) from payment)
    where run_id = $1 returning {COLUMNS}
"""


class Building:
    """Transactions of building, for the worker."""

    def __init__(self, database: Database, to_event: ToEvent) -> None:
        self._database = database
        self._to_event = to_event

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._to_event)


class _Work:
    def __init__(self, connection: Connection, to_event: ToEvent) -> None:
        self._connection = connection
        self._to_event = to_event

    async def claim(self) -> Run | None:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from run r where status = '{runs.BUILDING}' order by opened_at limit 1"
            " for update skip locked"
        )
        if row is None:
            return None
        # Two runs of one province must see one another's lines: one is built after the other.
        await self._connection.execute(
            "select pg_advisory_xact_lock($1, $2)", _BUILDERS_LOCK, int(row["province_code"])
        )
        return run_of(row)

    async def gather(self, run: Run) -> None:
        connection = self._connection
        await connection.execute(_IN_SETS)
        await connection.execute(_TABLES)
        await connection.execute(
            _DUE, run.province_code, list(run.programmes), run.period.last.first_day, BANK_ACCOUNT
        )
        await connection.execute("analyze due")
        await connection.execute(_PAYMENTS, BANK_ACCOUNT, FILE_PAYMENTS_MAX)
        await connection.execute("analyze payment")

    async def payees(self) -> Sequence[tuple[str, UUID]]:
        rows = await self._connection.fetch("select programme, payee_id from payment order by number")
        return [(row["programme"], row["payee_id"]) for row in rows]

    async def files(self) -> Sequence[tuple[str, str, int]]:
        return [tuple(row) for row in await self._connection.fetch(_FILES)]

    async def freeze(
        self, run: Run, instruction_ids: Sequence[UUID], file_ids: Sequence[UUID], built_at: datetime
    ) -> None:
        connection = self._connection
        await connection.execute(_NUMBERED, list(instruction_ids), list(file_ids))
        for statement in (
            _INSERT_FILES,
            _INSERT_INSTRUCTIONS,
            _INSERT_LINES,
            _INSERT_TOTALS,
            _INSERT_UNPAYABLE,
        ):
            await connection.execute(statement, run.run_id)
        fact = runs.moved(run.status, runs.BUILT)
        row = await connection.fetchrow(_BUILT, run.run_id, runs.BUILT, built_at)
        assert row
        built = run_of(row)
        event = self._to_event(replace(told(fact, built), content_hash=built.content_hash))
        await outbox.append(connection, [event])
