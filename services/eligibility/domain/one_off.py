"""One-off benefits: funeral support (mai táng) and emergency relief (trợ giúp khẩn cấp)."""

from dataclasses import dataclass
from typing import Any

from libs.common.kernel.months import Month
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.conditions import Moment
from services.eligibility.domain.facts import EventFacts, PersonFacts
from services.eligibility.domain.packs import (
    SOCIAL_PENSION_CENTRAL,
    Place,
    Standard,
    central_level,
    not_covered,
    standard_of,
)
from services.eligibility.domain.policy import COMMUNITY, Grant, Policy


@dataclass(frozen=True, slots=True)
class OneOff:
    """A benefit that was tried for an event: đồng and kilograms of rice, both 0 where it failed."""

    rule: str
    held: bool
    dong: int
    rice_kg: int
    standard: Standard | None
    citation: Citation


def of_event(
    policy: Policy, event: EventFacts, facts: PersonFacts, month: Month, place: Place
) -> list[OneOff]:
    """Every rule for the kind of event, tried. Refusal `not_covered_yet` where the month has none."""
    tried = []
    pension = central_level(policy.social_pension_central, policy, month, month)
    moment = Moment(month, {SOCIAL_PENSION_CENTRAL: pension.dong if pension else 0})
    for rule in policy.one_off:
        grant = policy.pick(rule.grants, month) if rule.kind == event.kind else None
        if grant is None:
            continue
        standard = standard_of(policy, COMMUNITY, month, place, None)
        held = any(
            all(condition.at(moment).holds(event, facts) for condition in alternative)
            for alternative in grant.value.alternatives
        )
        dong = _dong(grant.value, event, standard) if held else 0
        rice = _rice(grant.value, event) if held else 0
        tried.append(OneOff(rule.code, held, dong, rice, standard, grant.citation))
    if not tried:
        raise not_covered("event")
    return tried


def highest(tried: list[OneOff]) -> OneOff | None:
    """Of several that held, one: the highest."""
    return max((each for each in tried if each.held), key=lambda each: each.dong, default=None)


def as_benefit(one: OneOff) -> dict[str, Any]:
    citations = [one.citation, *([one.standard.citation] if one.standard else [])]
    return {
        "programme": "one_off",
        "category": one.rule,
        "rule": one.rule,
        "amount_dong": one.dong,
        "rice_kg": one.rice_kg,
        "standard_dong": one.standard.dong if one.standard else None,
        "payee": "household",
        "citations": [str(citation) for citation in citations],
    }


def _dong(grant: Grant, event: EventFacts, standard: Standard | None) -> int:
    if grant.times_standard is not None:
        assert standard is not None
        return grant.times_standard.of(standard.dong)
    if grant.dong_per_person_day is not None:
        return grant.dong_per_person_day * event.people * min(event.days, grant.days_max)
    return grant.dong or 0


def _rice(grant: Grant, event: EventFacts) -> int:
    if grant.rice_kg_per_person_month is None:
        return 0
    return grant.rice_kg_per_person_month * event.people * min(event.months, grant.months_max)
