"""What banks said of the names that are stated for accounts.

The version that runs meanwhile asks nobody, and checks its runs as before.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0035"
down_revision = "0034"

_KINDS = (
    "'new', 'changed', 'stopped', 'arrears', 'amount_jump', 'shared_account', 'resident_at_home',"
    " 'reported_deceased', 'account_name', 'large_amount'"
)


def upgrade() -> None:
    for table in ("run_finding", "run_check"):
        name = f"{table}_kind_check"
        op.execute(f"alter table {table} drop constraint {name}")
        op.execute(f"alter table {table} add constraint {name} check (kind in ({_KINDS})) not valid")
        op.execute(f"alter table {table} validate constraint {name}")
    op.execute(
        """
        create table account_name (
            -- A version of an account, which nobody changes: its number and name are what was asked about.
            account_id uuid not null,
            version integer not null,
            agency_code text not null,
            province_code text not null,
            attempts integer not null,
            -- Nobody asks before: another worker is at it, or the bank is to rest.
            next_at timestamptz not null,
            outcome text check (outcome in ('match', 'close', 'no_match', 'unknown_account', 'no_answer')),
            answered_at timestamptz,
            primary key (account_id, version),
            check ((outcome is null) = (answered_at is null))
        )
        """
    )
    frame.protect(op, "account_name")
    op.execute("grant select, insert on account_name to payments_bulk")
    op.execute("grant update (attempts, next_at, outcome, answered_at) on account_name to payments_bulk")
