"""E-wallets are a channel, and what passes between us and their operators is kept by batch.

The version that runs meanwhile would list at the post office what goes to a wallet; it hears of none before
the registry's new version runs, so this one comes first.
"""

from alembic import op

revision = "0029"
down_revision = "0028"

_CHANNELS = "('bank_account', 'post_office', 'home_delivery', 'e_wallet')"
_KINDS = "('pain.001', 'post-list', 'wallet-batch')"


def upgrade() -> None:
    for table, column, known in (
        ("payout_account", "channel", _CHANNELS),
        ("campaign_recipient", "channel", _CHANNELS),
        ("payment_file", "kind", _KINDS),
        ("sandbox_file", "kind", _KINDS),
    ):
        name = f"{table}_{column}_check"
        op.execute(f"alter table {table} drop constraint {name}")
        op.execute(f"alter table {table} add constraint {name} check ({column} in {known}) not valid")
        op.execute(f"alter table {table} validate constraint {name}")
    op.execute(
        """
        create table wallet_call (
            file_id uuid primary key references payment_file,
            -- Calls since it was last answered.
            attempts integer not null,
            -- Nobody calls before: another worker is at it, or it is to rest.
            next_at timestamptz not null,
            -- Its operator said that it has the batch.
            accepted_at timestamptz
        )
        """
    )
    op.execute(
        "create index wallet_batch_out on payment_file (file_id)"
        " where kind = 'wallet-batch' and status = 'ready'"
    )
    op.execute("grant select, insert on wallet_call to payments_bulk")
    op.execute("grant update (attempts, next_at, accepted_at) on wallet_call to payments_bulk")
