"""Why: the rules that were tried, in full for an answer and compact for a stored decision."""

from datetime import date
from typing import Any

from services.eligibility.domain.citations import Citation
from services.eligibility.domain.determination import Award, Determination, Tried
from services.eligibility.domain.facts import PersonFacts


def compact(determination: Determination) -> list[dict[str, Any]]:
    """JSON-able, no values of facts: rule and whether it held; where it failed, the facts it missed."""
    reasons = []
    for tried in determination.reasons:
        reason: dict[str, Any] = {"rule": tried.rule.code, "held": tried.held}
        if tried.failed:
            reason["failed"] = [check.fact for check in tried.failed]
        if tried.excluded_by:
            reason["excluded_by"] = tried.excluded_by
        if tried.lacks:
            reason["lacks_one_of"] = sorted(tried.lacks)
        if tried.rule.child_alternatives:
            reason["children"] = tried.children
        reasons.append(reason)
    return reasons


def full(determination: Determination, facts: PersonFacts) -> list[dict[str, Any]]:
    """JSON-able: each rule with its citation and every fact it asked for, what it needs, what is there."""
    has = _Has(facts)
    reasons = [_tried(tried, has) for tried in determination.reasons]
    return reasons + [
        {"rule": rule, "held": True, "facts": [], **cited(citation)}
        for rule, citation in determination.chosen_by
    ]


def cited(citation: Citation) -> dict[str, Any]:
    return {"citation": str(citation), "mark": citation.mark}


def award(one: Award) -> dict[str, Any]:
    """A benefit as an answer shows it. `point` is the letter of the category's point, where it has one."""
    return {
        "programme": one.programme,
        "category": one.category,
        "point": one.citation.point,
        "rule": one.rule,
        "coefficient": str(one.coefficient),
        "coefficient_hundredths": one.coefficient.hundredths,
        "standard_dong": one.standard,
        "amount_dong": one.amount,
        "payee": one.payee,
        "citations": [str(one.citation), str(one.coefficient_citation), str(one.standard_citation)],
    }


class _Has(dict[str, object]):
    """The person's facts as JSON, each written when it is first looked at: rules ask for the same ones."""

    def __init__(self, facts: PersonFacts) -> None:
        self._facts = facts

    def __missing__(self, fact: str) -> object:
        has = getattr(self._facts, fact)
        self[fact] = shown = has.isoformat() if isinstance(has, date) else has
        return shown


def _tried(tried: Tried, has: _Has) -> dict[str, Any]:
    rule = tried.rule
    reason: dict[str, Any] = {
        "rule": rule.code,
        "programme": rule.programme,
        "category": rule.clause,
        "held": tried.held,
        "facts": [
            {"fact": fact, "needs": needs, "has": has[fact], "held": met}
            for (fact, needs), met in zip(rule.asks, tried.met, strict=True)
        ],
        "citation": rule.cited,
        "mark": rule.citation.mark,
    }
    if rule.child_alternatives:
        reason["children_that_count"] = tried.children
    if tried.excluded_by:
        reason["excluded_by"] = tried.excluded_by
    if tried.lacks:
        reason["lacks_one_of"] = sorted(tried.lacks)
    if tried.held and rule.not_covered:
        reason["not_covered"] = rule.not_covered
    return reason
