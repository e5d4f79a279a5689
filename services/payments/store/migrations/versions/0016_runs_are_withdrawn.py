"""A run that is not booked yet can be withdrawn, and its months fall due again.

The version that runs meanwhile never withdraws, and reads such a run as one that waits for ever.
"""

from alembic import op

revision = "0016"
down_revision = "0015"

_STATUSES = "'building', 'built', 'approved', 'instructing', 'instructed', 'reconciled', 'withdrawn'"


def upgrade() -> None:
    op.execute(
        "alter table run add column withdrawn_by_sub text, add column withdrawn_at timestamptz,"
        " add column withdrawal_reason text"
    )
    op.execute("alter table run drop constraint run_status_check")
    op.execute(f"alter table run add constraint run_status_check check (status in ({_STATUSES}))")
    op.execute("alter table run drop constraint run_check3")
    op.execute(
        "alter table run add constraint run_checked check (case status"
        " when 'building' then checker_sub is null when 'built' then checker_sub is null"
        " when 'withdrawn' then true else checker_sub is not null end)"
    )
    op.execute(
        "alter table run add constraint run_withdrawn"
        " check ((status = 'withdrawn') = (withdrawn_by_sub is not null))"
    )
    op.execute("drop index run_open")
    op.execute(
        "create unique index run_open on run (province_code, order_key)"
        " where status not in ('reconciled', 'withdrawn')"
    )
    op.execute("grant update (returned) on instruction_line to payments_app")
