"""A payment's status stands in no index, so that its change touches none.

An index of the unknown ones named the status: each change wrote all indexes of its row anew, and the room
that pages keep for it was of no use. Who asks for the unknown ones of a file reads its payments, 10,000 at
most; what runs meanwhile does so as well.
"""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("drop index instruction_unknown")
