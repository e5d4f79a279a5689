"""Runs with their instructions, the ledger, files out and reports in.

What an approval binds to is frozen by grants: neither working role may change an instruction's or a
line's content, only where its payment stands. The ledger is append-only and balances in each statement.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0002"
down_revision = "0001"

_PROTECTED = (
    "run",
    "instruction",
    "instruction_line",
    "unpayable",
    "payment_file",
    "partner_report",
    "report_line",
    "run_total",
)
_NEW = (
    *_PROTECTED,
    "run_month",
    "ledger_account",
    "ledger_transaction",
    "ledger_entry",
)


def upgrade() -> None:
    _runs()
    _instructions()
    _lines()
    _unpayable()
    _content_hash()
    _ledger()
    _ledger_rules()
    _files()
    _reports()
    _totals()
    for table in _PROTECTED:
        frame.protect(op, table)
    _grant()


def _runs() -> None:
    op.execute(
        """
        create table run (
            run_id uuid primary key,
            province_code text not null,
            -- Months and programmes in one text: the same order twice is the same run while it is open.
            order_key text not null,
            programmes text[] not null,
            status text not null default 'building' check (
                status in ('building', 'built', 'approved', 'instructing', 'instructed', 'reconciled')),
            maker_sub text not null,
            checker_sub text,
            content_hash text,
            approved_hash text,
            instructions integer not null default 0,
            instructed_dong bigint not null default 0,
            execute_on date,
            -- Why the approved list is not paid: its content is no longer what was approved.
            problem text,
            opened_at timestamptz not null default now(),
            built_at timestamptz,
            approved_at timestamptz,
            reconciled_at timestamptz,
            check (checker_sub <> maker_sub),
            check (approved_hash = content_hash),
            check ((checker_sub is null) = (approved_hash is null)),
            check ((status in ('building', 'built')) = (checker_sub is null)),
            check ((status = 'building') = (content_hash is null))
        )
        """
    )
    op.execute("create unique index run_open on run (province_code, order_key) where status <> 'reconciled'")
    op.execute(
        "create table run_month (run_id uuid not null references run, month date not null,"
        " primary key (run_id, month))"
    )


def _instructions() -> None:
    # Room on each page: an instruction's one update then touches no index.
    op.execute(
        """
        create table instruction (
            instruction_id uuid primary key,
            run_id uuid not null,
            programme text not null,
            payee_id uuid not null,
            account_id uuid not null,
            account_version integer not null,
            channel text not null,
            agency_code text not null,
            commune_code text not null,
            province_code text not null,
            file_id uuid not null,
            amount_dong bigint not null check (amount_dong > 0),
            status text not null default 'pending' check (status in ('pending', 'settled', 'returned')),
            settled_on date,
            return_reason text,
            unique (run_id, programme, payee_id)
        ) with (fillfactor = 70)
        """
    )
    op.execute("create index instruction_by_file on instruction (file_id)")


def _lines() -> None:
    op.execute(
        """
        create table instruction_line (
            run_id uuid not null,
            instruction_id uuid not null,
            person_id uuid not null,
            programme text not null,
            month date not null,
            decision_id uuid not null,
            category text not null,
            coefficient_hundredths integer not null,
            standard_dong bigint not null,
            amount_dong bigint not null check (amount_dong > 0),
            commune_code text not null,
            province_code text not null,
            -- The province as it stood in the month: the former one before 07/2025.
            unit_province_code text not null,
            -- The line by which its instruction, or its person, is counted in totals.
            leads_instruction boolean not null,
            leads_person boolean not null,
            returned boolean not null default false,
            primary key (run_id, instruction_id, person_id, month)
        )
        """
    )
    # Nobody is paid twice for a programme and month; what came back falls due again.
    op.execute(
        "create unique index paid_once on instruction_line (person_id, programme, month) where not returned"
    )
    op.execute("create index returned_line on instruction_line (person_id) where returned")


def _unpayable() -> None:
    op.execute(
        """
        create table unpayable (
            run_id uuid not null,
            person_id uuid not null,
            programme text not null,
            month date not null,
            amount_dong bigint not null,
            reason text not null,
            commune_code text not null,
            province_code text not null,
            primary key (run_id, person_id, programme, month)
        )
        """
    )


def _content_hash() -> None:
    # The same digest as domain/runs.py makes of the same list.
    op.execute(
        """
        create function content_hash_of(run uuid) returns text language sql stable as $$
            select encode(sha256(coalesce(string_agg(digest, ''::bytea order by instruction_id), '')), 'hex')
            from (
                select i.instruction_id, sha256(convert_to(concat_ws('|', i.instruction_id, i.payee_id,
                    i.programme, i.channel, i.agency_code, i.account_id, i.account_version, i.file_id,
                    i.amount_dong) || l.listed, 'UTF8')) as digest
                from instruction i join (
                    select instruction_id, string_agg(
                        E'\\n' || concat_ws('|', person_id, month, decision_id, amount_dong), ''
                        order by person_id, month) as listed
                    from instruction_line where run_id = $1 group by instruction_id
                ) l using (instruction_id)
                where i.run_id = $1
            ) as listed
        $$
        """
    )


def _ledger() -> None:
    op.execute(
        "create table ledger_account (account text primary key,"
        " kind text not null check (kind in ('budget', 'in_transit', 'paid')))"
    )
    op.execute(
        """
        create table ledger_transaction (
            transaction_id uuid primary key default uuidv7(),
            run_id uuid not null,
            instruction_id uuid not null,
            posting text not null,
            booked_on date not null,
            recorded_at timestamptz not null default now(),
            unique (instruction_id, posting)
        )
        """
    )
    # đồng; debit positive, credit negative.
    op.execute(
        """
        create table ledger_entry (
            transaction_id uuid not null,
            account text not null,
            amount_dong bigint not null check (amount_dong <> 0),
            primary key (transaction_id, account)
        )
        """
    )


def _ledger_rules() -> None:
    op.execute(
        """
        create function ledger_balances() returns trigger language plpgsql as $$
        begin
            if exists (select from fresh group by transaction_id
                       having sum(amount_dong) <> 0 or count(*) < 2) then
                raise exception 'a ledger transaction does not balance';
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        "create trigger balances after insert on ledger_entry referencing new table as fresh"
        " for each statement execute function ledger_balances()"
    )
    op.execute(
        """
        create function ledger_is_append_only() returns trigger language plpgsql as $$
        begin
            raise exception 'the ledger is append-only';
        end $$
        """
    )
    for table in ("ledger_transaction", "ledger_entry"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table}"
            " for each statement execute function ledger_is_append_only()"
        )


