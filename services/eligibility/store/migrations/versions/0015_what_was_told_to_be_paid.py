"""Recalculations hold the law against what was told to be paid, and remember who is done for which months.

`decision.signed_at`: when a proposal was signed; null for what is recorded with its signature.
`recalculation_person`: who is still to be looked at, one by one; `parts_left`: the parts of the nation in
which these are still to be found; `elsewhere`: people with months that are another territory's.
`difference.booked_dong` and `decisions`: what was applied before, and how many decisions in force reached the
month: where either has changed, it is out of date.
`recalculated_months`: what was recalculated with version `recalculated_with` of a person's facts; once that
is all that came late, `recalculated_version` is it.

A recalculation that runs meanwhile is discarded: its old side was what is in force.
"""

from alembic import op

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("alter table decision add column signed_at timestamptz")
    op.execute(
        """
        alter table recalculation
            add column parts_left smallint[] not null default '{}',
            add column elsewhere uuid[] not null default '{}'
        """
    )
    op.execute(f"set local {TERRITORY_SETTING} = '{NATION}'")
    op.execute("update recalculation set state = 'discarded' where state in ('running', 'ready')")
    op.execute("alter table difference add column booked_dong bigint, add column decisions integer")
    op.execute(
        """
        create table recalculation_person (
            recalculation_id uuid not null references recalculation,
            person_id uuid not null,
            primary key (recalculation_id, person_id)
        )
        """
    )
    op.execute("grant select, insert, delete on recalculation_person to eligibility_bulk")
    op.execute(
        """
        alter table person_facts
            add column recalculated_with integer,
            add column recalculated_months datemultirange not null default '{}'
        """
    )
