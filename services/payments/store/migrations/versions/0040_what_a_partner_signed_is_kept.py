"""The signature of what a partner hands in is kept beside its content.

The version that runs meanwhile keeps none.
"""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.execute("alter table partner_report add column signature text")
