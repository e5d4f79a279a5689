"""Which parts have everybody's facts packed in which layout: who reads a part first packs what is lacking.

Facts that were kept before 0002 have no packed row until then. The version that runs meanwhile packs whatever
it keeps, and does not read this table.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("create table packed_part (part smallint primary key, layout smallint not null)")
    op.execute("grant select, insert, update on packed_part to eligibility_bulk")
