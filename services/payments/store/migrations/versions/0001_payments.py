"""What is due to whom, the runs that pay it, the ledger, files to paying agencies and their answers.

Tables that grow with every run are partitioned by month; `open_month` adds a month's partitions on demand,
so that no working role needs DDL. They carry no foreign keys: at hundreds of thousands of rows a statement
each would cost as much as the work, and the invariants look for orphans.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0001"
down_revision = None

#: Partitioned tables with what their partitions are built with.
MONTHLY = {
    "instruction": "with (fillfactor = 60)",  # its status changes once: room for it on the same page
    "line": "",
    "ledger_transaction": "",
    "ledger_entry": "",
    "statement_line": "",
}
PERSONAL = (
    "decision",
    "payout_account",
    "facility",
    "run",
    "instruction",
    "line",
    "unpayable",
    "run_total",
    "payment_file",
    "partner_report",
    "statement_line",
)
APPEND_ONLY = ("ledger_transaction", "ledger_entry", "approval")


def upgrade() -> None:
    frame.create(op)
    _inputs()
    _runs()
    _files()
    _lists()
    _ledger()
    _reports()
    for table in PERSONAL:
        frame.protect(op, table)
    _append_only()
    _open_month()
    frame.grant(op, "payments")
    for table in (*APPEND_ONLY, "decision_signature", "payout_account", "facility"):
        op.execute(f"revoke update, delete on {table} from payments_app, payments_bulk")


def _inputs() -> None:
    op.execute(
        """
        create table decision (
            decision_id uuid primary key,
            person_id uuid not null,
            version integer not null,
            programme text not null,
            outcome text not null check (outcome in ('granted', 'refused')),
            status text not null check (status in ('confirmed', 'proposed')),
            effective_from date not null,
            pays_from date not null,
            category text not null,
            coefficient_hundredths integer not null,
            standard_dong bigint not null,
            amount_dong bigint not null check (amount_dong >= 0),
            payee text not null check (payee in ('self', 'facility')),
            facility_id uuid,
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            decided_on date not null,
            signed_by_sub text,
            unique (person_id, programme, version)
        )
        """
    )
    op.execute("create index decision_place on decision (province_code, programme)")
    # By itself, so that a signature may come before what it signs.
    op.execute(
        """
        create table decision_signature (
            decision_id uuid primary key,
            signed_on date not null,
            signed_by_sub text not null
        )
        """
    )
    # All versions stay: a frozen instruction names the one that it pays to.
    op.execute(
        """
        create table payout_account (
            person_id uuid not null,
            version integer not null,
            payee_id uuid not null,
            channel text not null check (channel in ('bank_account', 'post_office', 'home_delivery')),
            agency_code text not null,
            commune_code text not null,
            province_code text not null,
            payee_index bytea not null,
            problem text,
            secret_sealed bytea not null,
            primary key (person_id, version)
        )
        """
    )
    op.execute(
        """
        create table facility (
            facility_id uuid not null,
            version integer not null,
            code text not null,
            name text not null,
            agency_code text not null,
            commune_code text not null,
            province_code text not null,
            payee_index bytea not null,
            problem text,
            secret_sealed bytea not null,
            primary key (facility_id, version)
        )
        """
    )


def _runs() -> None:
    op.execute(
        """
        create table run (
            run_id uuid primary key,
            province_code text not null,
            months date[] not null check (cardinality(months) between 1 and 12),
            pay_month date not null,
            programmes text[] not null,
            status text not null check (
                status in ('building', 'built', 'approved', 'instructing', 'instructed', 'reconciled')),
            made_by text not null,
            content_hash text,
            instructions integer not null default 0,
            lines integer not null default 0,
            instructed_dong bigint not null default 0,
            settled_dong bigint not null default 0,
            returned_dong bigint not null default 0,
            unpayable integer not null default 0,
            files integer not null default 0,
            files_written integer not null default 0,
            recorded_at timestamptz not null default now(),
            check (settled_dong >= 0 and returned_dong >= 0),
            check (settled_dong + returned_dong <= instructed_dong),
            check (status = 'building' or content_hash is not null),
            unique (run_id, made_by, content_hash)
        )
        """
    )
    # Asked for twice while it is on its way, it is the same run.
    op.execute(
        "create unique index run_once on run (province_code, months, programmes)"
        " where status in ('building', 'built')"
    )
    op.execute("create index run_at_work on run (recorded_at) where status <> 'reconciled'")
    op.execute("create index run_latest on run (recorded_at desc, run_id)")
    # Another identity than the maker's, and exactly the content that was frozen.
    op.execute(
        """
        create table approval (
            run_id uuid primary key,
            made_by text not null,
            approved_by text not null,
            content_hash text not null,
            approved_at timestamptz not null default now(),
            check (approved_by <> made_by),
            foreign key (run_id, made_by, content_hash) references run (run_id, made_by, content_hash)
        )
        """
    )
    op.execute(
        """
        create table run_total (
            run_id uuid not null references run,
            province_code text not null,
            programme text not null,
            dimension text not null check (
                dimension in ('run', 'province', 'commune', 'category', 'channel')),
            key text not null,
            instructions integer not null,
            lines integer not null,
            people integer not null,
            instructed_dong bigint not null,
            standard_dong bigint not null,
            settled_dong bigint not null default 0,
            returned_dong bigint not null default 0,
            primary key (run_id, dimension, programme, key)
        ) with (fillfactor = 70)
        """
    )


def _files() -> None:
    op.execute(
        """
        create table payment_file (
            file_id uuid primary key,
            run_id uuid not null references run,
            pay_month date not null,
            province_code text not null,
            kind text not null check (kind in ('pain.001', 'post_list')),
            agency_code text not null,
            commune_code text,
            number integer not null,
            instructions integer not null check (instructions between 1 and 10000),
            amount_dong bigint not null,
            status text not null check (status in ('planned', 'ready', 'answered')),
            execute_on date,
            content_sealed bytea,
            content_digest bytea,
            written_at timestamptz,
            open_instructions integer not null,
            check ((status = 'planned') = (content_sealed is null)),
            check (open_instructions between 0 and instructions)
        )
        """
    )
    op.execute("alter table payment_file alter column content_sealed set storage external")
    op.execute("create index payment_file_run on payment_file (run_id, number)")
    op.execute("create index payment_file_agency on payment_file (agency_code, status, file_id)")


def _lists() -> None:
    op.execute(
        """
        create table instruction (
            instruction_id uuid not null,
            pay_month date not null,
            run_id uuid not null,
            payee_id uuid not null,
            programme text not null,
            channel text not null,
            agency_code text not null,
            commune_code text not null,
            province_code text not null,
            account_of uuid not null,
            account_version integer not null,
            payee_index bytea not null,
            amount_dong bigint not null check (amount_dong > 0),
            beneficiaries integer not null,
            file_id uuid not null,
            status text not null default 'pending' check (status in ('pending', 'settled', 'returned')),
            settled_on date,
            returned_on date,
            return_reason text,
            primary key (instruction_id, pay_month)
        ) partition by range (pay_month)
        """
    )
    op.execute("create index instruction_file on instruction (run_id, file_id)")
    # returned_as: the line's own instruction once that came back. So a person has one line for a programme
    # and month that is not returned, whatever happened before.
    op.execute(
        """
        create table line (
            instruction_id uuid not null,
            run_id uuid not null,
            person_id uuid not null,
            programme text not null,
            benefit_month date not null,
            decision_id uuid not null,
            amount_dong bigint not null check (amount_dong > 0),
            category text not null,
            coefficient_hundredths integer not null,
            standard_dong bigint not null,
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            returned_as uuid
        ) partition by range (benefit_month)
        """
    )
    op.execute(
        "create unique index line_paid_once on line (person_id, programme, benefit_month, returned_as)"
        " nulls not distinct"
    )
    op.execute("create index line_instruction on line (instruction_id)")
    op.execute(
        """
        create table unpayable (
            run_id uuid not null references run,
            person_id uuid not null,
            programme text not null,
            benefit_month date not null,
            decision_id uuid not null,
            amount_dong bigint not null,
            reason text not null,
            commune_code text not null,
            province_code text not null,
            primary key (run_id, person_id, programme, benefit_month)
        )
        """
    )


def _ledger() -> None:
    op.execute(
        "create table ledger_account ("
        " account_id integer generated always as identity primary key, code text not null unique)"
    )
    op.execute(
        """
        create table ledger_transaction (
            transaction_id uuid not null,
            pay_month date not null,
            run_id uuid not null,
            instruction_id uuid not null,
            posting text not null,
            booked_on date not null,
            recorded_at timestamptz not null default now(),
            primary key (transaction_id, pay_month),
            unique (instruction_id, posting, pay_month)
        ) partition by range (pay_month)
        """
    )
    # Debit positive, credit negative; the entries of a transaction sum to zero.
    op.execute(
        """
        create table ledger_entry (
            transaction_id uuid not null,
            pay_month date not null,
            account_id integer not null,
            amount_dong bigint not null check (amount_dong <> 0),
            primary key (transaction_id, account_id, pay_month)
        ) partition by range (pay_month)
        """
    )


def _reports() -> None:
    op.execute(
        """
        create table partner_report (
            report_id uuid primary key,
            file_id uuid not null references payment_file,
            pay_month date not null,
            province_code text not null,
            agency_code text not null,
            kind text,
            status text not null check (status in ('received', 'reconciled', 'refused')),
            content_digest bytea not null,
            content_sealed bytea not null,
            uploaded_by text not null,
            lines integer not null default 0,
            settled integer not null default 0,
            returned integer not null default 0,
            suspended integer not null default 0,
            settled_dong bigint not null default 0,
            returned_dong bigint not null default 0,
            problem_vi text,
            problem_en text,
            recorded_at timestamptz not null default now(),
            finished_at timestamptz,
            check (lines = settled + returned + suspended),
            check ((status = 'refused') = (problem_en is not null)),
            unique (file_id, content_digest)
        )
        """
    )
    op.execute("alter table partner_report alter column content_sealed set storage external")
    op.execute(
        "create index partner_report_waiting on partner_report (recorded_at) where status = 'received'"
    )
    # Each line either moved an instruction, once for each outcome, or waits in suspense with its reason.
    op.execute(
        """
        create table statement_line (
            report_id uuid not null,
            number integer not null,
            pay_month date not null,
            province_code text not null,
            reference text,
            instruction_id uuid,
            outcome text not null,
            amount_dong bigint,
            told_on date,
            reason text,
            suspense text,
            primary key (report_id, number, pay_month),
            check (suspense is not null or instruction_id is not null)
        ) partition by range (pay_month)
        """
    )
    op.execute(
        "create unique index statement_line_matched on statement_line (instruction_id, outcome, pay_month)"
        " where suspense is null"
    )


def _append_only() -> None:
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'append-only: %', tg_table_name using errcode = 'insufficient_privilege';
        end
        $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete on {table}"
            " for each row execute function refuse_change()"
        )


class _Collected:
    """Takes the statements that would protect a table, with a placeholder for its name."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, sqltext: str) -> None:
        self.statements.append(sqltext)


