"""The sandbox: made-up files of partners whose codes begin with SBX, which no money ever goes to.

Their payments are no instructions and stand in no ledger; only their changes are told, as real ones are.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        """
        create table sandbox_file (
            file_id uuid primary key,
            run_id uuid not null,
            agency_code text not null check (agency_code like 'SBX%'),
            kind text not null check (kind in ('pain.001', 'post-list')),
            month date not null,
            execute_on date not null,
            made_at timestamptz not null
        )
        """
    )
    op.execute("create index sandbox_file_by_agency on sandbox_file (agency_code, made_at)")
    op.execute(
        """
        create table sandbox_payment (
            instruction_id uuid primary key,
            file_id uuid not null references sandbox_file on delete cascade,
            number integer not null,
            amount_dong bigint not null check (amount_dong > 0),
            status text not null default 'pending' check (status in ('pending', 'settled', 'returned')),
            sequence smallint not null default 1,
            reason text,
            changed_on date not null,
            unique (file_id, number)
        )
        """
    )
    # With the schema owner's rights: the role that serves requests may tell of nothing else.
    op.execute(
        """
        create function sandbox_changed() returns trigger language plpgsql security definer
        set search_path = public, pg_temp as $$
        begin
            insert into payment_change (agency_code, province_code, run_id, status, sequence, reason,
                                        occurred_on, benefit_months, instruction_ids, amounts_dong,
                                        commune_codes)
            select f.agency_code, '01', f.run_id, p.status, p.sequence, p.reason, p.changed_on,
                   array[f.month], array[p.instruction_id], array[p.amount_dong], array['00001']
            from fresh p join sandbox_file f using (file_id) order by p.number;
            return null;
        end $$
        """
    )
    for event in ("insert", "update"):
        op.execute(
            f"create trigger told_{event} after {event} on sandbox_payment referencing new table as fresh"
            " for each statement execute function sandbox_changed()"
        )
    op.execute("grant select, insert, delete on sandbox_file to payments_app")
    op.execute("grant select, insert on sandbox_payment to payments_app")
    op.execute("grant update (status, sequence, reason, changed_on) on sandbox_payment to payments_app")
