"""What is due in a shard of a run, as a query: a row for each person, programme and month, with the account
that it goes to or the problem that keeps it from being paid.

A source says what is due; all that follows is the same for each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from libs.common.runtime.postgres import Connection
from services.payments.domain.instructions import BANK_ACCOUNT
from services.payments.domain.runs import Run, Shard
from services.payments.store.heard import FACILITY_USABLE, USABLE

#: What a source selects, in this order. list_commune: whose list it stands in; empty for what goes to
#: facilities.
COLUMNS = (
    "person_id, programme, month, decision_id, campaign_id, category, coefficient_hundredths, standard_dong,"
    " amount_dong, commune_code, province_code, unit_province_code, list_commune, payee_id, account_id,"
    " account_version, channel, agency_code, payee_commune_code, problem, difference_id, withheld_dong"
)
_COUNTS = """
    outcome = 'granted' and amount_dong > 0 and programme = any($9::text[])
    and (status = 'confirmed' or exists (select from signature s where s.decision_id = e.decision_id))
"""
# The decision in force in a month is the highest version with effective_from <= month that is signed: an
# unsigned proposal is no decision yet. A version ends where a later one begins.
# What was kept back of a month stays so when its payment came back. A month that was recalculated is due by
# its latest difference: what it comes to, less what stands of it, with what is overpaid of it until that came
# back; a refusal that was decided after that waits for the next one.
# What is asked of other tables is asked by index, person by person in the order of the index: by guesses of
# how many rows there are, whole tables would be read for each shard.
_MONTHLY = f"""
    with granted as (
        select * from entitlement e where province_code = $3 and payee <> 'facility'
          and commune_code >= $5 and ($6::text is null or commune_code < $6) and {_COUNTS}
        union all
        select * from entitlement e where $7 and province_code = $3 and payee = 'facility' and {_COUNTS}
        order by person_id
    ), decided as (
        select g.*, m::date as month, withheld.dong as withheld_dong
        from granted g cross join lateral (
            select min(effective_from) as until
            from entitlement later left join signature s using (decision_id)
            where later.person_id = g.person_id and later.programme = g.programme
              and later.version > g.version and (later.status = 'confirmed' or s.decision_id is not null)
        ) ended cross join lateral (
            select array(select l.month from instruction_line l where l.person_id = g.person_id
                         and l.programme = g.programme and not l.returned and l.campaign_id is null
                         and l.difference_id is null
                         union all select d.month from difference d
                         where d.person_id = g.person_id and d.programme = g.programme) as months
            offset 0
        ) paid cross join generate_series(greatest(pays_from, effective_from)::timestamp,
            least($4::date, until - interval '1 month'), interval '1 month') as m
        cross join lateral (
            select coalesce(sum(i.amount_dong), 0)::bigint as dong from instalment i
            where i.person_id = g.person_id and i.programme = g.programme and i.month = m::date
        ) withheld
        where m::date <> all(paid.months) and g.amount_dong > withheld.dong
    ), recalculated as (
        select d.*, stands, last.former_province_code
        from difference d cross join lateral (
            select paid_dong(d.person_id, d.programme, d.month)
                   - given_back_dong(d.person_id, d.programme, d.month) as stands
        ) as counted
        left join lateral (
            select former_province_code, outcome, coalesce(signed_on, decided_on) as decided_on
            from entitlement e left join signature s using (decision_id)
            where e.person_id = d.person_id and e.programme = d.programme and e.effective_from <= d.month
              and (e.status = 'confirmed' or s.decision_id is not null)
            order by version desc limit 1
        ) as last on true
        where d.province_code = $3 and d.programme = any($9::text[]) and d.month <= $4
          and case when d.payee = 'facility' then $7
              else d.commune_code >= $5 and ($6::text is null or d.commune_code < $6) end
          and d.due_dong > stands
          and (last.outcome = 'refused' and last.decided_on > d.applied_on) is not true
          and not exists (
            select from difference later
            where later.person_id = d.person_id and later.programme = d.programme and later.month = d.month
              and later.recalculation_id > d.recalculation_id)
    ), owed as (
        select person_id, programme, month, decision_id, null::uuid as difference_id, category,
               coefficient_hundredths, standard_dong, amount_dong - withheld_dong as amount_dong,
               withheld_dong, payee, facility_id, payee_person_id, commune_code, province_code,
               former_province_code
        from decided
        union all
        select person_id, programme, month, null, difference_id, category, coefficient_hundredths,
               case when stands > 0 then 0 else standard_dong end, due_dong - stands, 0, payee, facility_id,
               payee_person_id, commune_code, province_code, former_province_code
        from recalculated
    ), facility as (
        select distinct on (facility_id) facility_id, version, agency_code, commune_code, problem
        from facility_account a where {FACILITY_USABLE} order by facility_id, version desc
    )
    select o.person_id, o.programme, o.month, o.decision_id, null::uuid, o.category, o.coefficient_hundredths,
           o.standard_dong, o.amount_dong, o.commune_code, o.province_code,
           coalesce(o.former_province_code, o.province_code),
           case when o.payee = 'facility' then '' else o.commune_code end,
           coalesce(f.facility_id, a.payee_id), coalesce(f.facility_id, a.person_id),
           coalesce(f.version, a.version),
           case when f.facility_id is null then a.channel else $8 end,
           coalesce(f.agency_code, a.agency_code), coalesce(f.commune_code, a.commune_code),
           case when coalesce(f.facility_id, a.person_id) is null then 'no_account'
                else coalesce(f.problem, a.problem) end,
           o.difference_id, o.withheld_dong
    from owed o
    left join facility f on o.payee = 'facility' and f.facility_id = o.facility_id
    left join lateral (
        select person_id, version, payee_id, channel, agency_code, commune_code, problem
        from payout_account a
        where o.payee <> 'facility' and person_id = coalesce(o.payee_person_id, o.person_id)
          and {USABLE}
        order by version desc limit 1
    ) a on true
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A query with its parameters, of which the first is $2: $1 is left to whoever asks it."""

    sql: str
    parameters: tuple[Any, ...]


class Source(Protocol):
    """Where a run's list comes from."""

    async def communes(self, connection: Connection, run: Run) -> Sequence[tuple[str, int]]:
        """Communes in order, each with about how many people of it may be due."""

    def query(self, run: Run, shard: Shard) -> Due:
        """What is due in the shard."""


class MonthlyDecisions:
    """Each month that a decision in force pays, up to the run's last, that has no line yet; of a month that
    was recalculated, what it comes to now and was not paid.

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

    def query(self, run: Run, shard: Shard) -> Due:
        return Due(
            _MONTHLY,
            (
                self._today(),
                run.province_code,
                run.period.last.first_day,
                shard.from_commune,
                shard.before_commune,
                shard.has_facilities,
                BANK_ACCOUNT,
                list(run.programmes),
            ),
        )


@dataclass(frozen=True)
class RunSources:
    """The source of each run: a campaign's is its list, any other's what was decided."""

    decisions: Source
    campaigns: Source

    async def communes(self, connection: Connection, run: Run) -> Sequence[tuple[str, int]]:
        return await self._of(run).communes(connection, run)

    def query(self, run: Run, shard: Shard) -> Due:
        return self._of(run).query(run, shard)

    def _of(self, run: Run) -> Source:
        return self.campaigns if run.campaign_id else self.decisions
