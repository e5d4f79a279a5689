"""Determinations are jobs of 16 parts: a month's ordinary one, and what somebody asks to be determined again.

What was determined before stands as jobs that are done; a month that was being determined begins anew, which
writes nothing twice. The version that runs meanwhile finds its table no more and waits for its end.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

_PARTS = 16


def upgrade() -> None:
    op.execute(
        """
        create table redetermination (
            job_id uuid primary key,
            month date not null,
            scope text not null check (scope in ('nation', 'province', 'commune')),
            scope_code text check ((scope_code is null) = (scope = 'nation')),
            -- The province that whoever asked is bound to; null: the nation.
            territory text,
            ordinary boolean not null,
            -- Null until somebody begins it: then of the policy in use.
            policy_hash text,
            requested_by_sub text not null,
            requested_at timestamptz not null default clock_timestamp(),
            state text not null default 'running' check (state in ('running', 'done', 'cancelled')),
            persons bigint not null
        )
        """
    )
    op.execute("create unique index redetermination_of_month on redetermination (month) where ordinary")
    op.execute(
        """
        create table redetermination_part (
            job_id uuid not null references redetermination,
            part smallint not null,
            done_at timestamptz,
            -- When a worker was last told of it.
            told_at timestamptz,
            persons integer not null default 0,
            granted integer not null default 0,
            refused integer not null default 0,
            undetermined integer not null default 0,
            changed integer not null default 0,
            primary key (job_id, part)
        )
        """
    )
    op.execute("create index redetermination_part_open on redetermination_part (part) where done_at is null")
    _take_over()
    op.execute("drop table determination")
    for part in range(_PARTS):
        op.execute(f"grant update on decision_{part} to eligibility_bulk")
    op.execute("grant select, insert, update on redetermination, redetermination_part to eligibility_bulk")


def _take_over() -> None:
    op.execute(
        """
        insert into redetermination (job_id, month, scope, ordinary, policy_hash, requested_by_sub, state,
                                     persons)
        select gen_random_uuid(), month, 'nation', true, null, 'month',
               case when bool_and(state = 'done') then 'done' else 'running' end, sum(persons)
        from determination group by month
        """
    )
    op.execute(
        f"""
        insert into redetermination_part (job_id, part, done_at, persons, granted, refused)
        select j.job_id, p, case when j.state = 'done' then now() end,
               case when p = 0 then d.determined else 0 end, case when p = 0 then d.granted else 0 end,
               case when p = 0 then d.refused else 0 end
        from redetermination j
        join (select month, sum(determined) as determined, sum(granted) as granted, sum(refused) as refused
              from determination where state = 'done' group by month) d using (month)
        cross join generate_series(0, {_PARTS - 1}) p
        """
    )
