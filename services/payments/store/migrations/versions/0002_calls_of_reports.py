"""How often a waiting report was called: one that breaks its reader goes after all others."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter table partner_report add column attempts integer not null default 0")
    op.execute("drop index report_waiting")
    op.execute(
        "create index report_waiting on partner_report (attempts, report_id) where status = 'received'"
    )
