"""Who lives in a commune is found by an index: lists of gifts go through people in the order of their ids.

What runs meanwhile reads on; people whose facts come in wait until the index is built.
"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("create index person_facts_by_place on person_facts (province_code, commune_code, person_id)")
