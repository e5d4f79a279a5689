"""On which civil day a bank said whose an account is: money that arrived before says nothing of it.

What was answered before this column counts as answered before all payments, as it did. The version that runs
meanwhile does not name it.
"""

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.execute("alter table account_name add column answered_on date")
    op.execute("grant update (answered_on) on account_name to payments_bulk")
