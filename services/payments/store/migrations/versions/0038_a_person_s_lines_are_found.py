"""A person's lines are found by one index, whatever granted them and whatever became of them.

`paid_once` had served for those that stand; since differences have an index of their own it holds only what
decisions granted, and each list that came back from a post office read all lines of the nation. What runs
meanwhile reads on; lists are neither built nor answered until the index is there.
"""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.execute("create index line_of_person on instruction_line (person_id)")
    op.execute("drop index returned_line")
