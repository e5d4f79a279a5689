"""A shard that fails is tried again later, and a run that is being built can be withdrawn.

The builders of the version before must have ended: they would build a shard of a run that was withdrawn.
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    # error: PostgreSQL's code of the last failure.
    op.execute(
        "alter table run_shard add column attempts smallint not null default 0,"
        " add column next_try_at timestamptz, add column error text"
    )
    op.execute("alter table run drop constraint run_check4")
    op.execute(
        "alter table run add constraint run_frozen check (case status"
        " when 'building' then content_hash is null when 'withdrawn' then true"
        " else content_hash is not null end)"
    )
