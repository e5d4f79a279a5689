"""The answer to a case: amounts, the benefits they are made of, and every reason, JSON-able."""

from dataclasses import replace
from typing import Any

from libs.common.kernel.months import Month
from services.eligibility.domain import one_off, reasons
from services.eligibility.domain.cases import Case, Member
from services.eligibility.domain.determination import SELF, Determination
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.entitlement import Timeline
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.domain.packs import not_covered
from services.eligibility.domain.starts import citation_of_start, start_month


def answer(engine: Engine, case: Case) -> dict[str, Any]:
    """What `case` is entitled to. Refusal `not_covered_yet` names the part that is not built.

    Of a household the amounts are sums, and `household_monthly_dong` is all of it, carers' money too.
    """
    parts = [_of_member(engine, case, member.facts) for member in _one_share(engine, case)]
    if case.of_household:
        for index, part in enumerate(parts):
            for said in (*part["benefits"], *part["reasons"]):
                said["member"] = index
    starts = [part["start_month"] for part in parts if part["start_month"]]
    found: dict[str, Any] = {
        "id": case.id,
        "month": str(case.month),
        "monthly_dong": sum(part["monthly_dong"] for part in parts),
        "carer_monthly_dong": sum(part["carer_monthly_dong"] for part in parts),
        "one_off_dong": 0,
        "arrears_dong": sum(part["arrears_dong"] for part in parts),
        "benefits": [one for part in parts for one in part["benefits"]],
        "reasons": [one for part in parts for one in part["reasons"]],
        "start_month": min(starts, default=None),
        "policy_version": engine.policy.version,
        "policy_hash": engine.policy.hash,
    }
    if case.of_household:
        found["household_monthly_dong"] = found["monthly_dong"] + found["carer_monthly_dong"]
    return {**found, **_event(engine, case, found)} if case.event is not None else found


def _of_member(engine: Engine, case: Case, facts: PersonFacts) -> dict[str, Any]:
    timeline = Timeline(engine, case, facts)
    found = timeline.determine(case.month)
    pays = timeline.pays(case.month)
    if pays and found.uncovered:
        raise not_covered(found.uncovered[0][1])
    arrears = timeline.arrears()
    start = timeline.start(found)
    return {
        "monthly_dong": found.to_person if pays else 0,
        "carer_monthly_dong": found.to_carer if pays else 0,
        "arrears_dong": sum(dong for _, dong in arrears),
        "benefits": [reasons.award(one) for one in found.awards + found.care] if pays else [],
        "reasons": reasons.full(found, facts) + _of_time(timeline, found, start, arrears),
        "start_month": str(start) if start and pays and found.awards else None,
    }


def _one_share(engine: Engine, case: Case) -> list[Member]:
    """The members, the lower care share of a disabled couple set aside: both have one together
    (NĐ 20/2021 Đ20.2.a, NĐ 335/2026 Đ17.2.a, last sentence)."""
    members = list(case.members)
    for index, member in enumerate(members):
        if index == 0 or not member.spouse_of_first:
            continue
        first = _own_care(engine, case, members[0])
        spouse = _own_care(engine, case, member)
        if first and spouse:
            lower = index if spouse <= first else 0
            facts = replace(members[lower].facts, pregnant=False, children_under_36_months=0)
            members[lower] = replace(members[lower], facts=facts)
    return members


def _own_care(engine: Engine, case: Case, member: Member) -> int:
    care = Timeline(engine, case, member.facts).determine(case.month).care
    return sum(award.amount for award in care if award.payee == SELF)


def _event(engine: Engine, case: Case, found: dict[str, Any]) -> dict[str, Any]:
    """What the event adds to or changes in the answer."""
    assert case.event is not None
    tried = one_off.of_event(engine.policy, case.event, case.members[0].facts, case.month, case.place)
    best = one_off.highest(tried)
    said = [
        {"rule": each.rule, "held": each.held, "facts": [], **reasons.cited(each.citation)} for each in tried
    ]
    return {
        "one_off_dong": best.dong if best else 0,
        "one_off_rice_kg": best.rice_kg if best else 0,
        "benefits": found["benefits"] + ([one_off.as_benefit(best)] if best else []),
        "reasons": found["reasons"] + said,
    }


def _of_time(
    timeline: Timeline, found: Determination, start: Month | None, arrears: list[tuple[Month, int]]
) -> list[dict[str, Any]]:
    """The reasons that lie in dates: file, start, suspension, move, back-pay."""
    case, facts, policy = timeline.case, timeline.facts, timeline.engine.policy
    said: list[dict[str, Any]] = []
    if facts.pending:
        said.append(_said("decided", False, ("decision_signed_on", None)))
    waiting = timeline.not_started(case.month)
    paid = {award.rule for award in found.awards}
    for code in (tried.rule.code for tried in found.reasons if tried.held):
        citation = citation_of_start(policy, code, facts)
        if citation is not None and (code in paid or code in waiting):
            from_month = start if code in paid else start_month(policy, code, facts)
            of_start = _said("start", code in paid, ("start_month", str(from_month) if from_month else None))
            said.append({**of_start, "of": code, **reasons.cited(citation)})
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
