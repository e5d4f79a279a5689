"""A held line says whose account it names and whether the other kind of report told it too.

What the version that runs meanwhile keeps names no account: such a line is a twin only of one without any.
"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute(
        "alter table suspense add column payee_index bytea,"
        " add column told_again boolean not null default false,"
        " drop constraint suspense_status_check, drop constraint suspense_resolution_check,"
        " drop constraint suspense_check5,"
        " add constraint suspense_status_check check (status in ("
        " 'waiting', 'proposed', 'approved', 'attributed', 'sent_back', 'told_twice', 'dismissed')),"
        " add constraint suspense_resolution_check check (resolution in ("
        " 'attributed', 'sent_back', 'told_twice', 'dismissed')),"
        " add constraint resolved_as_approved check ("
        " status not in ('attributed', 'sent_back', 'told_twice', 'dismissed') or status = resolution)"
    )
    op.execute("create index suspense_held on suspense (agency_code, reference) where held")
    op.execute("grant update (told_again) on suspense to payments_bulk")
