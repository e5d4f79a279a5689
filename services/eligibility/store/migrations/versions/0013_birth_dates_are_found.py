"""Who completes an age in some months is found by birth date, in the caller's territory.

The date stands in the facts too, which requests do not read. The version that runs meanwhile leaves it empty
for whom it records; they are found again with their next version.
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("alter table person_facts add column birth_date date")
    op.execute(
        "update person_facts set birth_date = (facts->'person'->>'birth_date')::date"
        " where pg_input_is_valid(facts->'person'->>'birth_date', 'date')"
    )
    op.execute("create index person_facts_by_birth on person_facts (birth_date, person_id)")
    op.execute(
        "grant select (birth_date, commune_code, former_province_code) on person_facts to eligibility_app"
    )
