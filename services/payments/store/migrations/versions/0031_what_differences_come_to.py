"""Differences are heard, and become arrears, overpayments and what is kept back for these.

What the version before has built and approved has the same hash as before. Its builders and bookers must
have ended: they know neither the lines of differences nor what is kept back. All else of payments waits while
two indexes of all lines are made, so it is for a time without files and reports.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    _differences()
    _overpayments()
    _instalments()
    _recoveries()
    _lines()
    _standing()
    _open()
    _content_hash()
    for table in ("difference", "overpayment", "instalment", "recovery"):
        frame.protect(op, table)
    op.execute("grant select on difference, overpayment, instalment, recovery to payments_app, payments_bulk")
    op.execute("grant insert on difference, overpayment, instalment to payments_bulk")
    op.execute("grant update (weighed_on) on difference to payments_bulk")
    op.execute("grant update (booked_on), delete on instalment to payments_bulk")
    op.execute("grant insert, update on recovery to payments_app")


def _differences() -> None:
    op.execute(
        """
        create table difference (
            difference_id uuid primary key,
            recalculation_id uuid not null,
            person_id uuid not null,
            programme text not null,
            month date not null,
            -- Above 0 arrears, below 0 a recovery; and what the month comes to with it and all before it.
            dong bigint not null check (dong <> 0),
            due_dong bigint not null check (due_dong >= 0),
            category text not null,
            coefficient_hundredths integer not null,
            standard_dong bigint not null,
            payee text not null,
            facility_id uuid,
            payee_person_id uuid,
            commune_code text not null,
            province_code text not null,
            applied_on date not null,
            -- When it was seen of a recovery how much of it is overpaid.
            weighed_on date
        )
        """
    )
    op.execute(
        "create index difference_of_month on difference (person_id, programme, month, recalculation_id)"
    )
    op.execute("create index difference_by_commune on difference (province_code, commune_code)")
    op.execute(
        "create index difference_unweighed on difference (province_code)"
        " where dong < 0 and weighed_on is null"
    )


def _overpayments() -> None:
    op.execute(
        """
        create table overpayment (
            overpayment_id uuid primary key,
            difference_id uuid not null unique references difference,
            person_id uuid not null,
            programme text not null,
            month date not null,
            amount_dong bigint not null check (amount_dong > 0),
            commune_code text not null,
            province_code text not null,
            booked_on date not null
        )
        """
    )
    op.execute("create index overpayment_of_month on overpayment (person_id, programme, month)")


def _instalments() -> None:
    # What is kept back of a month, in a run: reserved as it is built, booked with it. Of no run: what came
    # back of the overpaid month itself.
    op.execute(
        """
        create table instalment (
            instalment_id uuid primary key,
            overpayment_id uuid not null references overpayment,
            run_id uuid,
            person_id uuid not null,
            programme text not null,
            month date not null,
            amount_dong bigint not null check (amount_dong > 0),
            province_code text not null,
            booked_on date,
            check (run_id is not null or booked_on is not null)
        )
        """
    )
    op.execute("create index instalment_of_month on instalment (person_id, programme, month)")
    op.execute("create index instalment_of_overpayment on instalment (overpayment_id)")
    op.execute("create index instalment_of_run on instalment (run_id)")


def _recoveries() -> None:
    # How an overpayment is to come back: the newest approved plan counts.
    op.execute(
        """
        create table recovery (
            recovery_id uuid primary key,
            overpayment_id uuid not null references overpayment,
            kind text not null check (kind in ('plan', 'waived', 'recovered')),
            amount_dong bigint not null check (amount_dong > 0 or kind = 'plan' and amount_dong = 0),
            document text not null,
            note text not null,
            status text not null check (status in ('proposed', 'booked', 'withdrawn')),
            maker_sub text not null,
            checker_sub text,
            proposed_at timestamptz not null default now(),
            decided_at timestamptz,
            province_code text not null,
            check (checker_sub <> maker_sub),
            check ((status = 'booked') = (checker_sub is not null)),
            check ((status = 'proposed') = (decided_at is null))
        )
        """
    )
    op.execute("create unique index recovery_waits on recovery (overpayment_id) where status = 'proposed'")
    op.execute("create index recovery_of_overpayment on recovery (overpayment_id)")


def _lines() -> None:
    # A line is granted by a decision, a campaign or a difference. A metadata change: old lines have 0.
    op.execute(
        "alter table instruction_line add column difference_id uuid,"
        " add column withheld_dong bigint not null default 0"
        " constraint withheld_of_amount check (withheld_dong >= 0),"
        " drop constraint granted_by_one, add constraint granted_by_one"
        " check (num_nonnulls(decision_id, campaign_id, difference_id) = 1) not valid"
    )
    op.execute("drop index paid_once")
    op.execute(
        "create unique index paid_once on instruction_line (person_id, programme, month)"
        " where not returned and campaign_id is null and difference_id is null"
    )
    op.execute(
        "create unique index difference_paid_once on instruction_line (person_id, programme, month,"
        " difference_id) where not returned and difference_id is not null"
    )
    # What a run's shard has of lines that pay differences, and what it keeps back.
    op.execute(
        "alter table run_shard add column corrected_lines integer not null default 0,"
        " add column corrected_dong bigint not null default 0,"
        " add column withheld_dong bigint not null default 0"
    )


def _standing() -> None:
    op.execute(
        """
        create function standing_dong(person uuid, of_programme text, of_month date) returns bigint
        language sql stable parallel safe as $$
            select (coalesce((select sum(amount_dong) from instruction_line where person_id = person
                    and programme = of_programme and month = of_month and not returned
                    and campaign_id is null and difference_id is null), 0)
              + coalesce((select sum(amount_dong) from instruction_line where person_id = person
                    and programme = of_programme and month = of_month and not returned
                    and difference_id is not null), 0)
              + coalesce((select sum(amount_dong) from instalment where person_id = person
                    and programme = of_programme and month = of_month), 0)
              - coalesce((select sum(amount_dong) from overpayment where person_id = person
                    and programme = of_programme and month = of_month), 0))::bigint
        $$
        """
    )


def _open() -> None:
    op.execute(
        """
        create function open_dong(overpayment uuid) returns bigint language sql stable parallel safe as $$
            select (o.amount_dong
              - coalesce((select sum(amount_dong) from instalment i
                          where i.overpayment_id = o.overpayment_id), 0)
              - coalesce((select sum(amount_dong) from recovery r where r.overpayment_id = o.overpayment_id
                          and r.kind <> 'plan' and r.status = 'booked'), 0))::bigint
            from overpayment o where o.overpayment_id = $1
        $$
        """
    )


def _content_hash() -> None:
    # The same digests as domain/runs.py makes of the same list.
    op.execute(
        """
        create function line_text(person uuid, month date, granted_by uuid, amount bigint, withheld bigint)
        returns text language sql stable parallel safe as $$
            select E'\\n' || person || '|' || month || '|' || granted_by || '|' || amount
                || case when withheld > 0 then '|' || withheld else '' end
        $$
        """
    )
    op.execute(
        """
        create or replace function content_hash_of(run uuid) returns text language sql stable as $$
            with lines as (
                select instruction_id, string_agg(line_text(person_id, month,
                    coalesce(difference_id, decision_id, campaign_id), amount_dong, withheld_dong), ''
                    order by person_id, month) as listed
                from instruction_line where run_id = $1 group by instruction_id
            ), shards as (
                select shard, sha256(string_agg(instruction_digest(instruction_id, payee_id, programme,
                    channel, agency_code, account_id, account_version, file_id, amount_dong, listed),
                    ''::bytea order by instruction_id)) as digest
                from instruction join lines using (instruction_id) where run_id = $1 group by shard
            )
            select encode(case when min(shard) = 0 then min(digest)
                else sha256(coalesce(string_agg(digest, ''::bytea order by shard), '')) end, 'hex')
            from shards
        $$
        """
    )
    op.execute("drop function line_text(uuid, date, uuid, bigint)")
