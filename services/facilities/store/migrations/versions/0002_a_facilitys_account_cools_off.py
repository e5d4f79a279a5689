"""A facility's account that takes another's place has a term, as a person's has.

The version that runs meanwhile keeps none: an account that it changes is paid at once.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter table facility add column changed_on date, add column usable_from date")
