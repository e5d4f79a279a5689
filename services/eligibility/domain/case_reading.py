"""Cases out of JSON: an unknown field, a wrong type, a date that is none are refused, never ignored."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from libs.common.kernel.errors import Refusal
from services.eligibility.domain import reading
from services.eligibility.domain.cases import Case, Member, Move, Suspension
from services.eligibility.domain.facts import (
    AREAS,
    CARERS,
    CAUSES,
    CHILD_SITUATIONS,
    DEGREES,
    EVENT_KINDS,
    MARITAL,
    MONTHLY_ALLOWANCE,
    POVERTY,
    RECEIVED,
    RECIPIENTS,
    SOCIAL_PENSION,
    Child,
    EventFacts,
    PersonFacts,
)
from services.eligibility.domain.packs import Place
from services.eligibility.domain.reading import Problems, Reader, record

#: Keys of a list of worked examples that are no part of the case.
IGNORED = ("expect", "citation", "confidence", "note")
_CHILD: dict[str, Reader] = {
    "birth_date": reading.day,
    "studying": reading.yes_or_no,
    "study_continuous": reading.yes_or_no,
}


def _child(value: object, path: str, problems: Problems) -> Child | None:
    found = record(value, path, problems, _CHILD, ("birth_date",))
    return Child(**found) if "birth_date" in found else None


_YES_OR_NO = (
    "hiv_positive",
    "received_as_child_without_support",
    "studying",
    "study_continuous",
    "single_parent",
    "has_family_supporter",
    "has_stable_income",
    "pregnant",
    "care_drawn_by_spouse",
    "cannot_live_in_community",
    "eligible_for_facility",
    "fostered_in_community",
    "in_facility",
)
_PERSON: dict[str, Reader] = {
    "birth_date": reading.day,
    "disability_degree": reading.one_of(*DEGREES),
    "child_situation": reading.one_of(*CHILD_SITUATIONS),
    "marital_status": reading.one_of(*MARITAL),
    "children": reading.items(_child),
    "pension_dong_monthly": reading.whole,
    "children_under_36_months": reading.whole,
    **dict.fromkeys(_YES_OR_NO, reading.yes_or_no),
}
_HOUSEHOLD: dict[str, Reader] = {
    "poverty_status": reading.one_of(*POVERTY),
    "area": reading.one_of(*AREAS),
}
_DATES: dict[str, Reader] = {
    "disability_certificate_on": reading.day,
    "application_received_on": reading.day,
    "decision_signed_on": reading.day,
}
_STANDING: dict[str, Reader] = {
    "already_receiving": reading.yes_or_no,
    "applied_for": reading.items(reading.one_of(MONTHLY_ALLOWANCE, SOCIAL_PENSION)),
}
_CONTEXT: dict[str, Reader] = {
    **_STANDING,
    "suspended_from": reading.month_or_day,
    "resumed_in": reading.month,
    "conditions_unchanged": reading.yes_or_no,
    "moved_from_province": reading.text,
    "stopped_there_in": reading.month,
}
#: A person in the register has a carer who is in it too.
_CARER: dict[str, Reader] = {"relation": reading.one_of(*CARERS), "person_id": reading.text}
_EVENT: dict[str, Reader] = {
    "kind": reading.one_of(*EVENT_KINDS),
    "cause": reading.one_of(*CAUSES),
    "treatment_days": reading.whole,
    "days": reading.whole,
    "people": reading.whole,
    "months": reading.whole,
    "was_receiving": reading.one_of(*RECEIVED),
    "application_pending": reading.one_of(SOCIAL_PENSION),
    "child_of_recipient": reading.one_of(*RECIPIENTS),
}


def _person(value: object, path: str, problems: Problems) -> dict[str, Any]:
    return record(value, path, problems, _PERSON)


def _member(value: object, path: str, problems: Problems) -> dict[str, Any]:
    return record(value, path, problems, {**_PERSON, "spouse_of_first": reading.yes_or_no})


def _fields(fields: Mapping[str, Reader], *required: str) -> Reader:
    return lambda value, path, problems: record(value, path, problems, fields, required)


_CASE: dict[str, Reader] = {
    "id": reading.text,
    "month": reading.month,
    "as_of": reading.day,
    "province": reading.text,
    "former_province": reading.text,
    "person": _person,
    "household": _fields(_HOUSEHOLD),
    "household_members": reading.items(_member, least=1),
    "carer": _fields({"relation": reading.one_of(*CARERS)}, "relation"),
    "event": _fields(_EVENT, "kind"),
    "dates": _fields(_DATES),
    "context": _fields(_CONTEXT),
    **dict.fromkeys(IGNORED, reading.anything),
}


def read_case(value: object, provinces: Mapping[str, str]) -> Case:
    """The case that a JSON value holds; `provinces` maps the old province codes to today's.

    Refusal `case_invalid` with every wrong field's path.
    """
    problems = Problems()
    found = record(value, "", problems, _CASE, ("id", "month", "as_of"))
    if isinstance(value, dict) and ("person" in value) == ("household_members" in value):
        problems.add(
            "person",
            "missing" if "person" not in value else "contradiction",
            "Cần đúng một trong person, household_members.",
            "Exactly one of person, household_members is needed.",
        )
    context = found.get("context", {})
    place = _place(found, problems, provinces)
    move = _move(context, problems, provinces)
    suspension = _suspension(context, problems)
    _birth_dates(found, problems)
    refuse_if_any(problems)
    household_members = found.get("household_members")
    return Case(
        id=found["id"],
        month=found["month"],
        as_of=found["as_of"],
        place=place,
        members=tuple(_as_member(one, found) for one in household_members or [found["person"]]),
        of_household=household_members is not None,
        event=_event(found),
        suspension=suspension,
        move=move,
    )


def read_person(
    person: object,
    household: object = None,
    dates: object = None,
    context: object = None,
    carer: object = None,
) -> PersonFacts:
    """PersonFacts of the JSON objects of a case; None = not given. Of `context`, only
    `already_receiving` and `applied_for`; `carer` names the carer's `person_id` too. Refusal
    `case_invalid` with every wrong field's path."""
    problems = Problems()
    found = {"person": _person(person, "person", problems)}
    if household is not None:
        found["household"] = record(household, "household", problems, _HOUSEHOLD)
    if dates is not None:
        found["dates"] = record(dates, "dates", problems, _DATES)
    if context is not None:
        found["context"] = record(context, "context", problems, _STANDING)
    if carer is not None:
        found["carer"] = record(carer, "carer", problems, _CARER, tuple(_CARER))
    refuse_if_any(problems)
    return _facts(found["person"], found)