def _files() -> None:
    op.execute(
        """
        create table payment_file (
            file_id uuid primary key,
            run_id uuid not null,
            agency_code text not null,
            kind text not null check (kind in ('pain.001', 'post-list')),
            province_code text not null,
            commune_code text,
            payments integer not null check (payments > 0),
            amount_dong bigint not null,
            status text not null default 'planned' check (status in ('planned', 'ready', 'answered')),
            -- Payments of it that are neither settled nor returned.
            pending integer not null check (pending >= 0),
            content bytea,
            content_sha256 text,
            created_at timestamptz,
            check ((status = 'planned') = (content is null)),
            check ((status = 'answered') = (status <> 'planned' and pending = 0))
        )
        """
    )
    op.execute("create index payment_file_by_run on payment_file (run_id, status)")
    op.execute("create index payment_file_by_agency on payment_file (agency_code, file_id)")


def _reports() -> None:
    op.execute(
        """
        create table partner_report (
            report_id uuid primary key,
            file_id uuid not null references payment_file,
            run_id uuid not null,
            agency_code text not null,
            province_code text not null,
            reported_by_sub text not null,
            received_at timestamptz not null default now(),
            content bytea not null,
            content_sha256 text not null,
            status text not null default 'received' check (status in ('received', 'taken', 'refused')),
            kind text,
            problem_vi text,
            problem_en text,
            lines integer not null default 0,
            settled integer not null default 0,
            returned integer not null default 0,
            suspended integer not null default 0,
            -- How often it was called: one that breaks its reader goes after all others.
            attempts integer not null default 0,
            unique (file_id, content_sha256)
        )
        """
    )
    op.execute(
        "create index report_waiting on partner_report (attempts, report_id) where status = 'received'"
    )
    op.execute(
        """
        create table report_line (
            report_id uuid not null references partner_report,
            number integer not null,
            run_id uuid not null,
            province_code text not null,
            reference text not null,
            instruction_id uuid,
            outcome text not null,
            amount_dong bigint,
            told_on date,
            reason_code text,
            -- The ledger's posting that it caused, or why it is in suspense.
            posting text,
            suspense_reason text,
            primary key (report_id, number),
            check ((posting is null) <> (suspense_reason is null)),
            check (posting is null or instruction_id is not null)
        )
        """
    )
    op.execute(
        "create index in_suspense on report_line (run_id, report_id, number)"
        " where suspense_reason is not null"
    )


def _totals() -> None:
    op.execute(
        """
        create table run_total (
            run_id uuid not null,
            programme text not null,
            province_code text not null,
            unit_province_code text not null,
            commune_code text not null,
            category text not null,
            channel text not null,
            people integer not null,
            instructions integer not null,
            lines integer not null,
            standard_dong bigint not null,
            instructed_dong bigint not null,
            settled_dong bigint not null default 0,
            returned_dong bigint not null default 0,
            primary key (run_id, programme, unit_province_code, commune_code, category, channel)
        )
        """
    )


def _grant() -> None:
    both = "payments_app, payments_bulk"
    op.execute(f"grant select, insert, update on {', '.join(_NEW)} to {both}")
    op.execute("revoke all on ledger_account, ledger_transaction, ledger_entry from payments_app")
    op.execute(f"revoke update on ledger_transaction, ledger_entry from {both}")
    op.execute(f"revoke update on instruction, instruction_line, report_line, unpayable from {both}")
    op.execute("grant update (status, settled_on, return_reason) on instruction to payments_bulk")
    op.execute("grant update (returned) on instruction_line to payments_bulk")
    op.execute(
        "revoke insert, update on instruction, instruction_line, unpayable, payment_file, report_line,"
        " run_total from payments_app"
    )
