"""What somebody has of a month: what was paid and stands, less what they gave back of it.

A debt that is open or remitted is money that they have. The version that runs meanwhile asks neither.
"""

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    # Lines that did not come back, and what was kept back of them for debts.
    op.execute(
        """
        create function paid_dong(person uuid, of_programme text, of_month date) returns bigint
        language sql stable parallel safe as $$
            select (coalesce((select sum(amount_dong) from instruction_line where person_id = person
                    and programme = of_programme and month = of_month and not returned
                    and campaign_id is null), 0)
              + coalesce((select sum(amount_dong) from instalment where person_id = person
                    and programme = of_programme and month = of_month and run_id is not null), 0))::bigint
        $$
        """
    )
    # What was kept back of other months, or paid back, for what this month was overpaid.
    op.execute(
        """
        create function given_back_dong(person uuid, of_programme text, of_month date) returns bigint
        language sql stable parallel safe as $$
            select coalesce(sum(
                coalesce((select sum(amount_dong) from instalment i
                          where i.overpayment_id = o.overpayment_id and i.run_id is not null
                            and i.booked_on is not null), 0)
              + coalesce((select sum(amount_dong) from recovery r where r.overpayment_id = o.overpayment_id
                          and r.kind = 'recovered' and r.status = 'booked'), 0)), 0)::bigint
            from overpayment o
            where o.person_id = person and o.programme = of_programme and o.month = of_month
        $$
        """
    )
