"""What a sandbox made lately is found by its time.

Nothing of the version that runs meanwhile asks for it.
"""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute(
        "create index sandbox_changes on payment_change (agency_code, recorded_at)"
        " where agency_code like 'SBX%'"
    )
