"""What payments hear: decisions with their signatures, accounts of payees and of facilities."""

from alembic import op

from libs.common.runtime import frame

revision = "0001"
down_revision = None


def upgrade() -> None:
    frame.create(op)
    _decisions()
    _accounts()
    for table in ("entitlement", "payout_account", "facility_account"):
        frame.protect(op, table)
    frame.grant(op, "payments")
    heard = "entitlement, signature, payout_account, facility_account"
    op.execute(f"revoke all on {heard} from payments_app")
    # An approval binds to versions: an account changed in place would be another payee under the same hash.
    op.execute(f"revoke update, delete on {heard} from payments_bulk")


def _decisions() -> None:
    op.execute(
        """
        create table entitlement (
            decision_id uuid primary key,
            person_id uuid not null,
            version integer not null check (version >= 1),
            programme text not null,
            outcome text not null check (outcome in ('granted', 'refused')),
            status text not null check (status in ('confirmed', 'proposed')),
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
            unique (person_id, programme, version),
            check ((payee = 'facility') = (facility_id is not null))
        )
        """
    )
    # A signature may come before the decision that it signs.
    op.execute(
        "create table signature (decision_id uuid primary key, signed_on date not null,"
        " signed_by_sub text not null)"
    )


def _accounts() -> None:
    # Every version stays: an approved instruction names the one it was approved with.
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
            -- Encrypted: names, personal_id, account. Its keyed hash: what a report must name.
            secret bytea not null,
            payee_index bytea not null,
            -- The field that keeps it out of any file; null where it can be paid to.
            problem text,
            primary key (person_id, version)
        )
        """
    )
    op.execute(
        """
        create table facility_account (
            facility_id uuid not null,
            version integer not null,
            name text not null,
            agency_code text not null,
            commune_code text not null,
            province_code text not null,
            secret bytea not null,
            payee_index bytea not null,
            problem text,
            primary key (facility_id, version)
        )
        """
    )
