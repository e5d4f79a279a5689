"""The signature of what a partner hands in is kept beside its content.

The version that runs meanwhile keeps none.
"""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute("alter table partner_report add column signature text")
