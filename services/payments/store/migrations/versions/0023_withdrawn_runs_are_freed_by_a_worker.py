"""The lines of a withdrawn run are freed by a worker; no request may free a line.

A campaign has one run that is not handed out yet, and may have others whose answers are awaited. A person
stands in a campaign once, by whatever number. The version that runs meanwhile can't withdraw a run.
"""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute("revoke update (returned) on instruction_line from payments_app")
    op.execute("alter table run add column freed_at timestamptz")
    op.execute("update run set freed_at = withdrawn_at where status = 'withdrawn'")
    op.execute("alter table run add constraint run_freed check (freed_at is null or status = 'withdrawn')")
    op.execute(
        "create index run_to_be_freed on run (province_code) where status = 'withdrawn' and freed_at is null"
    )
    op.execute("drop index run_open")
    op.execute(
        "create unique index run_open on run (province_code, order_key)"
        " where status not in ('reconciled', 'withdrawn')"
        " and (campaign_id is null or status <> 'instructed')"
    )
    op.execute("create unique index listed_once on campaign_recipient (campaign_id, person_id)")
