"""Every case ends: applications that change nothing and measures that could not be carried out are seen.

What a determination finds of an application stands beside it, with all that its receipt is made of. Two
applications of a person are one proposal on the list, and nobody is asked to sign a refusal to who did not
ask. The version that runs meanwhile knows neither the state nor the columns, and needs neither. A
recalculation's differences are the worker's to write: the door reads them.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

_OPEN = "('received', 'checked')"
_DECIDED = "('decided', 'unchanged', 'notified')"


def upgrade() -> None:
    _applications()
    op.execute("drop view worklist")
    _worklist()
    op.execute("grant select on worklist to eligibility_app")
    op.execute("grant select (version) on person_facts to eligibility_app")
    op.execute("revoke insert, update on difference from eligibility_app")


def _applications() -> None:
    op.execute(
        """
        alter table case_file
            add column unchanged_decision_id uuid,
            add column found_on date,
            add column facts_version integer,
            add column policy_version text,
            add column policy_hash text,
            add column determined_month date,
            add column facts_month date,
            add column resident_of uuid,
            add column input_hash bytea,
            add column trace bytea,
            drop constraint case_file_state_check,
            drop constraint case_file_check2,
            add constraint case_file_state_check check (
                state in ('received', 'checked', 'decided', 'unchanged', 'notified', 'withdrawn'))
        """
    )
    op.execute(
        f"alter table case_file add constraint case_file_check2"
        f" check ((state in {_DECIDED}) = (decided_on is not null)),"
        " add constraint what_stands_is_known"
        " check (state <> 'unchanged' or unchanged_decision_id is not null)"
    )


def _worklist() -> None:
    """What waits for somebody, one line each; whoever asks sees the own territory only."""
    answers = "(d.programme = any(c.programmes) or d.programme = 'nurture_allowance')"
    waits = """d.status = 'proposed' and not exists (
            select from decision later where later.person_id = d.person_id and later.programme = d.programme
              and later.version > d.version and later.effective_from <= d.effective_from)"""
    op.execute(
        f"""
        create view worklist with (security_invoker = true) as
        select case when c.unchanged_decision_id is null then c.kind else 'unchanged' end as kind,
               c.case_id as item_id, c.person_id, c.case_id, c.programmes, c.due_on,
               null::smallint as years, null::text as problem, c.commune_code, c.province_code
        from case_file c
        where c.state in {_OPEN} and not exists (
            select from decision d where d.person_id = c.person_id and c.kind = 'application' and {answers}
              and {waits})
        union all
        select case when c.problem is null then 'notice' else 'problem' end, c.case_id, c.person_id,
               c.case_id, c.programmes, null, null, c.problem, c.commune_code, c.province_code
        from case_file c where c.state in ('decided', 'unchanged')
        union all
        select 'proposal', d.decision_id, d.person_id, c.case_id, array[d.programme], c.due_on, null, null,
               d.commune_code, d.province_code
        from decision d
        left join lateral (
            select c.case_id, c.due_on from case_file c
            where c.person_id = d.person_id and c.kind = 'application' and c.state in {_OPEN} and {answers}
            order by c.due_on, c.case_id limit 1
        ) c on true
        where {waits} and (d.outcome = 'granted' or c.case_id is not null)
        union all
        select 'suspension_runs_out', h.case_id, h.person_id, h.case_id, array[h.programme], h.runs_out_on,
               null, null, h.commune_code, h.province_code
        from hold h where h.kind = 'suspension' and h.until_month is null and h.runs_out_on is not null
        union all
        select 'band_change', b.person_id, b.person_id, null, '{{}}', b.month, b.years, null, b.commune_code,
               b.province_code
        from band_change b
        """
    )
