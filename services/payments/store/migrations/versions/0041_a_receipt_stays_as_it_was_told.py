"""A receipt that is attributed keeps the payment that was told for it, beside the one that it is of.

What the version that runs meanwhile attributes stands as told for the other payment.
"""

from alembic import op

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute("alter table collection add column attributed_id uuid")
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    # First: what was told names payments that others were attributed to.
    op.execute("drop index one_receipt")
    op.execute(
        """
        update collection c set attributed_id = c.instruction_id, instruction_id = s.named_id
        from suspense s
        where s.report_id = c.report_id and s.reference = c.receipt and s.status = 'attributed'
          and c.status = 'taken' and s.named_id <> c.instruction_id
        """
    )
    op.execute(
        "create unique index one_receipt on collection (coalesce(attributed_id, instruction_id))"
        " where status <> 'suspended'"
    )
    op.execute("grant update (attributed_id) on collection to payments_bulk")
