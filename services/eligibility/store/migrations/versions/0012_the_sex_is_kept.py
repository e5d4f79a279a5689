"""The sex that the registry tells is kept beside a version's facts, for figures that are broken down by it.

Nullable: of whom was recorded before, it is not known until the next version comes. The version that runs
meanwhile neither writes nor reads it; packed rows have had two free bits for it.
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for table in ("person_facts", "facts_history"):
        op.execute(f"alter table {table} add column sex text check (sex in ('female', 'male'))")
