"""The door sees who lives in the caller's territory, and nothing else of anybody's facts.

An application is only taken from somebody of the territory: one from elsewhere would take the person off
the other province's list of who has no decision.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("grant select (person_id, province_code) on person_facts to eligibility_app")
