"""Campaigns with their groups, lists, recipients, and who was handed goods; runs that pay their lists.

The version that runs meanwhile knows none of them, and nothing of it changes: it makes lines of decisions,
which are held by the same rules. The index of who is paid once is made anew while it waits.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0014"
down_revision = "0013"

_PROTECTED = (
    "campaign",
    "campaign_list",
    "campaign_list_piece",
    "campaign_list_problem",
    "campaign_refused_row",
    "campaign_recipient",
    "campaign_listed",
    "campaign_handed",
)


def upgrade() -> None:
    _campaigns()
    _lists()
    _list_contents()
    _recipients()
    _runs()
    for table in _PROTECTED:
        frame.protect(op, table)
    both = "payments_app, payments_bulk"
    op.execute(f"grant select on campaign, campaign_group, campaign_list, campaign_listed to {both}")
    op.execute("grant insert, update on campaign to payments_app")
    # `for share` needs a right to write: of what no column says.
    op.execute("grant update (changed_at) on campaign to payments_bulk")
    op.execute("grant insert, delete on campaign_group to payments_app")
    op.execute("grant insert on campaign_list, campaign_list_piece to payments_app")
    op.execute("grant select on campaign_list_problem, campaign_refused_row to payments_app")
    op.execute("grant update on campaign_list to payments_bulk")
    op.execute("grant select, delete on campaign_list_piece to payments_bulk")
    op.execute("grant insert on campaign_list_problem, campaign_refused_row to payments_bulk")
    op.execute("grant select, insert, update on campaign_listed to payments_bulk")
    # Whom a list names and how they are paid is written once; a request sees neither.
    op.execute("grant select, insert on campaign_recipient to payments_bulk")
    seen = "campaign_id, person_key, group_code, commune_code, province_code"
    op.execute(f"grant select ({seen}) on campaign_recipient to payments_app")
    op.execute(f"grant select, insert on campaign_handed to {both}")


def _campaigns() -> None:
    op.execute(
        """
        create table campaign (
            campaign_id uuid primary key,
            code text not null,
            name text not null,
            programme text not null check (programme in (
                'funeral_support', 'emergency_relief', 'tet_gift', 'longevity_gift', 'covid_support',
                'merit_allowance', 'in_kind')),
            province_code text not null,
            legal_basis text not null,
            article text not null,
            opens_on date not null,
            closes_on date not null check (closes_on >= opens_on),
            months integer not null check (months between 1 and 12),
            fund_id uuid not null references fund,
            -- Campaigns of one such name give each person one of them only.
            only_one_of text,
            status text not null check (status in ('draft', 'proposed', 'approved', 'closed', 'withdrawn')),
            maker_sub text not null,
            checker_sub text,
            content_hash text,
            approved_hash text,
            drafted_at timestamptz not null default now(),
            changed_at timestamptz not null default now(),
            unique (province_code, code),
            check (checker_sub <> maker_sub),
            check (approved_hash = content_hash),
            check ((checker_sub is null) = (approved_hash is null)),
            check ((status in ('approved', 'closed')) = (checker_sub is not null)),
            check (status not in ('proposed', 'approved', 'closed') or content_hash is not null)
        )
        """
    )
    op.execute(
        """
        create table campaign_group (
            campaign_id uuid not null references campaign,
            code text not null,
            name text not null,
            -- A person's for a month, in the unit of the campaign's fund.
            amount bigint not null check (amount > 0),
            primary key (campaign_id, code)
        )
        """
    )


def _lists() -> None:
    op.execute(
        """
        create table campaign_list (
            list_id uuid primary key,
            campaign_id uuid not null references campaign,
            province_code text not null,
            status text not null check (status in ('queued', 'running', 'done', 'refused')),
            file_kind text not null check (file_kind in ('csv', 'xlsx')),
            content_digest bytea not null,
            uploaded_by_sub text not null,
            rows_total integer,
            rows_taken integer not null default 0,
            rows_refused integer not null default 0,
            parts_taken integer not null default 0,
            problem_code text,
            problem_at text,
            received_at timestamptz not null default now(),
            finished_at timestamptz,
            check ((status = 'refused') = (problem_code is not null)),
            check (status <> 'done' or rows_total = rows_taken + rows_refused)
        )
        """
    )
    # The same file, sent again while it is on its way or after all of it was taken, is the same list.
    op.execute(
        "create unique index campaign_list_once on campaign_list (campaign_id, content_digest)"
        " where status <> 'refused' and rows_refused = 0"
    )
    op.execute(
        "create index campaign_list_waiting on campaign_list (list_id) where status in ('queued', 'running')"
    )


def _list_contents() -> None:
    # The file as uploaded, in encrypted pieces, until all of it is taken.
    op.execute(
        """
        create table campaign_list_piece (
            list_id uuid not null references campaign_list,
            number integer not null,
            province_code text not null,
            content_sealed bytea not null,
            primary key (list_id, number)
        )
        """
    )
    op.execute("alter table campaign_list_piece alter column content_sealed set storage external")
    op.execute(
        """
        create table campaign_list_problem (
            list_id uuid not null references campaign_list,
            row_number integer not null,
            column_name text not null,
            code text not null,
            province_code text not null,
            primary key (list_id, row_number, column_name, code)
        )
        """
    )
    op.execute(
        """
        create table campaign_refused_row (
            list_id uuid not null references campaign_list,
            row_number integer not null,
            province_code text not null,
            cells_sealed bytea not null,
            primary key (list_id, row_number)
        )
        """
    )


def _recipients() -> None:
    op.execute(
        """
        create table campaign_recipient (
            campaign_id uuid not null,
            -- From the keyed hash of the personal_id: the same person in every list.
            person_key uuid not null,
            -- The registry's person, where the list names one; else the key.
            person_id uuid not null,
            list_id uuid not null,
            row_number integer not null,
            group_code text not null,
            commune_code text not null,
            province_code text not null,
            unit_province_code text not null,
            channel text not null check (channel in ('bank_account', 'post_office', 'home_delivery')),
            agency_code text not null,
            -- As in payout_account.
            secret bytea not null,
            payee_index bytea not null,
            problem text,
            only_one_of text,
            primary key (campaign_id, person_key)
        )
        """
    )
    op.execute(
        "create unique index given_one_of on campaign_recipient (only_one_of, person_key)"
        " where only_one_of is not null"
    )
    # How many are listed, so that nobody counts millions to see how far a campaign is.
    op.execute(
        """
        create table campaign_listed (
            campaign_id uuid not null,
            group_code text not null,
            commune_code text not null,
            channel text not null,
            province_code text not null,
            people integer not null,
            primary key (campaign_id, group_code, commune_code, channel)
        )
        """
    )
    op.execute(
        """
        create table campaign_handed (
            campaign_id uuid not null,
            person_key uuid not null,
            month date not null,
            voucher_id uuid not null references voucher,
            province_code text not null,
            primary key (campaign_id, person_key, month, voucher_id)
        )
        """
    )


def _runs() -> None:
    op.execute("alter table run add column campaign_id uuid references campaign")
    op.execute("create index run_of_campaign on run (campaign_id) where campaign_id is not null")
    # A line is granted by a decision or by a campaign.
    op.execute(
        "alter table instruction_line alter column decision_id drop not null, add column campaign_id uuid,"
        " add constraint granted_by_one check (num_nonnulls(decision_id, campaign_id) = 1) not valid"
    )
    # Each campaign gives each month once, whatever else the same programme pays.
    op.execute("drop index paid_once")
    op.execute(
        "create unique index paid_once on instruction_line (person_id, programme, month)"
        " where not returned and campaign_id is null"
    )
    op.execute(
        "create unique index campaign_paid_once on instruction_line (campaign_id, person_id, month)"
        " where not returned and campaign_id is not null"
    )
