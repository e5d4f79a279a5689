"""The term in which an account cools off is kept, so that the same account told anew stays in it.

The version that runs meanwhile keeps no term. An account that it changes, or that was changed before, is paid
at once where it is told anew within its first days.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter table payout_account add column changed_on date, add column usable_from date")
