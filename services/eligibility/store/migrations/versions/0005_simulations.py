"""Questions about drafts of the law, with their answers: figures of many people and no person's.

A question of the nation has no `province_code`, so that no province's token sees it. A worker says that it
is alive by `beat_at`; whoever is silent for a minute is taken for dead, and the question is done again.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        create table simulation (
            simulation_id uuid primary key,
            draft text not null,
            title text not null,
            draft_hash text not null,
            months date[] not null,
            province_code text,
            take_up text not null check (take_up in ('full', 'registered')),
            asked_by text not null,
            asked_at timestamptz not null default now(),
            state text not null default 'pending' check (state in ('pending', 'running', 'done', 'failed')),
            attempts smallint not null default 0,
            beat_at timestamptz,
            people_done bigint not null default 0,
            people_due bigint not null default 0,
            found jsonb,
            check ((state = 'done') = (found is not null))
        )
        """
    )
    op.execute(
        "create index simulation_waiting on simulation (asked_at) where state in ('pending', 'running')"
    )
    frame.protect(op, "simulation")
    op.execute("grant select on simulation to eligibility_app")
    op.execute("grant select, insert, update, delete on simulation to eligibility_bulk")
