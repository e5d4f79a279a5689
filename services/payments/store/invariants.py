"""Promises of payments as SQL: each returns the ids of what breaks it, and should return nothing."""

from libs.common.runtime.invariants import Invariant
from services.payments.domain.instructions import RETURNED
from services.payments.domain.ledger import FUND, IN_TRANSIT, PAID, POSTINGS, VND
from services.payments.domain.partner_lines import ReportKind
from services.payments.domain.run_checks import HOLDS
from services.payments.domain.suspense import RELEASING, TOLD_TWICE
from services.payments.store import payees
from services.payments.store.campaign_invariants import CAMPAIGN_INVARIANTS
from services.payments.store.gift_invariants import GIFT_INVARIANTS
from services.payments.store.ledger_invariants import LEDGER_INVARIANTS
from services.payments.store.overpayment_invariants import OVERPAYMENT_INVARIANTS
from services.payments.store.suspense import UNRESOLVED

_OF_INSTRUCTIONS = ", ".join(f"'{name}'" for name, one in POSTINGS.items() if one.source == "pay")
_RELEASING = ", ".join(f"'{name}'" for name in RELEASING)
#: The account that an instruction `i` of a run on the fund `f` moves, by its kind.
_KEY = f"when '{FUND}' then f.code when '{IN_TRANSIT}' then i.agency_code when '{PAID}' then i.programme"

#: Runs whose money does not add up: of instructions by status, of lines, and in the run itself; instructions
#: that are said to pay other months than their lines.
_RUNS_ADD_UP = """
    with listed as (
        select run_id, count(*) as instructions, sum(amount_dong) as instructed,
               coalesce(sum(amount_dong) filter (where status = 'settled'), 0)
             + coalesce(sum(amount_dong) filter (where status = 'returned'), 0)
             + coalesce(sum(amount_dong) filter (where status = 'pending'), 0)
             + coalesce(sum(amount_dong) filter (where status = 'unknown'), 0) as accounted
        from instruction group by run_id
    ), filed as (
        select run_id, sum(payments) as payments, sum(amount_dong) as amount from payment_file group by run_id
    ), lined as (
        select instruction_id, sum(amount_dong) as amount, bool_or(returned) as any_returned,
               bool_and(returned) as all_returned,
               array_agg(distinct month order by month) as benefit_months
        from instruction_line group by instruction_id
    )
    select r.run_id from run r left join listed l using (run_id) left join filed f using (run_id)
    where r.status <> 'building' and (r.content_hash is not null or r.freed_at is not null) and (
        r.instructed_dong <> coalesce(l.accounted, 0) or r.instructions <> coalesce(l.instructions, 0)
        or coalesce(l.instructed, 0) <> coalesce(l.accounted, 0)
        or coalesce(f.payments, 0) <> r.instructions or coalesce(f.amount, 0) <> r.instructed_dong)
    union all
    select i.instruction_id from instruction i join run r using (run_id)
    left join lined n using (instruction_id)
    where n.amount is distinct from i.amount_dong or i.benefit_months <> n.benefit_months
       or (i.status = 'returned' or r.freed_at is not null) is distinct from n.all_returned
       or (i.status = 'returned' or r.freed_at is not null) is distinct from n.any_returned
    union all
    select n.instruction_id from lined n left join instruction i using (instruction_id)
    where i.instruction_id is null
"""

#: What a run pays of a difference may be paid by a later one again, as another part of the month came back.
_PAID_ONCE = """
    select person_id from instruction_line where not returned
    group by person_id, programme, month, campaign_id, difference_id,
             case when difference_id is not null then run_id end
    having count(*) > 1
"""

#: Instructions whose postings are not those of their way to their status, not of their amount, or between
#: accounts that are not their fund's, agency's and programme's.
_STATE_IS_LEDGER = f"""
    with booked as (
        select t.source_id as instruction_id, array_agg(t.posting order by t.posting) as postings,
               bool_and(t.amount = i.amount_dong and t.unit = '{VND}'
                        and d.key = case d.kind {_KEY} end and c.key = case c.kind {_KEY} end) as whole
        from ledger_transfer t
        join ledger_account d on d.account_id = t.debit_account
        join ledger_account c on c.account_id = t.credit_account
        left join instruction i on i.instruction_id = t.source_id
        left join run r using (run_id) left join fund f using (fund_id)
        where t.posting in ({_OF_INSTRUCTIONS})
        group by t.source_id
    )
    select i.instruction_id from instruction i join run r using (run_id) left join booked b
      using (instruction_id)
    where case
        when r.status in ('building', 'built', 'approved', 'withdrawn')
            then i.status = 'pending' and b.postings is null
        when i.status in ('pending', 'unknown') then b.whole and b.postings = '{{instructed}}'
        when i.status = 'settled' then b.whole and b.postings in
            ('{{instructed,settled}}', '{{instructed,returned,settled_late}}')
        else b.whole and b.postings in
            ('{{instructed,returned}}', '{{instructed,returned_after_settlement,settled}}',
             '{{instructed,returned,returned_after_settlement,settled_late}}')
    end is not true
    union all
    select t.transaction_id from ledger_transfer t left join instruction i on i.instruction_id = t.source_id
    where t.posting in ({_OF_INSTRUCTIONS}) and i.instruction_id is null
"""