def refuse_if_any(problems: Problems) -> None:
    if problems.found:
        raise Refusal(
            "case_invalid",
            "Trường hợp có dữ kiện không hợp lệ; hãy sửa các trường được nêu.",
            "The case has facts that are not valid; mend the fields named.",
            tuple(problems.found),
        )


def _as_member(person: dict[str, Any], found: Mapping[str, Any]) -> Member:
    spouse = person.get("spouse_of_first", False)
    own = {name: value for name, value in person.items() if name != "spouse_of_first"}
    return Member(_facts(own, found), spouse)


def _facts(person: dict[str, Any], found: Mapping[str, Any]) -> PersonFacts:
    dates = found.get("dates", {})
    context = found.get("context", {})
    decided_long_ago = "application_received_on" not in dates and "decision_signed_on" not in dates
    return PersonFacts(
        **person,
        **found.get("household", {}),
        **dates,
        **({"carer": found["carer"]["relation"]} if "carer" in found else {}),
        # Who moved was receiving at the old place.
        already_receiving=context.get(
            "already_receiving", decided_long_ago or "moved_from_province" in context
        ),
        applied_for=frozenset(context.get("applied_for", (MONTHLY_ALLOWANCE,))),
    )


def _event(found: Mapping[str, Any]) -> EventFacts | None:
    """The event with what counts of the person it befell: of a household, the first."""
    if "event" not in found:
        return None
    person = found["person"] if "person" in found else found["household_members"][0]
    counts = ("birth_date", "in_facility", "pension_dong_monthly")
    return EventFacts(
        **found["event"],
        **{name: person[name] for name in counts if name in person},
        poverty_status=found.get("household", {}).get("poverty_status", "none"),
    )


