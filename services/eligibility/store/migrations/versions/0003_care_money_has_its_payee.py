"""Care money: a decision may pay the person who cares, and names them.

What stands in older decisions is untouched; the version that runs meanwhile writes no carer. `says` keeps its
width: who is paid, a facility or a carer, stands in one place, and the payee's letter tells which of the two.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


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
    op.execute(
        """
        create or replace function says(d decision) returns bytea immutable language sql as $$
            select convert_to(
                rpad(d.programme, greatest(20, length(d.programme)))
                || left(d.outcome, 1) || left(d.status, 1) || left(d.payee, 1)
                || rpad(d.category, greatest(32, length(d.category)))
                || rpad(d.commune_code, 5) || d.province_code || coalesce(d.former_province_code, '  '),
                'UTF8')
            || int4send(d.coefficient_hundredths) || int8send(d.standard_dong) || int8send(d.amount_dong)
            || int4send(d.decided_on - date '1970-01-01') || int4send(d.effective_from - date '1970-01-01')
            || coalesce(uuid_send(d.facility_id), uuid_send(d.payee_person_id),
                        decode(repeat('00', 16), 'hex'))
        $$
        """
    )
