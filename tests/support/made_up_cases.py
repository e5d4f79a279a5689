"""Cases made up at random, as JSON: every field is given by some and left out by others."""

import random
from datetime import date
from typing import Any

from libs.common.kernel.months import Month
from services.eligibility.domain.facts import (
    CAUSES,
    EVENT_KINDS,
    RECEIVED,
    RECIPIENTS,
    SOCIAL_PENSION,
    PersonFacts,
)
from tests.support.people import PLACES, somebody

_OF_HOUSEHOLD = ("poverty_status", "area")
_OF_DATES = ("disability_certificate_on", "application_received_on", "decision_signed_on")
_OF_CONTEXT = ("already_receiving", "applied_for")
_OF_CHILD = ("birth_date", "studying", "study_continuous")
#: No birth date of a made-up person lies after it.
LAST_DAY = "2030-12-31"

#: Every field that a case can have, each right.
WHOLE: dict[str, Any] = {
    "id": "whole",
    "month": "2026-10",
    "as_of": "2026-10-31",
    "province": "31",
    "former_province": "30",
    "person": {
        "birth_date": "1985-02-28",
        "disability_degree": "severe",
        "hiv_positive": False,
        "child_situation": "abandoned",
        "received_as_child_without_support": False,
        "studying": False,
        "study_continuous": False,
        "single_parent": True,
        "marital_status": "widowed",
        "children": [{"birth_date": "2015-02-28", "studying": True, "study_continuous": True}],
        "pension_dong_monthly": 0,
        "has_family_supporter": False,
        "has_stable_income": False,
        "pregnant": False,
        "children_under_36_months": 0,
        "cannot_live_in_community": False,
        "eligible_for_facility": False,
        "fostered_in_community": False,
        "in_facility": False,
    },
    "household": {"poverty_status": "poor", "area": "other"},
    "carer": {"relation": "own_household"},
    "event": {
        "kind": "death",
        "cause": "fire",
        "treatment_days": 3,
        "days": 1,
        "people": 1,
        "months": 1,
        "was_receiving": "monthly_allowance",
        "application_pending": "social_pension",
        "child_of_recipient": "single_poor_parent",
    },
    "dates": {
        "disability_certificate_on": "2026-09-01",
        "application_received_on": "2026-09-02",
        "decision_signed_on": "2026-09-20",
    },
    "context": {
        "already_receiving": False,
        "applied_for": ["monthly_allowance"],
        "suspended_from": "2026-10",
        "resumed_in": "2026-11",
        "conditions_unchanged": True,
        "moved_from_province": "01",
        "stopped_there_in": "2026-09",
    },
}


def some_case(chance: random.Random) -> dict[str, Any]:
    """A case that is read without a problem; its month may be one that the policy does not cover."""
    month = Month(2015, 1) + chance.randrange(13 * 12)
    facts = somebody(chance, month)
    case: dict[str, Any] = {
        "id": "made up",
        "month": str(month),
        "as_of": LAST_DAY,
        **_somewhere(chance),
        "household": _given(facts, _OF_HOUSEHOLD),
        "dates": _given(facts, _OF_DATES),
        "context": {**_given(facts, _OF_CONTEXT), **_past(chance, month)},
    }
    if facts.carer:
        case["carer"] = {"relation": facts.carer}
    if chance.random() < 0.85:
        case["person"] = as_person(facts)
    else:
        spouse = {**as_person(somebody(chance, month)), "spouse_of_first": chance.random() < 0.5}
        case["household_members"] = [as_person(facts), spouse]
    if chance.random() < 0.1:
        case["event"] = _event(chance)
    return {name: value for name, value in case.items() if value != {} or chance.random() < 0.5}


def as_person(facts: PersonFacts) -> dict[str, Any]:
    """The `person` of a case: only what differs from a fact that is left out."""
    elsewhere = {*_OF_HOUSEHOLD, *_OF_DATES, *_OF_CONTEXT, "carer"}
    return _given(facts, tuple(name for name in PersonFacts.__dataclass_fields__ if name not in elsewhere))


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same value, its keys and its lists in another order; not the members, whose first one counts."""
    if isinstance(value, dict):
        names = chance.sample(sorted(value), len(value))
        return {
            name: value[name] if name == "household_members" else shuffled(value[name], chance)
            for name in names
        }
    if isinstance(value, list):
        return [shuffled(each, chance) for each in chance.sample(value, len(value))]
    return value


def _given(facts: PersonFacts, names: tuple[str, ...]) -> dict[str, Any]:
    absent = PersonFacts()
    told = {name: getattr(facts, name) for name in names}
    return {
        name: _as_json(value)
        for name, value in told.items()
        if value != getattr(absent, name) or name in _OF_CONTEXT
    }


def _as_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [{name: _as_json(getattr(child, name)) for name in _OF_CHILD} for child in value]
    return value


def _somewhere(chance: random.Random) -> dict[str, str]:
    place = chance.choice(PLACES)
    told = {"province": place.province, "former_province": place.former_province}
    return {name: code for name, code in told.items() if code is not None}


def _past(chance: random.Random, month: Month) -> dict[str, Any]:
    """A suspension or a move about the month, or neither."""
    near = month + chance.randint(-4, 2)
    kind = chance.random()
    if kind < 0.15:
        resumed = {} if chance.random() < 0.2 else {"resumed_in": str(max(near, month))}
        return {
            "suspended_from": str(near),
            **resumed,
            "conditions_unchanged": chance.random() < 0.6,
        }
    if kind < 0.25:
        return {"moved_from_province": chance.choice(("01", "22", "30", "92")), "stopped_there_in": str(near)}
    return {}


def _event(chance: random.Random) -> dict[str, Any]:
    told: dict[str, Any] = {
        "cause": chance.choice(CAUSES),
        "treatment_days": chance.randrange(5),
        "days": chance.choice((1, 10, 92, 93)),
        "people": chance.randrange(6),
        "months": chance.randrange(6),
        "was_receiving": chance.choice(RECEIVED),
        "application_pending": SOCIAL_PENSION,
        "child_of_recipient": chance.choice(RECIPIENTS),
    }
    some = {name: value for name, value in told.items() if chance.random() < 0.5}
    return {"kind": chance.choice(EVENT_KINDS), **some}
