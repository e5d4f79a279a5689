"""What must hold of decisions at any time, as SQL that finds what breaks it."""

from libs.common.runtime.invariants import Invariant

INVARIANTS = (
    Invariant(
        5,
        "every decision cites the policy it was made by",
        "select decision_id from decision where policy_hash = '' or policy_version = ''",
    ),
    Invariant(
        5,
        "every decision can be made again: its policy and its facts are kept",
        """
        select d.decision_id from decision d
        left join policy p using (policy_hash)
        left join person_facts f on f.person_id = d.person_id and f.version = d.facts_version
        left join facts_history h on h.person_id = d.person_id and h.version = d.facts_version
        where d.receipt is null and (p.policy_hash is null or (f.person_id is null and h.person_id is null))
        """,
    ),
    Invariant(
        5,
        "one version follows another without a gap",
        """
        select person_id from decision group by person_id, programme
        having max(version) <> count(*) or min(version) <> 1
        union all
        select person_id from foreign_decision group by person_id, programme
        having max(version) <> count(*) or min(version) <> 1
        """,
    ),
    Invariant(
        5,
        "what stands is what the newest decision of each programme says",
        """
        select coalesce(n.person_id, s.person_id)
        from (
            select distinct on (person_id, programme) person_id, programme, version, says(decision) as says
            from decision order by person_id, programme, version desc
        ) n full join standing s using (person_id, programme)
        where n.version is distinct from s.version or n.says is distinct from s.says
        """,
    ),
    Invariant(
        7,
        "every decision stands in the log of events, once",
        """
        select coalesce(d.person_id, e.key)
        from (
            select person_id, sum(made) as made from (
                select person_id, count(*) as made from decision group by person_id
                union all select person_id, count(*) from foreign_decision group by person_id
            ) each group by person_id
        ) d
        full join (
            select key, count(*) as told from outbox where type = 'DecisionRecorded' group by key
        ) e on e.key = d.person_id
        where d.made is distinct from e.told
        """,
    ),
    Invariant(
        7,
        "every edge of a case stands in the log of events, once",
        """
        select coalesce(c.case_id, e.key)
        from (
            select case_id, 1 + num_nonnulls(checked_on, decided_on, notified_on, withdrawn_on) as walked
            from case_file
        ) c
        full join (
            select key, count(*) as told from outbox where topic = 'ansinh.eligibility.case.v1'
              and type <> 'MonthFactsClosed' group by key
        ) e on e.key = c.case_id
        where c.walked is distinct from e.told
        """,
    ),
    Invariant(
        5,
        "nothing is granted in a month in which it is suspended or stopped",
        """
        select h.case_id from hold h join case_file c using (case_id)
        join decision d on d.person_id = h.person_id and d.programme = h.programme
         and d.status <> 'proposed' and d.outcome = 'granted'
        where c.carried_out
          and (h.until_month is null or greatest(d.effective_from, h.from_month) < h.until_month)
          and not exists (
            select from decision later where later.person_id = d.person_id
              and later.programme = d.programme and later.version > d.version and later.status <> 'proposed'
              and later.effective_from <= greatest(d.effective_from, h.from_month))
        """,
    ),
    Invariant(
        13,
        "row-level security is forced on every table with personal data",
        """
        select relname::text from pg_class
        where relname in ('decision', 'person_facts', 'facts_history', 'case_file', 'hold', 'band_change',
                          'coverage_gap', 'coverage_count', 'coverage_of_province', 'recalculation',
                          'difference', 'foreign_row', 'foreign_decision')
        and not (relrowsecurity and relforcerowsecurity)
        """,
    ),
)
