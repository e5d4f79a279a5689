"""Recalculations: what decided months come to now, as signed differences, dry before they are applied.

A second identity applies a recalculation; the database holds that too. `recalculated_version`: up to which
version a person's facts have been recalculated, so that what still waits is seen.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("alter table person_facts add column recalculated_version integer not null default 1")
    _recalculations()
    _differences()
    for table in ("recalculation", "difference"):
        frame.protect(op, table)
        op.execute(f"grant select, insert, update on {table} to eligibility_app, eligibility_bulk")


def _recalculations() -> None:
    op.execute(
        """
        create table recalculation (
            recalculation_id uuid primary key,
            state text not null default 'running'
                check (state in ('running', 'ready', 'applied', 'discarded')),
            reason text not null check (reason in ('late_fact', 'correction', 'new_policy')),
            person_ids uuid[],
            commune_code text,
            province_code text,
            from_month date not null,
            to_month date not null check (to_month >= from_month),
            policy_hash text not null,
            requested_by_sub text not null,
            after_person uuid not null default '00000000-0000-0000-0000-000000000000',
            people integer not null default 0,
            undetermined integer not null default 0,
            content_hash text,
            applied_by_sub text,
            applied_on date,
            recorded_at timestamptz not null default now(),
            check ((state in ('ready', 'applied')) <= (content_hash is not null)),
            check ((state = 'applied') = (applied_by_sub is not null and applied_on is not null)),
            constraint maker_is_not_checker check (applied_by_sub <> requested_by_sub)
        )
        """
    )


def _differences() -> None:
    op.execute(
        """
        create table difference (
            difference_id uuid primary key,
            recalculation_id uuid not null references recalculation,
            person_id uuid not null,
            programme text not null,
            month date not null,
            old_dong bigint not null,
            new_dong bigint not null check (new_dong >= 0),
            dong bigint generated always as (new_dong - old_dong) stored check (dong <> 0),
            payee text not null,
            facility_id uuid,
            payee_person_id uuid,
            commune_code text not null,
            province_code text not null,
            old_decision_id uuid,
            new_terms jsonb not null,
            facts_version integer not null,
            policy_version text not null,
            policy_hash text not null,
            facts_month date not null,
            resident_of uuid,
            as_if_signed_on date not null,
            input_hash bytea not null,
            trace bytea not null,
            applied boolean not null default false,
            unique (recalculation_id, person_id, programme, month)
        )
        """
    )
    op.execute("create index difference_applied on difference (person_id) where applied")
