"""What a bank is to be asked is queued once for each list, and a bank that is away rests as a whole.

The asker of the version that runs meanwhile fails, since columns of its are gone; lists wait for the new one.
"""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.execute("alter table run add column names_queued_at timestamptz")
    op.execute(
        """
        create table name_bank (
            agency_code text primary key,
            -- Questions since it last answered.
            attempts integer not null default 0,
            -- Nobody asks before: another worker is at it, or the bank is to rest.
            next_at timestamptz not null
        )
        """
    )
    op.execute("grant select, insert on name_bank to payments_bulk")
    op.execute("grant update (attempts, next_at) on name_bank to payments_bulk")
    op.execute("alter table account_name drop column attempts, drop column next_at")
    op.execute(
        "create index account_name_queued on account_name (agency_code, province_code) where outcome is null"
    )
