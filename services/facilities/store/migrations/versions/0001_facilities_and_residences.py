"""Facilities with their places, and who lives in them.

Of people only the id and the province where they are registered are known here. A person may live in a
facility of another province, so a residence belongs to the facility's province, and known_person, which
holds nothing but an id and a code, is readable in all of them.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0001"
down_revision = None


def upgrade() -> None:
    frame.create(op)
    op.execute("create extension if not exists btree_gist")
    op.execute(
        """
        create table facility (
            facility_id uuid primary key,
            version integer not null check (version >= 1),
            code text not null,
            name text not null,
            kind text not null,
            sector text not null check (sector in ('public', 'other')),
            province_code text not null,
            commune_code text not null,
            places integer not null check (places >= 0),
            agency_code text not null,
            account_sealed bytea not null,
            recorded_at timestamptz not null default now(),
            unique (province_code, code)
        )
        """
    )
    op.execute(
        """
        create table known_person (
            person_id uuid primary key,
            version integer not null,
            registered_in text not null
        )
        """
    )
    op.execute(
        """
        create table residence (
            residence_id uuid primary key,
            person_id uuid not null references known_person,
            facility_id uuid not null references facility,
            province_code text not null,
            state text not null check (state in ('resident', 'left')),
            during daterange not null check (not isempty(during) and not lower_inf(during)),
            state_paid boolean not null,
            recorded_at timestamptz not null default now(),
            check ((state = 'resident') = upper_inf(during)),
            constraint one_residence_at_a_time exclude using gist (person_id with =, during with &&)
        )
        """
    )
    op.execute("create index residence_facility on residence (facility_id, residence_id)")
    for table in ("facility", "residence"):
        frame.protect(op, table)
    frame.grant(op, "facilities")
