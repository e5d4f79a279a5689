"""Promises of campaigns: who is paid or handed something by one is on its list, by its terms, and once."""

from libs.common.runtime.invariants import Invariant

#: Lines that no approved campaign of the run grants: of another amount or month, to somebody who is not on
#: its list in that group, to another payee than the list gives, paid before it was open.
_GRANTED_BY_CAMPAIGN = """
    select l.instruction_id from instruction_line l
    join run r using (run_id) join instruction i using (instruction_id)
    left join campaign c on c.campaign_id = l.campaign_id
    left join campaign_group g on g.campaign_id = l.campaign_id and g.code = l.category
    left join campaign_recipient p on p.campaign_id = l.campaign_id and p.person_key = i.payee_id
    where (l.campaign_id is not null or r.campaign_id is not null) and (
        l.campaign_id = r.campaign_id and c.checker_sub is not null and c.programme = l.programme
        and g.amount = l.amount_dong and p.person_id = l.person_id and p.group_code = l.category
        and i.account_id = p.person_key and i.channel = p.channel and i.agency_code = p.agency_code
        and l.month >= date_trunc('month', c.opens_on)
        and l.month < date_trunc('month', c.opens_on) + make_interval(months => c.months)
        and coalesce(r.execute_on >= c.opens_on, true)) is not true
"""

#: What is handed over is what its voucher says; nobody is handed a month's twice.
_HANDED_OVER_ONCE = """
    select v.voucher_id from (
        select h.voucher_id, count(*) as people, sum(g.amount) as amount
        from campaign_handed h left join campaign_recipient r using (campaign_id, person_key)
        left join campaign_group g on g.campaign_id = r.campaign_id and g.code = r.group_code
        group by h.voucher_id
    ) as h left join voucher v using (voucher_id)
    where (v.kind = 'handed_over' and v.amount = h.amount and v.recipients = h.people) is not true
    union all
    select h.person_key from campaign_handed h join voucher v using (voucher_id) where v.status <> 'withdrawn'
    group by h.campaign_id, h.person_key, h.month having count(*) > 1
"""

_LISTED_ARE_RECIPIENTS = """
    with listed as (
        select campaign_id, group_code, commune_code, channel, count(*) as people
        from campaign_recipient group by campaign_id, group_code, commune_code, channel
    )
    select coalesce(l.campaign_id, s.campaign_id)
    from listed l full join campaign_listed s using (campaign_id, group_code, commune_code, channel)
    where l.people is distinct from s.people
    union all
    select x.list_id from campaign_list x left join (
        select list_id, count(*) as people from campaign_recipient group by list_id) r using (list_id)
    where x.rows_taken <> coalesce(r.people, 0)
"""

#: Campaigns approved by their maker or by nobody, or whose terms are no longer what was approved: the digest
#: of domain/campaigns.py.
_APPROVED_BY_ANOTHER = """
    select c.campaign_id from campaign c join lateral (
        select string_agg(concat_ws(E'\\x1f', code, name, amount), E'\\x1f' order by code collate "C") as told
        from campaign_group g where g.campaign_id = c.campaign_id
    ) as groups on true
    where c.status in ('approved', 'closed') and (
        c.checker_sub <> c.maker_sub and c.approved_hash = c.content_hash
        and c.content_hash = encode(sha256(convert_to(array_to_string(array[
            code, name, programme, province_code, legal_basis, article, opens_on::text, closes_on::text,
            months::text, fund_id::text, coalesce(only_one_of, ''), told], E'\\x1f', ''), 'UTF8')), 'hex')
    ) is not true
"""

CAMPAIGN_INVARIANTS = (
    Invariant(9, "another identity approved a campaign exactly as it is", _APPROVED_BY_ANOTHER),
    Invariant(6, "every line of a campaign's run is granted by its terms and list", _GRANTED_BY_CAMPAIGN),
    Invariant(3, "nobody is handed a campaign's goods twice", _HANDED_OVER_ONCE),
    Invariant(14, "who is shown as listed is on the list", _LISTED_ARE_RECIPIENTS),
)
