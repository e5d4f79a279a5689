"""The terms that ran when accounts began to keep them: what was told last of each account has them.

The version that runs meanwhile is none the worse for it.
"""

from alembic import op

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    op.execute(
        """
        with told as (
            select distinct on (key) key, convert_from(data, 'UTF8')::jsonb as data from outbox
            where topic = 'ansinh.registry.payout-account.v1' and recorded_at > now() - interval '31 days'
              and type = 'PayoutAccountRecorded'
            order by key, id desc
        )
        update payout_account a set changed_on = (t.data ->> 'changed_on')::date,
            usable_from = (t.data ->> 'usable_from')::date
        from told t
        where a.person_id = t.key and a.version = (t.data ->> 'version')::int and a.usable_from is null
          and t.data ->> 'usable_from' is not null
        """
    )
