"""Building and checking a list costs less: ids that are derived of a key, and who is reported dead.

`derived_id` was declared immutable, which what it calls is not: so it was called for each payment instead
of being a part of the query, at two and a half times the cost. Payments that came back are few, and a list's
check read all lines that there are to find them.
"""

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.execute("alter function derived_id(text) stable")
    op.execute(
        "create index instruction_came_back on instruction (province_code) where return_reason is not null"
    )
