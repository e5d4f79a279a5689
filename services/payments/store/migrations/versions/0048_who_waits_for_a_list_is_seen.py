"""Requests see whether a province has people to be paid in a month: no person, no amount."""

from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.execute("grant select (province_code, programme, outcome, pays_from) on entitlement to payments_app")
