"""Each change of an instruction's status is kept, in the transaction that makes it, to be told outside.

Triggers do it: whatever changes a status tells it, in sets, and the version that runs meanwhile tells its
changes too. What was paid before is told as it stands: instructed, and then as it is now.
"""

from alembic import op

from libs.common.runtime import frame
from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0004"
down_revision = "0003"

#: domain.payment_events.GROUP_MAX
_GROUP_MAX = 1000

#: Groups of what changed alike; numbers and codes in a group are equally long, so that its events are too.
_KEEP = f"""
    insert into payment_change (agency_code, province_code, run_id, status, sequence, reason, occurred_on,
                                benefit_months, instruction_ids, amounts_dong, commune_codes)
    select agency_code, province_code, run_id, status, sequence, reason, occurred_on, benefit_months,
           array_agg(instruction_id order by nth), array_agg(amount_dong order by nth),
           array_agg(commune_code order by nth)
    from (
        select *, length(amount_dong::text) as digits, length(commune_code) as letters, row_number() over (
            partition by agency_code, province_code, run_id, status, sequence, reason, occurred_on,
                         benefit_months, length(amount_dong::text), length(commune_code)
            order by instruction_id) - 1 as nth
        from ({{changed}}) as changed
    ) as numbered
    group by agency_code, province_code, run_id, status, sequence, reason, occurred_on, benefit_months,
             digits, letters, nth / {_GROUP_MAX}
    order by sequence
"""
_MONTHS = """
    join lateral (
        select array_agg(distinct month order by month) as benefit_months from instruction_line l
        where l.run_id = i.run_id and l.instruction_id = i.instruction_id
    ) as lines on true
"""
#: A code of ISO 20022 or a word of ours; anything else that a partner wrote stays inside.
_REASON = (
    "case when i.return_reason ~ '^([A-Z][A-Z][A-Z0-9][A-Z0-9]|not_met|deceased|moved|refused)$'"
    " then i.return_reason when i.return_reason is not null then 'other' end"
)
_CHANGED_ON = "coalesce(i.changed_on, i.settled_on, (now() at time zone 'Asia/Ho_Chi_Minh')::date)"
_COLUMNS = "i.instruction_id, i.agency_code, i.province_code, i.run_id, i.amount_dong, i.commune_code"
_INSTRUCTED = f"""
    select {_COLUMNS}, 'pending' as status, 1 as sequence, null as reason, r.execute_on as occurred_on,
           benefit_months
    from {{files}} join instruction i using (file_id) join run r on r.run_id = i.run_id {_MONTHS}
"""
_MOVED = f"""
    select {_COLUMNS}, i.status, i.sequence, {_REASON} as reason, {_CHANGED_ON} as occurred_on, benefit_months
    from {{moved}} {_MONTHS}
"""


def upgrade() -> None:
    _tables()
    _tell_what_was()
    _triggers()
    frame.protect(op, "payment_change")
    op.execute("grant select, insert on payment_change to payments_bulk")
    op.execute("grant update (last_place, told_at) on payment_change to payments_bulk")
    op.execute("grant select on payment_change to payments_app")
    op.execute("grant update (changed_on) on instruction to payments_bulk")


def _tables() -> None:
    # sequence: how many changes it had, being instructed the first. changed_on: the day of the latest.
    op.execute(
        "alter table instruction add column sequence smallint not null default 1, add column changed_on date"
    )
    op.execute(
        """
        create table payment_change (
            -- Grows in the order of the changes of any one instruction.
            change_id bigint generated always as identity primary key,
            agency_code text not null,
            province_code text not null,
            run_id uuid not null,
            status text not null,
            sequence smallint not null,
            reason text,
            occurred_on date not null,
            benefit_months date[] not null,
            instruction_ids uuid[] not null,
            amounts_dong bigint[] not null,
            commune_codes text[] not null,
            size integer not null generated always as (cardinality(instruction_ids)) stored,
            recorded_at timestamptz not null default now(),
            -- The number of its last event among all that were told; null until it is told.
            last_place bigint unique,
            told_at timestamptz
        )
        """
    )
    op.execute("create index payment_change_untold on payment_change (change_id) where last_place is null")
    op.execute("create index payment_change_by_agency on payment_change (agency_code, last_place)")


def _tell_what_was() -> None:
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    op.execute("update instruction set sequence = 2 where status <> 'pending'")
    written = "(select file_id from payment_file where status <> 'planned') as f"
    op.execute(_KEEP.format(changed=_INSTRUCTED.format(files=written)))
    op.execute(_KEEP.format(changed=_MOVED.format(moved="instruction i") + " where i.status <> 'pending'"))


def _triggers() -> None:
    op.execute(
        """
        create function instruction_moves() returns trigger language plpgsql as $$
        begin
            new.sequence := old.sequence + 1;
            return new;
        end $$
        """
    )
    op.execute(
        "create trigger moves before update of status on instruction for each row"
        " when (old.status is distinct from new.status) execute function instruction_moves()"
    )
    moved = "fresh i join stale using (instruction_id)"
    changed = {
        ("instruction", "instruction_moved"): _MOVED.format(moved=moved)
        + " where i.status is distinct from stale.status",
        ("payment_file", "file_readied"): _INSTRUCTED.format(files="fresh f join stale using (file_id)")
        + " where stale.status = 'planned' and f.status <> 'planned'",
    }
    for (table, name), statement in changed.items():
        op.execute(
            f"create function {name}() returns trigger language plpgsql as $$ begin"
            f" {_KEEP.format(changed=statement)}; return null; end $$"
        )
        op.execute(
            f"create trigger told after update on {table} referencing new table as fresh old table as stale"
            f" for each statement execute function {name}()"
        )
