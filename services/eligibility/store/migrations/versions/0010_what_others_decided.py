"""What other authorities decided: rows of their lists as they were sent, and the decisions they became.

They stand apart from `decision`, so that no determination, recalculation, measure or count of who is entitled
can meet them. The columns of a decision that they lack are there, and empty, for whoever shows both. Both
tables only grow.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    _rows()
    _decisions()
    for table in ("foreign_row", "foreign_decision"):
        frame.protect(op, table)
        op.execute(f"grant select, insert on {table} to eligibility_bulk")
    op.execute("grant select on foreign_decision to eligibility_app")


def _rows() -> None:
    op.execute(
        """
        create table foreign_row (
            row_id uuid primary key,
            -- The order in which rows came: a later one is laid over those before it.
            number bigint generated always as identity,
            decision_id uuid not null,
            person_id uuid not null,
            programme text not null,
            amount_dong bigint not null check (amount_dong > 0),
            from_month date not null,
            until_month date check (until_month >= from_month),
            decision_number text not null,
            decided_on date not null,
            issued_by text not null,
            province_code text not null,
            list_hash text not null,
            imported_by_sub text not null,
            recorded_at timestamptz not null default now()
        )
        """
    )
    op.execute("create index foreign_row_of_person on foreign_row (person_id, number)")


def _decisions() -> None:
    op.execute(
        """
        create table foreign_decision (
            decision_id uuid primary key,
            person_id uuid not null,
            version integer not null check (version >= 1),
            programme text not null,
            outcome text not null check (outcome in ('granted', 'refused')),
            status text not null check (status = 'confirmed'),
            effective_from date not null,
            pays_from date not null,
            category text not null,
            coefficient_hundredths integer not null default 0 check (coefficient_hundredths = 0),
            standard_dong bigint not null default 0 check (standard_dong = 0),
            amount_dong bigint not null check ((outcome = 'granted') = (amount_dong > 0)),
            payee text not null default 'self' check (payee = 'self'),
            facility_id uuid check (facility_id is null),
            payee_person_id uuid check (payee_person_id is null),
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            decided_on date not null,
            signed_on date check (signed_on is null),
            signed_by_sub text check (signed_by_sub is null),
            policy_version text check (policy_version is null),
            policy_hash text check (policy_hash is null),
            case_id uuid check (case_id is null),
            row_id uuid not null references foreign_row,
            recorded_at timestamptz not null default now(),
            unique (person_id, programme, version)
        )
        """
    )
