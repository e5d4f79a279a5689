"""Months that money came back for, as nobody collected it: told with those before them in a row."""

from collections.abc import Callable, Sequence

from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection
from services.payments.domain.instructions import RETURNED, SETTLED, UNCOLLECTED
from services.payments.domain.matching import Matched
from services.payments.domain.records import Uncollected

#: Wiring passes events.outgoing.uncollected.
ToEvent = Callable[[Uncollected], OutgoingEvent]

# A month counts by the runs whose period it is in: arrears that were tried once are not months of trying. A
# month that was tried twice is collected if one of its payments was. What a campaign gives is not suspended.
_IN_A_ROW = f"""
    with back as (
        select distinct on (l.person_id, l.programme) l.person_id, l.programme, i.instruction_id,
               i.return_reason, i.changed_on
        from instruction i join instruction_line l using (run_id, instruction_id)
        where i.instruction_id = any($1::uuid[]) and l.campaign_id is null
        order by l.person_id, l.programme, i.instruction_id
    ), paid_by as (
        select distinct b.person_id, b.programme, l.run_id, l.instruction_id from back b
        join instruction_line l on l.person_id = b.person_id and l.programme = b.programme
        where l.campaign_id is null
    ), tried as (
        select p.person_id, p.programme, m.month,
               bool_or(i.status = '{RETURNED}' and i.return_reason = any($2::text[]))
                 and not bool_or(i.status = '{SETTLED}') as missed
        from paid_by p join instruction i using (instruction_id) join run_month m on m.run_id = p.run_id
        group by 1, 2, 3
    ), counted as (
        select *, max(month) over latest_first as latest, row_number() over latest_first as nth,
               bool_and(missed) over latest_first as all_missed
        from tried window latest_first as (partition by person_id, programme order by month desc)
    ), in_a_row as (
        select person_id, programme, array_agg(month order by month) as months from counted
        where all_missed and month = latest - make_interval(months => nth::integer - 1)
        group by person_id, programme
    )
    select person_id, programme, instruction_id, return_reason, changed_on, months
    from back join in_a_row using (person_id, programme) order by person_id, programme
"""


async def tell(connection: Connection, matched: Sequence[Matched], to_event: ToEvent) -> None:
    """Of what these lines returned, what was not collected."""
    missed = [
        one.instruction_id
        for one in matched
        if one.told.outcome == RETURNED and one.told.reason in UNCOLLECTED
    ]
    if not missed:
        return
    rows = await connection.fetch(_IN_A_ROW, missed, list(UNCOLLECTED))
    told = [
        Uncollected(
            person_id=row["person_id"],
            programme=row["programme"],
            instruction_id=row["instruction_id"],
            reason=row["return_reason"],
            on=row["changed_on"],
            months=tuple(Month.of(day) for day in row["months"]),
        )
        for row in rows
    ]
    await outbox.append(connection, [to_event(one) for one in told])
