"""An instruction keeps the months that it pays.

They never change, and were gathered from its lines for its file and for each of its changes: half of what a
change cost. What was built before has none, and so has what the version that runs meanwhile builds: its
months are still gathered.
"""

from alembic import op

revision = "0046"
down_revision = "0045"

#: domain.payment_events.GROUP_MAX
_GROUP_MAX = 1000

#: Numbers and codes in a group are equally long, so that its events are too.
_KEEP = f"""
    insert into payment_change (agency_code, province_code, run_id, status, sequence, reason, occurred_on,
                                benefit_months, instruction_ids, amounts_dong, commune_codes)
    select any_value(agency_code), any_value(province_code), any_value(run_id), any_value(status),
           min(sequence), any_value(reason), any_value(occurred_on), any_value(benefit_months),
           array_agg(instruction_id order by nth), array_agg(amount_dong order by nth),
           array_agg(commune_code order by nth)
    from (
        select *, row_number() over (partition by alike order by instruction_id) - 1 as nth
        from (
            select *, concat_ws('|', agency_code, province_code, run_id, status, sequence,
                coalesce(reason, ''), occurred_on, benefit_months, length(amount_dong::text),
                length(commune_code)) as alike
            from ({{changed}}) as changed
        ) as compared
    ) as numbered
    group by alike, nth / {_GROUP_MAX}
    order by min(sequence)
"""
#: A code of ISO 20022 or a word of ours; anything else that a partner wrote stays inside.
_REASON = (
    "case when i.return_reason ~ '^([A-Z][A-Z][A-Z0-9][A-Z0-9]|not_met|deceased|moved|refused)$'"
    " then i.return_reason when i.return_reason is not null then 'other' end"
)
_CHANGED_ON = "coalesce(i.changed_on, i.settled_on, (now() at time zone 'Asia/Ho_Chi_Minh')::date)"
_COLUMNS = """
    i.instruction_id, i.agency_code, i.province_code, i.run_id, i.amount_dong, i.commune_code,
    coalesce(i.benefit_months, (
        select array_agg(distinct l.month order by l.month) from instruction_line l
        where l.run_id = i.run_id and l.instruction_id = i.instruction_id)) as benefit_months
"""
_CHANGED = {
    "file_readied": f"""
        select {_COLUMNS}, 'pending' as status, 1 as sequence, null as reason, r.execute_on as occurred_on
        from fresh f join stale using (file_id) join instruction i using (file_id)
        join run r on r.run_id = i.run_id
        where stale.status = 'planned' and f.status <> 'planned'
    """,
    "instruction_moved": f"""
        select {_COLUMNS}, i.status, i.sequence, {_REASON} as reason, {_CHANGED_ON} as occurred_on
        from fresh i join stale using (instruction_id)
        where i.status is distinct from stale.status
    """,
}


def upgrade() -> None:
    op.execute("alter table instruction add column benefit_months date[]")
    for name, changed in _CHANGED.items():
        op.execute(
            f"create or replace function {name}() returns trigger language plpgsql as $$ begin"
            f" {_KEEP.format(changed=changed)}; return null; end $$"
        )
