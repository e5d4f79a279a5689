"""Vouchers, which move what no run moves, by maker and checker; and donations.

The version that runs meanwhile knows neither, and nothing of it changes.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _vouchers()
    _donations()
    for table in ("voucher", "donation"):
        frame.protect(op, table)
    # The nation's gifts and goods are seen by every province, as its funds are; nobody's name is in clear.
    both = "payments_app, payments_bulk"
    op.execute(f"grant select, insert on voucher, donation to {both}")
    op.execute(
        "grant update (status, checker_sub, withdrawn_by_sub, transaction_id, decided_at) on voucher"
        " to payments_app"
    )
    op.execute(
        "grant update (status, amount, receipt, received_on, to_fund_id, earmarked_on) on donation"
        " to payments_app"
    )


def _vouchers() -> None:
    op.execute(
        """
        create table voucher (
            voucher_id uuid primary key,
            kind text not null check (kind in ('granted', 'moved', 'handed_over', 'corrected')),
            province_code text not null,
            fund_id uuid references fund,
            to_fund_id uuid references fund,
            programme text,
            -- The transaction whose amount was wrong.
            corrects uuid,
            amount bigint not null check (amount > 0 or amount = 0 and kind = 'corrected'),
            -- The number of the paper: a budget's decision, a hand-over receipt.
            document text not null check (document <> ''),
            note text not null,
            commune_code text,
            recipients integer check (recipients >= 0),
            booked_on date not null,
            status text not null default 'proposed' check (status in ('proposed', 'booked', 'withdrawn')),
            maker_sub text not null,
            checker_sub text,
            withdrawn_by_sub text,
            transaction_id uuid,
            proposed_at timestamptz not null default now(),
            decided_at timestamptz,
            check ((kind = 'corrected') = (corrects is not null)),
            check ((kind = 'corrected') = (fund_id is null)),
            check ((kind = 'moved') = (to_fund_id is not null)),
            check ((kind = 'handed_over') = (programme is not null)),
            check (checker_sub <> maker_sub),
            check ((status = 'booked') = (checker_sub is not null)),
            check ((status = 'booked') = (transaction_id is not null))
        )
        """
    )
    op.execute("create unique index one_correction_waits on voucher (corrects) where status = 'proposed'")
    op.execute("create index correction on voucher (corrects) where status = 'booked'")


def _donations() -> None:
    op.execute(
        """
        create table donation (
            donation_id uuid primary key,
            fund_id uuid not null references fund,
            province_code text not null,
            amount bigint not null check (amount > 0),
            -- The donor's name, encrypted.
            donor bytea not null,
            shown boolean not null,
            status text not null check (status in ('pledged', 'received', 'earmarked', 'withdrawn')),
            pledged_on date not null,
            receipt text unique,
            received_on date,
            to_fund_id uuid references fund,
            earmarked_on date,
            taken_by_sub text not null,
            check ((receipt is null) = (received_on is null)),
            check (status not in ('received', 'earmarked') or receipt is not null),
            check ((status = 'earmarked') = (to_fund_id is not null)),
            check ((status = 'earmarked') = (earmarked_on is not null))
        )
        """
    )
    op.execute("create index donation_by_fund on donation (fund_id, receipt)")
