"""Care money: a decision may pay the person who cares, and names them.

What stands in older decisions is untouched; the version that runs meanwhile writes no carer.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter table decision add column payee_person_id uuid")
    op.execute("alter table decision drop constraint decision_payee_check")
    op.execute(
        "alter table decision add constraint decision_payee_check"
        " check (payee in ('self', 'facility', 'carer'))"
    )
    op.execute(
        "alter table decision add constraint decision_carer_check"
        " check ((payee = 'carer') = (payee_person_id is not null) and payee_person_id <> person_id)"
    )
