"""A fund names the account that banks debit for it. Those of before are paid from their province's."""

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.execute(
        "alter table fund add column account_number text"
        " check (account_number is null or account_number ~ '^[A-Za-z0-9]{6,34}$' and unit = 'VND')"
    )
