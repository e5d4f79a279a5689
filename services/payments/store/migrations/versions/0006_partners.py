"""The register of partners: versions proposed by one identity and approved by another, and stops.

Who stood in no register goes on as before; what stands there is never changed but by its approval.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        create table partner_version (
            agency_code text not null check (agency_code ~ '^[0-9A-Za-z]{1,12}$'),
            version integer not null,
            name text not null,
            contact_email text not null,
            contact_phone text not null,
            channels text[] not null check (cardinality(channels) > 0),
            maker_sub text not null,
            proposed_at timestamptz not null,
            checker_sub text,
            approved_at timestamptz,
            primary key (agency_code, version),
            check (checker_sub <> maker_sub),
            check ((checker_sub is null) = (approved_at is null))
        )
        """
    )
    op.execute(
        """
        create table partner_stop (
            agency_code text not null,
            stopped_by_sub text not null,
            stopped_at timestamptz not null,
            primary key (agency_code, stopped_at)
        )
        """
    )
    op.execute(
        """
        create function partner_is_stopped(agency text) returns boolean language sql stable as $$
            select coalesce((select max(stopped_at) from partner_stop where agency_code = agency) > (
                select max(approved_at) from partner_version where agency_code = agency), false)
        $$
        """
    )
    op.execute("grant select, insert on partner_version, partner_stop to payments_app")
    op.execute("grant update (checker_sub, approved_at) on partner_version to payments_app")
    op.execute("grant select on partner_version, partner_stop to payments_bulk")