def _open_month() -> None:
    collected = _Collected()
    frame.protect(collected, "%1$I")
    protect = "\n".join(f"execute format({_quoted(statement)}, part);" for statement in collected.statements)
    parents = ", ".join(f"('{name}', '{options}', {name in PERSONAL})" for name, options in MONTHLY.items())
    op.execute(
        f"""
        create function open_month(month date) returns void
        language plpgsql security definer set search_path = public, pg_temp as $$
        declare parent text; options text; personal boolean; part text;
        begin
            if to_regclass('statement_line' || to_char(month, '_YYYY_MM')) is not null then return; end if;
            perform pg_advisory_xact_lock(hashtextextended('open_month', 0));
            for parent, options, personal in select * from (values {parents}) as monthly loop
                part := parent || to_char(month, '_YYYY_MM');
                continue when to_regclass(part) is not null;
                execute format(
                    'create table %I (like %I including defaults including constraints including storage) '
                    || options, part, parent);
                if personal then {protect} end if;
                execute format('grant maintain on %I to payments_bulk', part);
                execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                    parent, part, month, month + interval '1 month');
            end loop;
        end
        $$
        """
    )
    op.execute("revoke all on function open_month from public")
    op.execute("grant execute on function open_month to payments_bulk")


def _quoted(statement: str) -> str:
    return "'" + statement.replace("'", "''") + "'"
