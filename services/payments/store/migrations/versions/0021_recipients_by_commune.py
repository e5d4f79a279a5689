"""Recipients of a campaign are found by commune: for each shard of its runs, and for each hand-over.

The version that runs meanwhile waits with its lists while the index is made.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("create index recipient_by_commune on campaign_recipient (campaign_id, commune_code)")