#: Lines without a granted, confirmed or signed decision that pays this month this much, made before paying,
#: and those that went to another payee than the decision names: the person, who cares for them, the facility.
_DECIDED_BEFORE = """
    select l.instruction_id from instruction_line l
    join run r using (run_id)
    left join entitlement e on e.decision_id = l.decision_id
    left join signature s on s.decision_id = l.decision_id
    where l.decision_id is not null and (
          e.decision_id is null or e.outcome <> 'granted' or e.person_id <> l.person_id
       or e.programme <> l.programme or e.amount_dong <> l.amount_dong + l.withheld_dong
       or l.month < e.pays_from or l.month < e.effective_from
       or (e.status = 'proposed' and s.decision_id is null)
       or coalesce(s.signed_on, e.decided_on) > r.execute_on)
    union all
    select l.instruction_id from instruction_line l
    join instruction i using (instruction_id) join entitlement e on e.decision_id = l.decision_id
    where e.payee = 'facility' and i.payee_id <> e.facility_id
    union all
    select l.instruction_id from instruction_line l
    join instruction i using (instruction_id) join entitlement e on e.decision_id = l.decision_id
    where e.payee <> 'facility' and not exists (
        select from payout_account a
        where a.person_id = coalesce(e.payee_person_id, e.person_id) and a.payee_id = i.payee_id)
"""

_EVERY_FACT_TOLD = """
    with told as (select key, type from outbox where topic = 'ansinh.payments.run.v1'),
    due as (
        select run_id, unnest(case status
            when 'built' then array['RunBuilt']
            when 'approved' then array['RunBuilt', 'RunApproved']
            when 'instructing' then array['RunBuilt', 'RunApproved']
            when 'instructed' then array['RunBuilt', 'RunApproved', 'RunInstructed']
            when 'reconciled' then array['RunBuilt', 'RunApproved', 'RunInstructed', 'RunReconciled']
            when 'withdrawn' then array['RunWithdrawn']
                || case when built_at is not null then array['RunBuilt'] end
                || case when approved_at is not null then array['RunApproved'] end
            end) as type
        from run
    )
    select d.run_id from due d left join told t on t.key = d.run_id and t.type = d.type where t.key is null
    union all
    select t.key from told t left join due d on d.run_id = t.key and d.type = t.type
    where d.run_id is null and t.type <> 'MonthFactsClosed'
"""

#: Payments whose kept changes are not theirs, in number, order or end; changes without their events, and the
#: other way round; what nobody told within five minutes.
_EVERY_CHANGE_TOLD = """
    with kept as (
        select change_id, status, sequence, unnest(instruction_ids) as instruction_id from payment_change
        where agency_code not like 'SBX%'
    ), lived as (
        select instruction_id, count(*) as changes, max(sequence) as latest,
               (array_agg(status order by change_id desc))[1] as status,
               array_agg(sequence order by change_id) = array_agg(sequence order by sequence) as in_order
        from kept group by instruction_id
    )
    select i.instruction_id from instruction i join payment_file f using (file_id)
    left join lived l using (instruction_id)
    where case when f.status = 'planned' then l.changes is not null
          else (l.changes, l.latest, l.status, l.in_order)
               is distinct from (i.sequence::bigint, i.sequence, i.status, true) end
    union all
    select l.instruction_id from lived l left join instruction i using (instruction_id)
    where i.instruction_id is null
    union all
    select coalesce(k.run_id, md5(o.topic)::uuid) from (
        select 'ansinh.public.payments.' || agency_code || '.v1' as topic, sum(size) as events,
               min(run_id::text)::uuid as run_id
        from payment_change where last_place is not null group by 1
    ) as k full join (
        select topic, count(*) as events from outbox
        where topic like 'ansinh.public.payments.%' group by topic
    ) as o using (topic)
    where k.events is distinct from o.events
    union all
    select run_id from payment_change where last_place is null and recorded_at < now() - interval '5 minutes'
"""