def _place(found: Mapping[str, Any], problems: Problems, provinces: Mapping[str, str]) -> Place:
    province, former = found.get("province"), found.get("former_province")
    if province is not None and province not in provinces.values():
        _not_a_province("province", problems)
    if former is not None and former not in provinces:
        _not_a_province("former_province", problems)
    elif former is not None and province is None:
        problems.add(
            "province", "missing", "Cần cả mã tỉnh hiện nay.", "The province of today is needed beside it."
        )
    elif former is not None and provinces[former] != province:
        problems.add(
            "former_province",
            "contradiction",
            "Tỉnh cũ này không thuộc tỉnh đã nêu.",
            "That old province did not become part of the province given.",
        )
    return Place(province, former)


def _not_a_province(path: str, problems: Problems) -> None:
    problems.add(
        path,
        "not_one_of",
        "Cần mã tỉnh 2 chữ số, ví dụ 01.",
        "Needed: a 2-digit province code such as 01.",
    )


def _move(context: Mapping[str, Any], problems: Problems, provinces: Mapping[str, str]) -> Move | None:
    code, stopped = context.get("moved_from_province"), context.get("stopped_there_in")
    if code is None and stopped is None:
        return None
    if code is None or stopped is None:
        name = "stopped_there_in" if stopped is None else "moved_from_province"
        problems.add(f"context.{name}", "missing", "Thiếu trường này.", "This field is missing.")
        return None
    if code not in provinces and code not in provinces.values():
        _not_a_province("context.moved_from_province", problems)
        return None
    merged = provinces.get(code, code)
    return Move(Place(merged, code if merged != code else None), stopped)


def _suspension(context: Mapping[str, Any], problems: Problems) -> Suspension | None:
    first, resumed = context.get("suspended_from"), context.get("resumed_in")
    if first is None:
        if resumed is not None:
            problems.add("context.suspended_from", "missing", "Thiếu trường này.", "This field is missing.")
        return None
    if resumed is not None and resumed < first:
        problems.add(
            "context.resumed_in",
            "contradiction",
            "Tháng hưởng lại trước tháng tạm dừng.",
            "The month of resumption lies before the suspension.",
        )
    return Suspension(first, resumed, context.get("conditions_unchanged", False))


def _birth_dates(found: Mapping[str, Any], problems: Problems) -> None:
    """No birth after `as_of`, the one thing that as_of bounds."""
    as_of = found.get("as_of")
    if as_of is None:
        return
    people = [(f"household_members[{i}]", one) for i, one in enumerate(found.get("household_members", ()))]
    if "person" in found:
        people.append(("person", found["person"]))
    for path, person in people:
        born = [(f"{path}.birth_date", person.get("birth_date"))]
        born += [
            (f"{path}.children[{i}].birth_date", child.birth_date)
            for i, child in enumerate(person.get("children", ()))
            if child is not None
        ]
        for where, day in born:
            _not_after(where, day, as_of, problems)


def _not_after(path: str, born: date | None, as_of: date, problems: Problems) -> None:
    if born is not None and born > as_of:
        problems.add(
            path,
            "after_as_of",
            "Ngày sinh sau ngày đặt câu hỏi (as_of).",
            "The birth date lies after the day of the question (as_of).",
        )
