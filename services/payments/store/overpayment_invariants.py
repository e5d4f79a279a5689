"""Promises about what differences come to: arrears, and what was paid without being due."""

from libs.common.runtime.invariants import Invariant
from services.payments.domain.ledger import OVERPAYMENT, POSTINGS

_OF_OVERPAYMENTS = ", ".join(
    f"'{name}'" for name, one in POSTINGS.items() if OVERPAYMENT in (one.debit, one.credit)
)

#: Lines that pay a difference and are not of it, more than their month comes to with what was given back of
#: it, told of too late, or to another payee: the person, who cares for them, the facility.
_ARREARS_ARE_DIFFERENCES = """
    select l.instruction_id from instruction_line l
    join instruction i using (instruction_id) join run r on r.run_id = l.run_id
    left join difference d on d.difference_id = l.difference_id
    where l.difference_id is not null and (
          d.difference_id is null or d.applied_on > r.execute_on
       or l.amount_dong > d.due_dong + given_back_dong(l.person_id, l.programme, l.month)
       or (d.person_id, d.programme, d.month) <> (l.person_id, l.programme, l.month)
       or case when d.payee = 'facility' then i.payee_id <> d.facility_id else not exists (
            select from payout_account a
            where a.person_id = coalesce(d.payee_person_id, d.person_id) and a.payee_id = i.payee_id) end)
"""

#: Recalculated months of which more stands than they come to, though all that moved has been weighed since.
_NO_MORE_STANDS = """
    select l.difference_id from (
        select distinct on (person_id, programme, month) * from difference
        order by person_id, programme, month, recalculation_id desc
    ) as l
    where l.due_dong < standing_dong(l.person_id, l.programme, l.month) and not exists (
        select from difference d where d.person_id = l.person_id and d.programme = l.programme
          and d.month = l.month and d.weighed_on is null)
"""

#: Overpayments, instalments and recoveries of which not exactly what they say is booked; bookings of none.
_OVERPAYMENTS_ARE_LEDGER = f"""
    with said as (
        select overpayment_id as source_id, 'overpaid' as posting, amount_dong, programme, province_code
        from overpayment
        union all
        select i.instalment_id, 'set_off', i.amount_dong, o.programme, o.province_code
        from instalment i join overpayment o using (overpayment_id) where i.booked_on is not null
        union all
        select r.recovery_id, r.kind, r.amount_dong, o.programme, o.province_code
        from recovery r join overpayment o using (overpayment_id)
        where r.kind <> 'plan' and r.status = 'booked'
    ), booked as (
        select t.source_id, t.posting, t.amount, t.province_code, a.key as programme
        from ledger_transfer t join ledger_account a on a.kind = '{OVERPAYMENT}'
          and a.account_id in (t.debit_account, t.credit_account)
        where t.posting in ({_OF_OVERPAYMENTS})
    )
    select coalesce(s.source_id, b.source_id) from said s
    full join booked b on b.source_id = s.source_id and b.posting = s.posting
    where (s.amount_dong, s.programme, s.province_code)
          is distinct from (b.amount, b.programme, b.province_code)
"""

#: Overpayments that more came back of than they are, of another month than their difference, or closed too
#: soon; months of which not what their lines say was kept back; what a withdrawn list still keeps.
_OVERPAYMENTS_ADD_UP = """
    select o.overpayment_id from overpayment o left join difference d using (difference_id)
    where open_dong(o.overpayment_id) < 0 or d.difference_id is null
       or (d.person_id, d.programme, d.month) <> (o.person_id, o.programme, o.month)
       or o.closed_on is not null and not closes(o.overpayment_id)
    union all
    select l.instruction_id from instruction_line l left join (
        select person_id, programme, month, sum(amount_dong) as amount from instalment group by 1, 2, 3
    ) as i using (person_id, programme, month)
    where l.decision_id is not null and not l.returned and l.withheld_dong <> coalesce(i.amount, 0)
      and not exists (select from difference d where d.person_id = l.person_id
        and d.programme = l.programme and d.month = l.month)
    union all
    select i.instalment_id from instalment i join run r using (run_id)
    where r.freed_at is not null
       or (i.booked_on is null) <> (r.status in ('building', 'built', 'approved', 'withdrawn'))
"""

OVERPAYMENT_INVARIANTS = (
    Invariant(3, "of a recalculated month no more stands than it comes to", _NO_MORE_STANDS),
    Invariant(6, "every line that pays a difference is of it, to its payee", _ARREARS_ARE_DIFFERENCES),
    Invariant(19, "what was overpaid stands where the ledger says", _OVERPAYMENTS_ARE_LEDGER),
    Invariant(19, "overpaid = kept back + paid back + remitted + open", _OVERPAYMENTS_ADD_UP),
)
