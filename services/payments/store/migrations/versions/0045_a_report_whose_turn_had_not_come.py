"""How often a report was called before its turn: these are no attempts at it, and reports on a file are taken
in the order in which they came unless one was attempted in vain.

The version that runs meanwhile counts each call as an attempt.
"""

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.execute("alter table partner_report add column passed_over integer not null default 0")
