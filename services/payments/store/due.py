"""What is due in a shard of a run, gathered in the temporary table `due`.

It has a row for each person, programme and month, with the account that it goes to or the problem that
keeps it from being paid. A source says what is due; all that follows is the same for each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from libs.common.runtime.postgres import Connection
from services.payments.domain.instructions import BANK_ACCOUNT
from services.payments.domain.runs import Run, Shard
from services.payments.store.heard import FACILITY_USABLE, USABLE

# list_commune: whose list it stands in; empty for what goes to facilities.
_TABLE = """
    create temp table due (
        person_id uuid, programme text, month date, decision_id uuid, campaign_id uuid,
        category text,
        coefficient_hundredths integer, standard_dong bigint, amount_dong bigint, commune_code text,
        province_code text, unit_province_code text, list_commune text, payee_id uuid, account_id uuid,
        account_version integer, channel text, agency_code text, payee_commune_code text, problem text
    ) on commit drop
"""
_IN_SHARD = """
    (case when e.payee = 'facility' then $6
     else e.commune_code >= $4 and ($5::text is null or e.commune_code < $5) end)
"""

_OWED_TABLE = """
    create temp table owed (like entitlement, until date, paid_to uuid, month date) on commit drop
"""

# The decision in force in a month is the highest version with effective_from <= month that is signed: an
# unsigned proposal is no decision yet. A version ends where a later one begins.
_OWED = f"""
    insert into owed
    with listed as (
        select distinct person_id from entitlement e where province_code = $1 and {_IN_SHARD}
    ), standing as (
        select e.*, min(e.effective_from) over (
            partition by e.person_id, e.programme order by e.version
            rows between 1 following and unbounded following) as until
        from listed join entitlement e using (person_id) left join signature s using (decision_id)
        where e.programme = any($2::text[]) and (e.status = 'confirmed' or s.decision_id is not null)
    ), granted as (
        select * from standing e
        where outcome = 'granted' and amount_dong > 0 and province_code = $1 and {_IN_SHARD}
    )
    select g.*, coalesce(payee_person_id, person_id) as paid_to, m::date as month
    from granted g, generate_series(greatest(pays_from, effective_from)::timestamp,
        least($3::date, until - interval '1 month'), interval '1 month') as m
"""

# How many rows `owed` has is known by now: who guesses reads the whole index of all that was ever paid.
_MONTHLY = f"""
    insert into due
    with account as (
        select distinct on (person_id) person_id, version, payee_id, channel, agency_code, commune_code,
               problem
        from payout_account a where person_id in (select paid_to from owed) and {USABLE}
        order by person_id, version desc
    ), facility as (
        select distinct on (facility_id) facility_id, version, agency_code, commune_code, problem
        from facility_account a where {FACILITY_USABLE} order by facility_id, version desc
    )
    select o.person_id, o.programme, o.month, o.decision_id, null, o.category, o.coefficient_hundredths,
           o.standard_dong, o.amount_dong, o.commune_code, o.province_code,
           coalesce(o.former_province_code, o.province_code),
           case when o.payee = 'facility' then '' else o.commune_code end,
           coalesce(f.facility_id, a.payee_id), coalesce(f.facility_id, a.person_id),
           coalesce(f.version, a.version),
           case when f.facility_id is null then a.channel else $1 end,
           coalesce(f.agency_code, a.agency_code), coalesce(f.commune_code, a.commune_code),
           case when coalesce(f.facility_id, a.person_id) is null then 'no_account'
                else coalesce(f.problem, a.problem) end
    from owed o
    left join facility f on o.payee = 'facility' and f.facility_id = o.facility_id
    left join account a on o.payee <> 'facility' and a.person_id = o.paid_to
    where not exists (
        select from instruction_line l
        where l.person_id = o.person_id and l.programme = o.programme and l.month = o.month
          and not l.returned and l.campaign_id is null)
"""


class Source(Protocol):
    """Where a run's list comes from."""

    async def communes(self, connection: Connection, run: Run) -> Sequence[tuple[str, int]]:
        """Communes in order, each with about how many people of it may be due."""

    async def gather(self, connection: Connection, run: Run, shard: Shard) -> None:
        """Insert what is due in the shard into `due`."""


class MonthlyDecisions:
    """Each month that a decision in force pays, up to the run's last, that has no line yet.

    `today`: the business date, by which an account has cooled off.
    """

    def __init__(self, today: Callable[[], date]) -> None:
        self._today = today

    async def communes(self, connection: Connection, run: Run) -> Sequence[tuple[str, int]]:
        rows = await connection.fetch(
            "select commune_code, count(*) as people from entitlement where province_code = $1"
            " group by commune_code order by commune_code",
            run.province_code,
        )
        return [(row["commune_code"], row["people"]) for row in rows]

    async def gather(self, connection: Connection, run: Run, shard: Shard) -> None:
        await connection.execute(_OWED_TABLE)
        await connection.execute(
            _OWED,
            run.province_code,
            list(run.programmes),
            run.period.last.first_day,
            shard.from_commune,
            shard.before_commune,
            shard.has_facilities,
        )
        await connection.execute("analyze owed")
        await connection.execute(_MONTHLY, BANK_ACCOUNT, self._today())


@dataclass(frozen=True)
class RunSources:
    """The source of each run: a campaign's is its list, any other's what was decided."""

    decisions: Source
    campaigns: Source

    async def communes(self, connection: Connection, run: Run) -> Sequence[tuple[str, int]]:
        return await self._of(run).communes(connection, run)

    async def gather(self, connection: Connection, run: Run, shard: Shard) -> None:
        await self._of(run).gather(connection, run, shard)

    def _of(self, run: Run) -> Source:
        return self.campaigns if run.campaign_id else self.decisions


async def gather(connection: Connection, source: Source, run: Run, shard: Shard) -> None:
    await connection.execute(_TABLE)
    await source.gather(connection, run, shard)
    await connection.execute("analyze due")
