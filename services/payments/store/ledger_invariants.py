"""Promises of the ledger by itself, and of what it says that is owed."""

from libs.common.runtime.service import Invariant
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

#: Vouchers whose state or amount is not the ledger's; what was booked for a voucher that is not there.
_VOUCHERS_ARE_LEDGER = """
    with booked as (
        select source_id, min(transaction_id::text)::uuid as transaction_id,
               coalesce(sum(amount) filter (where posting <> 'reversed'), 0) as amount
        from ledger_transfer
        where posting in ('granted', 'moved', 'handed_over', 'corrected', 'reversed') group by source_id
    )
    select coalesce(v.voucher_id, b.source_id) from voucher v full join booked b on b.source_id = v.voucher_id
    where case when v.status = 'booked' then v.transaction_id = b.transaction_id and v.amount = b.amount
               else v.voucher_id is not null and b.source_id is null end is not true
"""

#: Gifts whose state or amount, as corrected, is not the ledger's; what was booked for none.
_GIFTS_ARE_LEDGER = """
    with booked as (
        select t.source_id, bool_or(t.posting = 'earmarked') as earmarked,
               max(coalesce(c.amount, t.amount)) filter (where t.posting = 'donated') as donated,
               max(t.amount) filter (where t.posting = 'earmarked') as apart
        from ledger_transfer t left join lateral (
            select amount from voucher v where v.corrects = t.transaction_id and v.status = 'booked'
            order by v.decided_at desc limit 1) as c on true
        where t.posting in ('donated', 'earmarked') group by t.source_id
    )
    select coalesce(g.donation_id, b.source_id)
    from donation g full join booked b on b.source_id = g.donation_id
    where case g.status
        when 'pledged' then b.source_id is null
        when 'withdrawn' then coalesce(b.donated, 0) = 0 and b.earmarked is not true
        when 'received' then b.donated = g.amount and not b.earmarked
        when 'earmarked' then b.donated = g.amount and b.apart = g.amount
    end is not true
"""

LEDGER_INVARIANTS = (
    Invariant(2, "every transfer is between two accounts of its unit, as its posting says", _LEDGER_BALANCES),
    Invariant(15, "the balances shown are those of the transfers", _BALANCES_ARE_TRANSFERS),
    Invariant(16, "what is owed is what approved runs have pending", _OWED_IS_PENDING),
    Invariant(17, "no fund is overdrawn that may not be", _FUNDS_OVERDRAWN),
    Invariant(18, "every voucher stands where the ledger says", _VOUCHERS_ARE_LEDGER),
    Invariant(18, "every gift stands where the ledger says", _GIFTS_ARE_LEDGER),
)
