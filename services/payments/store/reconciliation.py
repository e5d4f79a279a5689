"""A run's reconciliation: what its agencies told, by count, and to the đồng."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from libs.common.runtime.postgres import Connection
from services.payments.domain.instructions import PENDING, RETURNED, SETTLED, UNKNOWN
from services.payments.domain.matching import DUPLICATE
from services.payments.store.suspense import UNRESOLVED
from services.payments.usecases.reading import AgencyMoney, DayTold, ReconciliationView, SuspendedView

_AGENCIES = f"""
    select agency_code, sum(amount_dong)::bigint as instructed,
           coalesce(sum(amount_dong) filter (where status = '{SETTLED}'), 0)::bigint as settled,
           coalesce(sum(amount_dong) filter (where status = '{RETURNED}'), 0)::bigint as returned,
           coalesce(sum(amount_dong) filter (where status = '{PENDING}'), 0)::bigint as pending,
           coalesce(sum(amount_dong) filter (where status = '{UNKNOWN}'), 0)::bigint as unknown,
           (select coalesce(sum(s.amount_dong), 0) from suspense s
            where s.run_id = $1 and s.agency_code = i.agency_code and held and {UNRESOLVED}
           )::bigint as held
    from instruction i where run_id = $1 group by agency_code order by agency_code
"""
_DAYS = f"""
    select p.agency_code, p.taken_on, count(*)::int as lines,
           coalesce(sum(l.amount_dong), 0)::bigint as statement,
           coalesce(sum(l.amount_dong) filter (
               where l.posting is not null and l.outcome = '{SETTLED}'), 0)::bigint as settled,
           coalesce(sum(l.amount_dong) filter (
               where l.posting is not null and l.outcome = '{RETURNED}'), 0)::bigint as returned,
           coalesce(sum(l.amount_dong) filter (where l.posting is null), 0)::bigint as suspense,
           coalesce(sum(l.amount_dong) filter (
               where l.suspense_reason = '{DUPLICATE}'), 0)::bigint as duplicates,
           coalesce(sum(l.amount_dong) filter (where s.{UNRESOLVED}), 0)::bigint as unresolved
    from partner_report p join report_line l using (report_id)
    left join suspense s on s.report_id = l.report_id and s.number = l.number
    where p.run_id = $1 group by 1, 2 order by 1, 2
"""


async def reconciliation(connection: Connection, run_id: UUID, suspended_max: int) -> ReconciliationView:
    of_run = "where run_id = $1"
    suspended = await connection.fetch(
        "select report_id, number, reference, outcome, amount_dong, told_on, suspense_reason"
        " from report_line where run_id = $1 and suspense_reason is not null"
        " order by report_id, number limit $2",
        run_id,
        suspended_max,
    )
    return ReconciliationView(
        files=await _counted(connection, f"status from payment_file {of_run}", run_id),
        reports=await _counted(connection, f"status from partner_report {of_run}", run_id),
        instructions=await _counted(connection, f"status from instruction {of_run}", run_id),
        return_reasons=await _counted(
            connection,
            f"coalesce(return_reason, '') from instruction {of_run} and status = 'returned'",
            run_id,
        ),
        suspense=await _counted(
            connection, f"suspense_reason from report_line {of_run} and suspense_reason is not null", run_id
        ),
        suspended=[SuspendedView(*row) for row in suspended],
        agencies=await _agencies(connection, run_id),
    )


async def _agencies(connection: Connection, run_id: UUID) -> Sequence[AgencyMoney]:
    days: dict[str, list[DayTold]] = defaultdict(list)
    for agency, *told in await connection.fetch(_DAYS, run_id):
        days[agency].append(DayTold(*told))
    rows = await connection.fetch(_AGENCIES, run_id)
    return [AgencyMoney(**dict(row), days=days[row["agency_code"]]) for row in rows]


async def _counted(connection: Connection, what: str, run_id: UUID) -> Mapping[str, int]:
    """`what`: `<column> from <table> where ...`, with the run as $1."""
    rows = await connection.fetch(
        f"select key, count(*) from (select {what}) as found (key) group by key", run_id
    )
    return Counter({row["key"]: row["count"] for row in rows})
