"""What waits in suspense is a row with a life of its own; a report says on which business day it was taken.

The version that runs meanwhile keeps its suspended lines without such a row, so workers that take reports
with it must have ended. What was suspended before is taken over as it was booked: without money.
"""

from alembic import op

from libs.common.runtime import frame
from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("alter table partner_report add column taken_on date")
    op.execute("create index report_by_run on partner_report (run_id)")
    _table()
    _what_was_suspended()
    frame.protect(op, "suspense")
    op.execute("grant select on suspense to payments_app, payments_bulk")
    op.execute("grant insert on suspense to payments_bulk")
    op.execute(
        "grant update (status, resolution, instruction_id, note, maker_sub, checker_sub, problem, changed_at)"
        " on suspense to payments_app, payments_bulk"
    )


def _table() -> None:
    op.execute(
        """
        create table suspense (
            suspense_id uuid primary key,
            report_id uuid not null references partner_report,
            number integer not null,
            run_id uuid not null,
            agency_code text not null,
            province_code text not null,
            reason text not null,
            outcome text not null,
            reference text not null,
            -- The payment that the line names, if it is one of the answered file.
            named_id uuid,
            amount_dong bigint,
            told_on date,
            reason_code text,
            -- Its money is booked in suspense.
            held boolean not null,
            -- The business day on which we were told.
            waits_since date not null,
            status text not null default 'waiting' check (status in (
                'waiting', 'proposed', 'approved', 'attributed', 'sent_back', 'dismissed')),
            resolution text check (resolution in ('attributed', 'sent_back', 'dismissed')),
            -- The payment to which it is to be attributed.
            instruction_id uuid,
            note text not null default '',
            maker_sub text,
            checker_sub text,
            problem text,
            changed_at timestamptz not null default now(),
            unique (report_id, number),
            check (not held or amount_dong > 0),
            check (checker_sub <> maker_sub),
            check ((status = 'waiting') = (resolution is null)),
            check ((status = 'waiting') = (maker_sub is null)),
            check ((status in ('waiting', 'proposed')) = (checker_sub is null)),
            check (status not in ('attributed', 'sent_back', 'dismissed') or status = resolution)
        )
        """
    )
    op.execute("create index suspense_waiting on suspense (waits_since, suspense_id)")
    op.execute("create index suspense_of_run on suspense (run_id)")


def _what_was_suspended() -> None:
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    received_on = "(p.received_at at time zone 'Asia/Ho_Chi_Minh')::date"
    op.execute(f"update partner_report p set taken_on = {received_on} where status = 'taken'")
    op.execute(
        f"""
        insert into suspense (suspense_id, report_id, number, run_id, agency_code, province_code, reason,
                              outcome, reference, named_id, amount_dong, told_on, reason_code, held,
                              waits_since)
        select uuidv7(), l.report_id, l.number, l.run_id, p.agency_code, l.province_code, l.suspense_reason,
               l.outcome, l.reference, l.instruction_id, l.amount_dong, l.told_on, l.reason_code, false,
               {received_on}
        from report_line l join partner_report p using (report_id)
        where l.suspense_reason is not null and l.suspense_reason <> 'duplicate'
        """
    )
