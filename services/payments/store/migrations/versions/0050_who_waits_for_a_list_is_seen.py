"""Requests see whether a province has people to be paid in a month: no person, no amount."""

from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.execute("grant select (province_code, programme, outcome, pays_from) on entitlement to payments_app")
