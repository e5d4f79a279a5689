"""A recalculated month is weighed again when its payments move, and its money ends its own debt.

The finder of overpayments of the version before must have ended: it would weigh once, by its own rule, what
is to be weighed anew. All else of payments waits while the index of lines that pay differences is made, for
which all lines are read once.
"""

from alembic import op

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    # What is not answered yet is put off, so that nobody reads it again and again.
    op.execute("alter table difference add column next_look_at timestamptz not null default now()")
    op.execute("drop index difference_unweighed")
    op.execute("create index difference_to_weigh on difference (next_look_at) where weighed_on is null")
    op.execute("grant update (next_look_at) on difference to payments_bulk")
    # What came back since it was weighed is found.
    op.execute("update difference set weighed_on = null")
    # A month that is weighed again may be overpaid again.
    op.execute("alter table overpayment drop constraint overpayment_difference_id_key")
    _closed()
    # What came back after its difference was paid falls due by the same difference, in a later run.
    op.execute("drop index difference_paid_once")
    op.execute(
        "create unique index difference_paid_once on instruction_line (person_id, programme, month,"
        " difference_id, run_id) where not returned and difference_id is not null"
    )


def _closed() -> None:
    # The day on which all of it was booked as kept back, paid back or remitted: nobody looks at it again.
    op.execute("alter table overpayment add column closed_on date")
    op.execute(
        "create function closes(overpayment uuid) returns boolean language sql stable parallel safe as $$"
        " select open_dong($1) = 0 and not exists (select from instalment i"
        " where i.overpayment_id = $1 and i.booked_on is null) $$"
    )
    op.execute("update overpayment set closed_on = current_date where closes(overpayment_id)")
    op.execute("create index overpayment_open on overpayment (overpayment_id) where closed_on is null")
    op.execute("grant update (closed_on) on overpayment to payments_app, payments_bulk")
