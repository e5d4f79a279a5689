"""The answer to a case: amounts, the benefits they are made of, and every reason, JSON-able."""

from typing import Any

from libs.common.kernel.months import Month
from services.eligibility.domain import reasons
from services.eligibility.domain.cases import Case
from services.eligibility.domain.determination import Determination
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.entitlement import Timeline
from services.eligibility.domain.packs import not_covered
from services.eligibility.domain.starts import citation_of_start


def answer(engine: Engine, case: Case) -> dict[str, Any]:
    """What `case` is entitled to. Refusal `not_covered_yet` names the part that is not built."""
    _refuse_what_is_not_built(case)
    timeline = Timeline(engine, case, case.members[0].facts)
    found = timeline.determine(case.month)
    pays = timeline.pays(case.month)
    arrears = timeline.arrears()
    start = timeline.start(found)
    return {
        "id": case.id,
        "month": str(case.month),
        "monthly_dong": found.amount if pays else 0,
        "carer_monthly_dong": 0,
        "one_off_dong": 0,
        "arrears_dong": sum(dong for _, dong in arrears),
        "benefits": [reasons.award(one) for one in found.awards] if pays else [],
        "reasons": reasons.full(found, timeline.facts) + _of_time(timeline, found, start, arrears),
        "start_month": str(start) if start and pays and found.awards else None,
        "policy_version": engine.policy.version,
        "policy_hash": engine.policy.hash,
    }


def _refuse_what_is_not_built(case: Case) -> None:
    if case.of_household:
        raise not_covered("household_members")
    if case.carer is not None:
        raise not_covered("carer")
    if case.event is not None:
        raise not_covered("event")
    if case.members[0].facts.pregnant:
        raise not_covered("person.pregnant")
    if case.members[0].facts.children_under_36_months:
        raise not_covered("person.children_under_36_months")


def _of_time(
    timeline: Timeline, found: Determination, start: Month | None, arrears: list[tuple[Month, int]]
) -> list[dict[str, Any]]:
    """The reasons that lie in dates: file, start, suspension, move, back-pay."""
    case, facts, policy = timeline.case, timeline.facts, timeline.engine.policy
    said: list[dict[str, Any]] = []
    if facts.pending:
        said.append(_said("decided", False, ("decision_signed_on", None)))
    for award in found.awards:
        citation = citation_of_start(policy, award.rule, facts)
        if citation is not None:
            of_start = _said("start", True, ("start_month", str(start) if start else None))
            said.append({**of_start, "of": award.rule, **reasons.cited(citation)})
    if case.suspension is not None:
        suspended = case.suspension.covers(case.month)
        said.append(_said("not_suspended", not suspended, ("suspended_from", str(case.suspension.first))))
    if case.move is not None:
        rule = policy.pick(policy.moves["monthly_allowance"], case.move.stopped_in)
        moved = _said("new_place_pays", case.month >= (start or case.month), ("from", str(start)))
        said.append({**moved, **(reasons.cited(rule.citation) if rule else {})})
    said += [_said("arrears", True, ("month", str(month)), ("dong", dong)) for month, dong in arrears]
    return said


def _said(rule: str, held: bool, *facts: tuple[str, object]) -> dict[str, Any]:
    return {"rule": rule, "held": held, "facts": [{"fact": name, "has": has} for name, has in facts]}