#: Runs approved by nobody, by their maker or by who made a list of their campaign; unchecked, or with
#: something odd that no third identity accepted; whose content is no longer what was frozen and approved.
_APPROVED_BY_ANOTHER = f"""
    select run_id from run
    where status in ('approved', 'instructing', 'instructed', 'reconciled')
      and (checker_sub is null or checker_sub = maker_sub or approved_hash is distinct from content_hash
           or checked_at is null)
    union all
    select run_id from run join run_check using (run_id)
    where status in ('approved', 'instructing', 'instructed', 'reconciled')
      and kind in ({", ".join(repr(kind) for kind in HOLDS)})
      and (accepted_by_sub is null or accepted_by_sub in (maker_sub, checker_sub))
    union all
    select r.run_id from run r join campaign_list l using (campaign_id)
    where r.checker_sub = l.uploaded_by_sub and l.rows_taken > 0 and l.finished_at < r.approved_at
    union all
    select run_id from run where status not in ('building', 'withdrawn')
      and content_hash_of(run_id) <> content_hash
"""

#: Report lines that moved nothing or the same thing twice, moves without a line or a person's attribution,
#: reports that miscount.
_LINES_MATCHED_ONCE = f"""
    select l.report_id from report_line l
    left join ledger_transfer t on t.source_id = l.instruction_id and t.posting = l.posting
    where l.posting is not null and t.transaction_id is null
       or (l.posting is null) = (l.suspense_reason is null)
    union all
    select min(report_id::text)::uuid from report_line where posting is not null
    group by instruction_id, posting having count(*) > 1
    union all
    select t.transaction_id from ledger_transfer t
    left join report_line l on l.instruction_id = t.source_id and l.posting = t.posting
    where t.posting in ({_OF_INSTRUCTIONS}) and t.posting <> 'instructed' and l.report_id is null
      and not exists (select from suspense s where s.instruction_id = t.source_id
        and s.status = 'attributed' and s.outcome = case when t.posting like 'settled%' then 'settled'
                                                         else 'returned' end)
    union all
    select p.report_id from partner_report p left join (
        select report_id, count(*) as lines, count(*) filter (where suspense_reason is not null) as suspended
        from report_line group by report_id) l using (report_id)
    where p.lines <> coalesce(l.lines, 0) or p.suspended <> coalesce(l.suspended, 0)
       or p.lines <> p.settled + p.returned + p.suspended
"""

#: Lines that should be in suspense and are not, or the other way round; lines otherwise than the ledger says:
#: the money that they hold is booked in suspense, and out of it once they are resolved; nothing else is.
_SUSPENSE_IS_LEDGER = f"""
    with booked as (
        select source_id, array_agg(posting) as postings, min(amount) as least, max(amount) as most
        from ledger_transfer where posting = 'suspended' or posting in ({_RELEASING}) group by source_id
    )
    select coalesce(l.report_id, s.report_id) from report_line l
    full join suspense s on s.report_id = l.report_id and s.number = l.number
    where (l.suspense_reason is not null and l.suspense_reason <> 'duplicate')
          is distinct from (s.suspense_id is not null)
       or s.reason <> l.suspense_reason
       or s.suspense_id is not null and s.amount_dong is distinct from l.amount_dong
    union all
    select coalesce(s.suspense_id, b.source_id) from suspense s full join booked b
      on b.source_id = s.suspense_id
    where case when not s.held then b.source_id is null
          else b.least = s.amount_dong and b.most = s.amount_dong and cardinality(b.postings) = case
              when s.status in ({_RELEASING}) then 2 else 1 end
            and b.postings <@ array['suspended', s.status]
    end is not true
"""

#: Money that a notification and a statement both tell, held for each of them; or held for a payment while a
#: report booked it as returned.
_HELD_ONCE = f"""
    select s.suspense_id from suspense s
    join report_line l on l.reference = s.reference and l.amount_dong = s.amount_dong
      and l.outcome = '{RETURNED}' and l.posting is not null
    join partner_report told on told.report_id = l.report_id
      and (told.agency_code, told.province_code) = (s.agency_code, s.province_code)
    join instruction i on i.instruction_id = l.instruction_id and i.status = '{RETURNED}' {payees.JOINED}
    where s.held and s.{UNRESOLVED} and s.payee_index = {payees.INDEX}
    union all
    select s.suspense_id from suspense s join partner_report p using (report_id)
    join suspense o on (o.agency_code, o.province_code, o.reference, o.amount_dong)
      = (s.agency_code, s.province_code, s.reference, s.amount_dong)
    join partner_report q on q.report_id = o.report_id
    where s.held and o.held and p.kind = '{ReportKind.CAMT_053}' and q.kind = '{ReportKind.CAMT_054}'
      and (s.told_on, s.payee_index) is not distinct from (o.told_on, o.payee_index)
      and not (s.told_again or o.told_again) and '{TOLD_TWICE}' not in (s.status, o.status)
"""

