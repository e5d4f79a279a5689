"""What a list keeps back for what was overpaid, under plans that two people agreed on."""

from libs.common.runtime.postgres import Connection
from services.payments.domain.recoveries import BOOKED, PLAN
from services.payments.domain.runs import Run
from services.payments.store.province_lock import among_builders_of

_PLANNED = f"""
    select exists (select from recovery where kind = '{PLAN}' and status = '{BOOKED}' and province_code = $1)
"""
# Shards of a run meet here by who moved between its months: one waits for the other, and sees what it
# reserved.
_HOLD = """
    select overpayment_id from overpayment
    where closed_on is null and province_code = $1 and (person_id, programme) in (
        select person_id, programme from line
        where decision_id is not null and withheld_dong = 0 and month >= $2)
    order by overpayment_id for no key update
"""
# Of each month that the run is for: an instalment of each plan, as long as something is open, the oldest
# overpayment first, and never the whole month. Arrears and what was kept back of already stay whole.
_RESERVE = f"""
    with debt as (
        select o.overpayment_id, o.person_id, o.programme, o.month as of_month, monthly,
               open_dong(o.overpayment_id) as open
        from overpayment o cross join lateral (
            select amount_dong as monthly from recovery r
            where r.overpayment_id = o.overpayment_id and kind = '{PLAN}' and status = '{BOOKED}'
            order by decided_at desc limit 1
        ) as plan
        where o.overpayment_id = any($4::uuid[]) and monthly > 0
    ), due as (
        select person_id, programme, month, amount_dong,
               row_number() over (partition by person_id, programme order by month) - 1 as nth
        from line where decision_id is not null and withheld_dong = 0 and month >= $3
    ), cut as (
        select *, sum(dong) over (partition by person_id, programme, month
                                  order by of_month, overpayment_id) as together
        from (select due.*, of_month, overpayment_id, least(monthly, open - nth * monthly) as dong
              from due join debt using (person_id, programme) where open > nth * monthly) c
    ), reserved as (
        insert into instalment (instalment_id, overpayment_id, run_id, person_id, programme, month,
                                amount_dong, province_code)
        select derived_id(concat_ws(E'\\x1f', 'instalment', $1::uuid, overpayment_id, month)),
               overpayment_id, $1, person_id, programme, month, dong, $2
        from cut where together < amount_dong
        returning person_id, programme, month, amount_dong
    ), kept as (
        select person_id, programme, month, sum(amount_dong)::bigint as dong from reserved group by 1, 2, 3
    )
    update line l set amount_dong = l.amount_dong - k.dong, withheld_dong = k.dong
    from kept k where k.person_id = l.person_id and k.programme = l.programme and k.month = l.month
"""
_PAYMENTS = """
    update line l set payment_dong = p.dong
    from (select instruction_id, sum(amount_dong)::bigint as dong from line group by instruction_id) p
    where p.instruction_id = l.instruction_id and p.dong <> l.payment_dong
"""


async def withhold(connection: Connection, run: Run) -> None:
    """Reserve instalments of what is in `line`, and take them from it; what is booked is taken already."""
    if run.campaign_id or not await connection.fetchval(_PLANNED, run.province_code):
        return
    await among_builders_of(connection, run.province_code)
    first = run.period.months[0].first_day
    held = await connection.fetch(_HOLD, run.province_code, first)
    debts = [row["overpayment_id"] for row in held]
    await connection.execute(_RESERVE, run.run_id, run.province_code, first, debts)
    await connection.execute(_PAYMENTS)
