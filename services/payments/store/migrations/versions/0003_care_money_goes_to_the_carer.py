"""Care money: a decision may name another person, who cares, as its payee.

What was heard before has none; the version that runs meanwhile hears of no carer.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("alter table entitlement add column payee_person_id uuid")
    op.execute("alter table entitlement drop constraint entitlement_payee_check")
    op.execute(
        "alter table entitlement add constraint entitlement_payee_check"
        " check (payee in ('self', 'facility', 'carer'))"
    )
    op.execute(
        "alter table entitlement add constraint entitlement_carer_check"
        " check ((payee = 'carer') = (payee_person_id is not null))"
    )
