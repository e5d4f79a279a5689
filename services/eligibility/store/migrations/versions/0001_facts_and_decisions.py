"""Facts that the law asks about, the months' determinations, and decisions with their reasons.

Facts are pseudonymous (ids, dates, codes) and readable by the evaluator's role alone. A decision is never
changed but for its signature; a later version supersedes it from its `effective_from`.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0001"
down_revision = None


def upgrade() -> None:
    frame.create(op)
    _facts()
    _decisions()
    frame.protect(op, "decision")
    frame.protect(op, "person_facts")
    frame.grant(op, "eligibility")
    op.execute("revoke all on person_facts, residence, undetermined from eligibility_app")
    op.execute("revoke delete on decision from eligibility_app, eligibility_bulk")


def _facts() -> None:
    op.execute(
        """
        create table person_facts (
            person_id uuid primary key,
            shard smallint not null,
            version integer not null,
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            facts jsonb not null,
            recorded_at timestamptz not null default now()
        )
        """
    )
    op.execute("create index person_facts_by_shard on person_facts (shard, person_id)")
    op.execute(
        """
        create table residence (
            residence_id uuid primary key,
            person_id uuid not null,
            facility_id uuid not null,
            from_date date,
            until_date date,
            state_paid boolean not null default false
        )
        """
    )
    op.execute("create index residence_by_person on residence (person_id)")
    op.execute(
        """
        create table determination (
            month date not null,
            shard smallint not null,
            state text not null default 'pending' check (state in ('pending', 'done')),
            persons integer not null,
            determined integer not null default 0,
            granted integer not null default 0,
            refused integer not null default 0,
            after_person uuid not null default '00000000-0000-0000-0000-000000000000',
            primary key (month, shard)
        )
        """
    )


def _decisions() -> None:
    op.execute(
        "create table undetermined (month date not null, person_id uuid not null, code text not null,"
        " primary key (month, person_id))"
    )
    op.execute(
        """
        create table decision (
            decision_id uuid primary key,
            person_id uuid not null,
            version integer not null check (version >= 1),
            programme text not null,
            outcome text not null check (outcome in ('granted', 'refused')),
            status text not null check (status in ('confirmed', 'proposed', 'signed')),
            effective_from date not null,
            pays_from date not null,
            category text not null,
            coefficient_hundredths integer not null check (coefficient_hundredths >= 0),
            standard_dong bigint not null check (standard_dong >= 0),
            amount_dong bigint not null check (amount_dong >= 0),
            payee text not null check (payee in ('self', 'facility')),
            facility_id uuid,
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            decided_on date not null,
            signed_on date,
            signed_by_sub text,
            policy_version text not null,
            policy_hash text not null,
            facts_version integer not null,
            receipt bytea not null,
            recorded_at timestamptz not null default now(),
            unique (person_id, programme, version),
            check (outcome = 'granted' or amount_dong = 0),
            check ((status = 'signed') = (signed_by_sub is not null and signed_on is not null)),
            check ((payee = 'facility') = (facility_id is not null))
        )
        """
    )
    op.execute("create index decision_proposed on decision (decision_id) where status = 'proposed'")
