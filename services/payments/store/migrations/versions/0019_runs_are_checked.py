"""What is found in a run before it is paid, and who accepted what is odd.

Runs that are there count as checked. The version that runs meanwhile approves without looking.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0019"
down_revision = "0018"

_KINDS = (
    "'new', 'changed', 'stopped', 'arrears', 'amount_jump', 'shared_account', 'resident_at_home',"
    " 'reported_deceased', 'large_amount'"
)


def upgrade() -> None:
    op.execute("alter table run add column checked_at timestamptz")
    op.execute("update run set checked_at = built_at where built_at is not null")
    op.execute("create index run_unchecked on run (built_at) where status = 'built' and checked_at is null")
    op.execute(
        f"""
        create table run_finding (
            run_id uuid not null,
            number bigint generated always as identity,
            kind text not null check (kind in ({_KINDS})),
            programme text not null,
            person_id uuid,
            instruction_id uuid,
            month date,
            before_dong bigint not null,
            amount_dong bigint not null,
            commune_code text not null,
            province_code text not null,
            primary key (run_id, kind, number)
        )
        """
    )
    op.execute(
        f"""
        create table run_check (
            run_id uuid not null,
            kind text not null check (kind in ({_KINDS})),
            province_code text not null,
            findings integer not null,
            before_dong bigint not null,
            amount_dong bigint not null,
            accepted_by_sub text,
            reason text,
            accepted_at timestamptz,
            primary key (run_id, kind),
            check ((accepted_by_sub is null) = (reason is null)),
            check ((accepted_by_sub is null) = (accepted_at is null))
        )
        """
    )
    for table in ("run_finding", "run_check"):
        frame.protect(op, table)
    op.execute("grant select on run_finding, run_check to payments_app, payments_bulk")
    op.execute("grant insert on run_finding, run_check to payments_bulk")
    op.execute("grant update (accepted_by_sub, reason, accepted_at) on run_check to payments_app")
