"""What post offices tell of single payments, by receipt; it is taken as a report that has no content.

The version that runs meanwhile has no door for it.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute(
        """
        create table collection (
            agency_code text not null,
            receipt text not null,
            instruction_id uuid not null,
            file_id uuid not null references payment_file,
            province_code text not null,
            amount_dong bigint not null check (amount_dong > 0),
            paid_to text not null check (paid_to in ('self', 'payee')),
            paid_at timestamptz not null,
            -- A code of the post's, no name.
            teller text not null,
            reported_by_sub text not null,
            received_at timestamptz not null default now(),
            status text not null default 'received' check (status in ('received', 'taken', 'suspended')),
            report_id uuid references partner_report,
            primary key (agency_code, receipt),
            check ((status = 'received') = (report_id is null))
        )
        """
    )
    # A payment has one receipt; one that did not fit it leaves room for the right one.
    op.execute("create unique index one_receipt on collection (instruction_id) where status <> 'suspended'")
    op.execute("create index collection_waiting on collection (file_id) where status = 'received'")
    frame.protect(op, "collection")
    op.execute("grant select, insert on collection to payments_app")
    op.execute("grant select on collection to payments_bulk")
    op.execute("grant update (status, report_id) on collection to payments_bulk")
