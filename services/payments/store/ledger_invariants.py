"""Promises of the ledger by itself, and of what it says that is owed."""

from libs.common.runtime.invariants import Invariant
from services.payments.domain.ledger import CORRECTED, ENTITLEMENT, PAYABLE, POSTINGS, REVERSED

_KINDS = ", ".join(f"('{name}', '{one.debit}', '{one.credit}')" for name, one in POSTINGS.items())

#: Transfers of nothing, to the same account, to one that is not there or of another unit or kind.
_LEDGER_BALANCES = f"""
    select t.transaction_id from ledger_transfer t
    left join ledger_account d on d.account_id = t.debit_account
    left join ledger_account c on c.account_id = t.credit_account
    left join (values {_KINDS}) as k (posting, debit, credit) using (posting)
    where (t.amount > 0 and d.unit = t.unit and c.unit = t.unit and d.account_id <> c.account_id
           and (t.posting in ('{REVERSED}', '{CORRECTED}') or d.kind = k.debit and c.kind = k.credit))
          is not true
"""

_BALANCES_ARE_TRANSFERS = """
    with shown as (
        select account_id, booked_on, sum(debit) as debit, sum(credit) as credit
        from ledger_balance group by account_id, booked_on
    ), booked as (
        select account_id, booked_on, sum(debit) as debit, sum(credit) as credit from (
            select debit_account, booked_on, amount, 0 from ledger_transfer
            union all select credit_account, booked_on, 0, amount from ledger_transfer
        ) as side (account_id, booked_on, debit, credit)
        group by account_id, booked_on
    )
    select coalesce(s.account_id, b.account_id) from shown s full join booked b using (account_id, booked_on)
    where (s.debit, s.credit) is distinct from (b.debit, b.credit)
"""

#: Programmes of a province whose debt is not what approved runs have pending, or is not the cost accrued.
_OWED_IS_PENDING = f"""
    with owed as (
        select a.province_code, a.key as programme,
               coalesce(sum(b.credit - b.debit) filter (where a.kind = '{PAYABLE}'), 0) as payable,
               coalesce(sum(b.debit - b.credit) filter (where a.kind = '{ENTITLEMENT}'), 0) as entitlement
        from ledger_account a join ledger_balance b using (account_id)
        where a.kind in ('{PAYABLE}', '{ENTITLEMENT}') group by 1, 2
    ), pending as (
        select t.province_code, t.programme,
               sum(t.instructed_dong - t.settled_dong - t.returned_dong) as amount
        from run_total t join run r using (run_id)
        where r.status in ('approved', 'instructing', 'instructed', 'reconciled') group by 1, 2
    )
    select coalesce(o.programme, p.programme) from owed o full join pending p using (province_code, programme)
    where coalesce(o.payable, 0) <> coalesce(p.amount, 0) or o.payable <> o.entitlement
"""

_FUNDS_OVERDRAWN = """
    select code from (
        select a.code, sum(sum(b.debit - b.credit)) over (partition by a.account_id order by b.booked_on)
          as balance
        from ledger_account a join ledger_balance b using (account_id)
        where not a.may_overdraw group by a.account_id, a.code, b.booked_on
    ) as daily where balance < 0
"""

#: Vouchers of which not exactly what they say is booked: amount, and accounts of their funds or programme.
_VOUCHERS_ARE_LEDGER = """
    with fund_account as (
        select f.fund_id, a.account_id from fund f join ledger_account a on a.kind = 'fund'
          and a.key = f.code and a.province_code = f.province_code and a.unit = f.unit
    ), booked as (
        select t.*, count(*) over (partition by t.transaction_id) as legs, d.kind as debit_kind,
               d.key as debit_key, c.kind as credit_kind
        from ledger_transfer t join ledger_account d on d.account_id = t.debit_account
        join ledger_account c on c.account_id = t.credit_account
        where t.posting in ('granted', 'moved', 'handed_over', 'donated', 'earmarked')
    )
    select coalesce(v.voucher_id, b.source_id)
    from (
        select v.*, f.account_id as account, o.account_id as to_account from voucher v
        left join fund_account f using (fund_id) left join fund_account o on o.fund_id = v.to_fund_id
        where v.kind <> 'corrected'
    ) as v full join booked b on b.transaction_id = v.transaction_id
    where case
        when v.status <> 'booked' then b.transaction_id is null
        else b.legs = 1 and (b.posting, b.amount, b.source_id) = (v.kind, v.amount, v.voucher_id)
          and case v.kind
            when 'granted' then b.debit_account = v.account
            when 'donated' then b.debit_account = v.account
            when 'handed_over' then b.credit_account = v.account and b.debit_key = v.programme
            else (b.debit_account, b.credit_account) = (v.to_account, v.account)
        end
    end is not true
"""

