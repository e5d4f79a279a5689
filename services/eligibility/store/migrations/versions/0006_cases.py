"""The life of a case, what holds a programme back, and who seems entitled and has no decision.

A case's row is its state; each edge it has walked stands in the log of events. A `hold` keeps a programme
from being granted by a determination: a suspension until it is resumed, a stop until somebody applies again.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0006"
down_revision = "0005"

_PROTECTED = ("case_file", "hold", "band_change", "coverage_gap", "coverage_count")


def upgrade() -> None:
    _cases()
    _holds()
    _coverage()
    _worklist()
    op.execute("alter table decision add column case_id uuid")
    for table in _PROTECTED:
        frame.protect(op, table)
    for role in ("eligibility_app", "eligibility_bulk"):
        op.execute(f"grant select, insert, update on case_file, hold to {role}")
    op.execute("grant select on band_change, coverage_gap, coverage_count, worklist to eligibility_app")
    op.execute("grant select on coverage_refresh to eligibility_app")
    op.execute(
        "grant select, insert, update, delete on band_change, coverage_gap, coverage_count, coverage_refresh"
        " to eligibility_bulk"
    )


def _cases() -> None:
    op.execute(
        """
        create table case_file (
            case_id uuid primary key,
            kind text not null check (kind in ('application', 'suspension', 'resumption', 'stop', 'move')),
            person_id uuid not null,
            shard smallint not null,
            programmes text[] not null,
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            received_on date not null,
            due_on date,
            state text not null check (state in ('received', 'checked', 'decided', 'notified', 'withdrawn')),
            ground text,
            from_month date,
            prepared_by_sub text,
            checks jsonb not null default '{}',
            checked_on date,
            decided_on date,
            signed_by_sub text,
            carried_out boolean not null default false,
            problem text,
            notified_on date,
            notice_hash text,
            withdrawn_on date,
            recorded_at timestamptz not null default now(),
            check (prepared_by_sub <> signed_by_sub or kind = 'application'),
            check ((decided_on is null) = (signed_by_sub is null)),
            check ((state in ('decided', 'notified')) = (decided_on is not null)),
            check ((state = 'notified') = (notified_on is not null)),
            check ((state = 'withdrawn') = (withdrawn_on is not null))
        )
        """
    )
    op.execute("create index case_file_by_person on case_file (person_id, kind)")
    op.execute("create index case_file_open on case_file (due_on) where state in ('received', 'checked')")
    op.execute(
        "create index case_file_to_carry_out on case_file (decided_on)"
        " where kind <> 'application' and decided_on is not null and not carried_out"
    )


def _holds() -> None:
    op.execute(
        """
        create table hold (
            case_id uuid primary key references case_file,
            person_id uuid not null,
            programme text not null,
            kind text not null check (kind in ('suspension', 'stop')),
            from_month date not null,
            until_month date,
            signed_on date not null,
            runs_out_on date,
            commune_code text not null,
            province_code text not null,
            check (until_month >= from_month)
        )
        """
    )
    op.execute("create index hold_by_person on hold (person_id)")


def _coverage() -> None:
    op.execute(
        """
        create table band_change (
            person_id uuid not null, month date not null, years smallint not null, shard smallint not null,
            commune_code text not null, province_code text not null,
            primary key (person_id, years)
        )
        """
    )
    op.execute(
        """
        create table coverage_gap (
            person_id uuid not null, programme text not null, month date not null, shard smallint not null,
            amount_dong bigint not null, commune_code text not null, province_code text not null,
            primary key (programme, person_id)
        )
        """
    )
    op.execute(
        """
        create table coverage_count (
            shard smallint not null, programme text not null, commune_code text not null,
            province_code text not null, decided integer not null, in_process integer not null,
            without integer not null,
            primary key (shard, programme, province_code, commune_code)
        )
        """
    )
    op.execute(
        """
        create table coverage_refresh (
            shard smallint primary key, month date not null, began_on date not null,
            state text not null check (state in ('pending', 'done')), after_person uuid not null,
            determined date not null
        )
        """
    )


def _worklist() -> None:
    """What waits for somebody, one line each; whoever asks sees the own territory only."""
    op.execute(
        """
        create view worklist with (security_invoker = true) as
        select c.kind, c.case_id as item_id, c.person_id, c.case_id, c.programmes, c.due_on,
               null::smallint as years, c.commune_code, c.province_code
        from case_file c
        where c.state in ('received', 'checked') and not exists (
            select from decision d where d.person_id = c.person_id and d.status = 'proposed'
              and c.kind = 'application' and d.programme = any(c.programmes))
        union all
        select 'notice', c.case_id, c.person_id, c.case_id, c.programmes, null, null, c.commune_code,
               c.province_code
        from case_file c where c.state = 'decided'
        union all
        select 'proposal', d.decision_id, d.person_id, c.case_id, array[d.programme], c.due_on, null,
               d.commune_code, d.province_code
        from decision d
        left join case_file c on c.person_id = d.person_id and c.kind = 'application'
             and c.state in ('received', 'checked') and d.programme = any(c.programmes)
        where d.status = 'proposed' and not exists (
            select from decision later where later.person_id = d.person_id and later.programme = d.programme
              and later.version > d.version and later.effective_from <= d.effective_from)
        union all
        select 'suspension_runs_out', h.case_id, h.person_id, h.case_id, array[h.programme], h.runs_out_on,
               null, h.commune_code, h.province_code
        from hold h where h.kind = 'suspension' and h.until_month is null and h.runs_out_on is not null
        union all
        select 'band_change', b.person_id, b.person_id, null, '{}', b.month, b.years, b.commune_code,
               b.province_code
        from band_change b
        """
    )