_PERSONAL_TABLES_OPEN = """
    select c.relname from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'province_code' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
    and not (c.relrowsecurity and c.relforcerowsecurity)
"""

#: Runs whose summary differs from the ledger, by programme, or from the list, by commune and category.
_TOTALS_ARE_LEDGER = """
    with shown as (
        select run_id, programme, sum(instructed_dong) as instructed, sum(settled_dong) as settled,
               sum(returned_dong) as returned
        from run_total group by run_id, programme
    ), booked as (
        select i.run_id, i.programme,
            sum(t.amount) filter (where t.posting = 'instructed') as instructed,
            coalesce(sum(t.amount) filter (where t.posting in ('settled', 'settled_late')), 0)
              - coalesce(sum(t.amount) filter (where t.posting = 'returned_after_settlement'), 0) as settled,
            coalesce(sum(t.amount) filter (where t.posting in ('returned', 'returned_after_settlement')), 0)
              - coalesce(sum(t.amount) filter (where t.posting = 'settled_late'), 0) as returned
        from ledger_transfer t join instruction i on i.instruction_id = t.source_id
        group by i.run_id, i.programme
    ), listed as (
        select run_id, programme, commune_code, category, count(*) as lines, sum(amount_dong) as instructed,
               sum(standard_dong) as standard
        from instruction_line group by run_id, programme, commune_code, category
    ), summed as (
        select run_id, programme, commune_code, category, sum(lines) as lines,
               sum(instructed_dong) as instructed, sum(standard_dong) as standard
        from run_total group by run_id, programme, commune_code, category
    )
    select coalesce(s.run_id, b.run_id) as run_id
    from shown s full join booked b using (run_id, programme) left join run r on r.run_id = s.run_id
    where (r.status is null or r.status in ('instructing', 'instructed', 'reconciled')) and (
        s.instructed is distinct from b.instructed or s.settled is distinct from b.settled
        or s.returned is distinct from b.returned)
    union all
    select coalesce(l.run_id, s.run_id)
    from listed l full join summed s using (run_id, programme, commune_code, category)
    where (l.lines, l.instructed, l.standard) is distinct from (s.lines, s.instructed, s.standard)
    union all
    select coalesce(a.run_id, s.run_id) from (
        select run_id, sum(amount_dong) as unknown from instruction where status = 'unknown' group by run_id
    ) as a full join (
        select run_id, sum(unknown_dong) as unknown from run_total where unknown_dong <> 0 group by run_id
    ) as s using (run_id)
    where a.unknown is distinct from s.unknown
"""

INVARIANTS = (
    Invariant(1, "of each run, instructed = settled + returned + pending + unknown", _RUNS_ADD_UP),
    Invariant(3, "nobody is paid twice for a programme and month, or by a campaign", _PAID_ONCE),
    Invariant(4, "every instruction stands where the ledger says", _STATE_IS_LEDGER),
    Invariant(6, "every line has an earlier decision that grants it, to this payee", _DECIDED_BEFORE),
    Invariant(7, "every fact of a run stands in the log of events", _EVERY_FACT_TOLD),
    Invariant(7, "every change of a payment is told once, in order", _EVERY_CHANGE_TOLD),
    Invariant(9, "another identity approved exactly what was frozen", _APPROVED_BY_ANOTHER),
    Invariant(10, "each line of a report is matched once or in suspense", _LINES_MATCHED_ONCE),
    Invariant(10, "what waits in suspense stands where the ledger says", _SUSPENSE_IS_LEDGER),
    Invariant(10, "money that is told by two kinds of report is held once", _HELD_ONCE),
    Invariant(13, "row-level security is forced on every table with personal data", _PERSONAL_TABLES_OPEN),
    Invariant(14, "the totals shown are those of the ledger and of the list", _TOTALS_ARE_LEDGER),
    *CAMPAIGN_INVARIANTS,
    *GIFT_INVARIANTS,
    *LEDGER_INVARIANTS,
    *OVERPAYMENT_INVARIANTS,
)