#: Corrections that did not turn round what stood, or booked anything but the right amount in its place.
_CORRECTIONS_ARE_LEDGER = """
    with correction as (
        select v.*, w.debit_account, w.credit_account, lag(v.amount, 1, w.amount) over (
            partition by v.corrects order by v.decided_at, v.voucher_id) as stood
        from voucher v join ledger_transfer w on w.transaction_id = v.corrects and w.leg = 1
        where v.kind = 'corrected' and v.status = 'booked'
    ), wanted as (
        select transaction_id, voucher_id, 'reversed' as posting, credit_account as debit_account,
               debit_account as credit_account, stood as amount from correction where stood > 0
        union all
        select transaction_id, voucher_id, 'corrected', debit_account, credit_account, amount
        from correction where amount > 0
    ), booked as (
        select transaction_id, source_id, posting, debit_account, credit_account, amount
        from ledger_transfer where posting in ('reversed', 'corrected')
    )
    (select voucher_id from (table wanted except all table booked) as missing)
    union all
    (select source_id as voucher_id from (table booked except all table wanted) as unasked)
    union all
    select voucher_id from voucher v where kind = 'corrected' and status = 'booked'
      and not exists (select from ledger_transfer w where w.transaction_id = v.corrects)
"""

#: Gifts whose state, amount or fund, as corrected, is not the ledger's; what was booked for none.
_GIFTS_ARE_LEDGER = """
    with booked as (
        select g.donation_id, t.posting, coalesce(c.amount, t.amount) as amount, f.fund_id
        from ledger_transfer t join ledger_account a on a.account_id = t.debit_account
        left join voucher g on g.voucher_id = t.source_id
        left join fund f on f.code = a.key and f.unit = a.unit
        left join lateral (
            select amount from voucher v where v.corrects = t.transaction_id and v.status = 'booked'
            order by v.decided_at desc limit 1) as c on true
        where t.posting in ('donated', 'earmarked')
    ), standing as (
        select donation_id,
               jsonb_agg(array[amount::text, fund_id::text]) filter (where posting = 'donated') as came,
               jsonb_agg(array[amount::text, fund_id::text]) filter (where posting = 'earmarked') as apart
        from booked where amount > 0 group by donation_id
    )
    select coalesce(g.donation_id, b.donation_id)
    from donation g full join standing b using (donation_id)
    where case
        when g.status in ('pledged', 'withdrawn') then b.donation_id is null
        else b.came = jsonb_build_array(array[g.amount::text, g.fund_id::text])
            and b.apart is not distinct from case when g.status = 'earmarked'
                then jsonb_build_array(array[g.amount::text, g.to_fund_id::text]) end
    end is not true
"""

LEDGER_INVARIANTS = (
    Invariant(2, "every transfer is between two accounts of its unit, as its posting says", _LEDGER_BALANCES),
    Invariant(15, "the balances shown are those of the transfers", _BALANCES_ARE_TRANSFERS),
    Invariant(16, "what is owed is what approved runs have pending", _OWED_IS_PENDING),
    Invariant(17, "no fund is overdrawn that may not be", _FUNDS_OVERDRAWN),
    Invariant(18, "every voucher stands where the ledger says", _VOUCHERS_ARE_LEDGER),
    Invariant(18, "every correction turns round what stood", _CORRECTIONS_ARE_LEDGER),
    Invariant(18, "every gift stands where the ledger says", _GIFTS_ARE_LEDGER),
)
