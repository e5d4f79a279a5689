"""The promise of what everybody reads of gifts."""

from libs.common.runtime.invariants import Invariant
from services.payments.domain.funds import DONATION

#: Funds whose gifts by month and programme, by day or by slot, are not those of the gifts, runs and vouchers.
_GIFT_SUMS = f"""
    with lying as (select * from donation where status in ('received', 'earmarked')),
    used as (
        select f.fund_id, date_trunc('month', r.execute_on)::date as month, t.programme,
               t.instructed_dong - t.returned_dong as amount
        from fund f join run r using (fund_id) join run_total t using (run_id)
        where f.kind = '{DONATION}' and r.execute_on is not null
        union all
        select f.fund_id, date_trunc('month', t.booked_on)::date, d.key,
               case when p.account_id = t.credit_account then t.amount else -t.amount end
        from fund f join ledger_account p on p.kind = 'fund' and p.key = f.code and p.unit = f.unit
        join ledger_transfer t on p.account_id in (t.credit_account, t.debit_account)
        join ledger_account d on d.kind = 'paid' and d.account_id in (t.credit_account, t.debit_account)
        where f.kind = '{DONATION}' and t.posting in ('handed_over', 'corrected', 'reversed')
    ), months as (
        select fund_id, month, programme, sum(received) as received, sum(used) as used from (
            select g.fund_id, date_trunc('month', g.received_on)::date, coalesce(t.purpose, ''), g.amount, 0
            from lying g left join fund t on t.fund_id = g.to_fund_id
            union all
            select fund_id, month, programme, 0, amount from used
            union all
            select fund_id, month, programme, -received, -used from gift_month
        ) as s (fund_id, month, programme, received, used)
        group by 1, 2, 3
    )
    select fund_id from months where received <> 0 or used <> 0
    union all
    select fund_id from (
        select coalesce(to_fund_id, fund_id), coalesce(earmarked_on, received_on), amount from lying
        union all
        select fund_id, day, -amount from gift_day
    ) as s (fund_id, day, amount)
    group by fund_id, day having sum(amount) <> 0
    union all
    select fund_id from (
        select coalesce(to_fund_id, fund_id), coalesce(earmarked_on, received_on),
               left(donation_id::text, 7), amount
        from lying
        union all
        select fund_id, day, slot, -amount from gift_slot
    ) as s (fund_id, day, slot, amount)
    group by fund_id, day, slot having sum(amount) <> 0
"""

GIFT_INVARIANTS = (Invariant(14, "what everybody reads of gifts is what was given and used", _GIFT_SUMS),)
