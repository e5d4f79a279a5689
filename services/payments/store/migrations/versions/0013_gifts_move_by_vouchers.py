"""A gift is received and set apart by vouchers, so that a second identity approves both.

The version that runs meanwhile would book gifts without a voucher: end it first. There are none booked so;
gifts are not released yet.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

_KINDS = "'granted', 'moved', 'handed_over', 'corrected', 'donated', 'earmarked'"


def upgrade() -> None:
    op.execute("alter table voucher add column donation_id uuid references donation")
    op.execute("alter table voucher drop constraint voucher_kind_check")
    op.execute(f"alter table voucher add constraint voucher_kind_check check (kind in ({_KINDS}))")
    op.execute("alter table voucher drop constraint voucher_check3")
    op.execute(
        "alter table voucher add constraint voucher_to_fund"
        " check ((kind in ('moved', 'earmarked')) = (to_fund_id is not null))"
    )
    op.execute(
        "alter table voucher add constraint voucher_of_a_gift"
        " check ((kind in ('donated', 'earmarked')) = (donation_id is not null))"
    )
    op.execute("drop index one_voucher_of_a_paper")
    op.execute(
        "create unique index one_voucher_of_a_paper on voucher (fund_id, kind, document)"
        " where status <> 'withdrawn' and kind <> 'corrected' and donation_id is null"
    )
    op.execute(
        "create unique index one_step_of_a_gift_waits on voucher (donation_id) where status = 'proposed'"
    )
