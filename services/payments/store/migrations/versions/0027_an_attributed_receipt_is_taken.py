"""A receipt that waited in suspense is taken once it is attributed; those that are already become so.

What the version that runs meanwhile attributes stays as if it waited.
"""

from alembic import op

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute("grant update (instruction_id) on collection to payments_bulk")
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    op.execute(
        """
        update collection c set status = 'taken', instruction_id = s.instruction_id
        from (
            select distinct on (instruction_id) report_id, reference, instruction_id from suspense
            where status = 'attributed' and outcome = 'settled' order by instruction_id, suspense_id
        ) as s
        where s.report_id = c.report_id and s.reference = c.receipt and c.status = 'suspended'
          and not exists (select from collection o where o.instruction_id = s.instruction_id
                            and o.status <> 'suspended')
        """
    )
