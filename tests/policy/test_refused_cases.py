"""Bad facts are refused with the field's path: nothing is guessed and nothing is ignored."""

from copy import deepcopy
from typing import Any

import pytest

from libs.common.kernel.errors import Refusal
from services.eligibility.usecases.assess import Assessor
from tests.policy.support import packaged
from tests.support.made_up_cases import WHOLE

PATHS_OF_TRUTH = [
    *(f"person.{name}" for name, value in WHOLE["person"].items() if isinstance(value, bool)),
    "person.children[0].studying",
    "person.children[0].study_continuous",
    "context.already_receiving",
    "context.conditions_unchanged",
]
DATES = [
    "as_of",
    "person.birth_date",
    "person.children[0].birth_date",
    *(f"dates.{x}" for x in WHOLE["dates"]),
]
MONTHS = ["month", "context.resumed_in", "context.stopped_there_in"]
CHOICES = [
    "person.disability_degree",
    "person.child_situation",
    "person.marital_status",
    "household.poverty_status",
    "household.area",
    "carer.relation",
    "event.kind",
    "event.cause",
    "event.was_receiving",
    "event.application_pending",
    "event.child_of_recipient",
    "context.applied_for[0]",
]
COUNTS = [
    "person.pension_dong_monthly",
    "person.children_under_36_months",
    "event.treatment_days",
    "event.days",
    "event.people",
    "event.months",
]
PROVINCES = ["province", "former_province", "context.moved_from_province"]
OBJECTS = ["person", "household", "carer", "event", "dates", "context", "person.children[0]"]
LISTS = ["person.children", "context.applied_for"]

Wrong = list[tuple[Any, str]]


def wrong(code: str, *values: object) -> Wrong:
    return [(value, code) for value in values]


NO_TRUTH = wrong("wrong_type", None, 0, 1, 1.0, "true", "", [], {})
NO_DATE = wrong("wrong_type", None, 20261031, 1.5, True, [], {}) + wrong(
    "not_a_date",
    "",
    "2026-10",
    "2025-02-29",
    "2026-02-30",
    "2026-04-31",
    "2026-13-01",
    "2026-00-10",
    "2026-10-00",
    "0000-01-01",
    "31/10/2026",
    "2026-10-31T00:00:00",
    "2026-10-31 ",
    "20261031",
    "２０２６-10-31",
)
NO_MONTH = wrong("wrong_type", None, 202610, 1.5, True, [], {}) + wrong(
    "not_a_month", "", "2026", "2026-13", "2026-00", "0000-01", "10/2026", "2026-10-01"
)
NO_CHOICE = wrong("wrong_type", None, 0, True, [], {}) + wrong("not_one_of", "", "POOR", "severe ", "yes")
NO_COUNT = wrong("wrong_type", None, -1, 1.0, 0.5, True, "1", [], {}) + wrong("too_large", 10**13)
NO_PROVINCE = wrong("wrong_type", None, 1, True, "", [], {}) + wrong(
    "not_one_of", "1", "001", "00", "99", "Hà Nội"
)
NO_OBJECT = wrong("wrong_type", None, 0, True, "x", [])
NO_LIST = wrong("wrong_type", None, 0, True, "x", {})

WRONG: list[tuple[str, Any, str]] = [
    (path, value, code)
    for paths, values in (
        (PATHS_OF_TRUTH, NO_TRUTH),
        (DATES, NO_DATE),
        (MONTHS, NO_MONTH),
        (["context.suspended_from"], [each for each in NO_MONTH if each[0] != "2026-10-01"]),
        (CHOICES, NO_CHOICE),
        (COUNTS, NO_COUNT),
        (PROVINCES, NO_PROVINCE),
        (OBJECTS, NO_OBJECT),
        (LISTS, NO_LIST),
        (["id"], wrong("wrong_type", None, 0, True, "", [], {})),
        (["household_members"], wrong("wrong_type", None, 0, "x", {}, [])),
    )
    for path in paths
    for value, code in values
]


def refusal(case: object) -> Refusal:
    with pytest.raises(Refusal) as refused:
        Assessor(packaged()).assess(case)
    assert refused.value.code == "case_invalid"
    for error in refused.value.errors:
        assert error.message_vi and error.message_en
    return refused.value


def told(case: object) -> set[tuple[str, str]]:
    return {(error.path, error.code) for error in refusal(case).errors}


def steps(path: str) -> list[str | int]:
    parts = path.replace("]", "").replace("[", ".").split(".")
    return [int(part) if part.isdigit() else part for part in parts]


def put(case: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = deepcopy(case)
    *way, last = steps(path)
    inner: Any = changed
    for step in way:
        inner = inner[step]
    inner[last] = value
    return changed


def whole(without: str = "") -> dict[str, Any]:
    """The whole case without what only a person (or only a household) has."""
    case = deepcopy(WHOLE)
    if without:
        del case[without]
    return case


def every_path(value: object, path: str = "") -> list[str]:
    inner: list[tuple[str, object]] = []
    if isinstance(value, dict):
        inner = [(f"{path}.{name}" if path else name, each) for name, each in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[{index}]", each) for index, each in enumerate(value)]
    return [found for where, each in inner for found in (where, *every_path(each, where))]


def test_the_whole_case_is_right_and_each_of_its_fields_is_tried() -> None:
    assert Assessor(packaged()).assess(WHOLE)["month"] == "2026-10"
    assert set(every_path(WHOLE)) <= {path for path, _, _ in WRONG}


@pytest.mark.parametrize("path", sorted({path for path, _, _ in WRONG}))
def test_a_wrong_value_is_refused_at_its_path_and_nowhere_else(path: str) -> None:
    base = whole("person") if path == "household_members" else whole()
    for _, value, code in (each for each in WRONG if each[0] == path):
        found = told(put(base, path, value))
        assert (path, code) in found, (value, found)
        # Of a province given twice, as today's and as the old one, the other may not fit any more.
        # A missing part of a move is told beside a wrong one.
        beside = {"former_province", "province", "context.moved_from_province", "context.stopped_there_in"}
        beside |= {"context.suspended_from"}
        assert {where for where, _ in found} - {path} <= beside, (value, found)


@pytest.mark.parametrize("path", ["", *OBJECTS])
@pytest.mark.parametrize("name", ["surprise", "Birth_date", "", " ", "birth_date.x", "năm_sinh"])
def test_a_field_that_does_not_exist_is_refused_wherever_it_stands(path: str, name: str) -> None:
    where = f"{path}.{name}" if path else name
    changed = deepcopy(WHOLE)
    inner: Any = changed
    for step in steps(path) if path else []:
        inner = inner[step]
    inner[name] = True
    assert told(changed) == {(where, "unknown_field")}


@pytest.mark.parametrize(
    "path",
    ["id", "month", "as_of", "person", "carer.relation", "event.kind", "person.children[0].birth_date"],
)
def test_a_field_that_is_needed_is_missed(path: str) -> None:
    changed = deepcopy(WHOLE)
    *way, last = steps(path)
    inner: Any = changed
    for step in way:
        inner = inner[step]
    del inner[last]
    assert told(changed) == {(path, "missing")}


@pytest.mark.parametrize(
    ("path", "value", "told_path", "code"),
    [
        ("person.birth_date", "2026-11-01", "person.birth_date", "after_as_of"),
        ("person.children[0].birth_date", "2026-11-01", "person.children[0].birth_date", "after_as_of"),
        ("household_members", [{}], "person", "contradiction"),
        ("former_province", "74", "former_province", "contradiction"),
        ("context.resumed_in", "2026-09", "context.resumed_in", "contradiction"),
        ("month", "2101-01", "month", "too_far"),
        ("as_of", "2101-01-01", "as_of", "too_far"),
        ("dates.decision_signed_on", "2101-01-01", "dates.decision_signed_on", "too_far"),
        ("person.children", [{"birth_date": "2015-01-01"}] * 101, "person.children", "too_many"),
        ("event.application_pending", "monthly_allowance", "event.application_pending", "not_one_of"),
        ("person.spouse_of_first", True, "person.spouse_of_first", "unknown_field"),
        ("expected", {}, "expected", "unknown_field"),
        ("person.expect", {}, "person.expect", "unknown_field"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(
    path: str, value: object, told_path: str, code: str
) -> None:
    assert told(put(WHOLE, path, value)) == {(told_path, code)}


def test_every_wrong_field_is_told_at_once() -> None:
    case = put(put(put(WHOLE, "month", "October"), "person.pregnant", "no"), "household.area", "hills")
    assert told(case) == {
        ("month", "not_a_month"),
        ("person.pregnant", "wrong_type"),
        ("household.area", "not_one_of"),
    }


def test_a_member_of_a_household_is_read_as_strictly_as_a_person() -> None:
    case = {**whole("person"), "household_members": [{}, {"birth_date": "2026-02-30", "spouse_of_first": 1}]}
    assert told(case) == {
        ("household_members[1].birth_date", "not_a_date"),
        ("household_members[1].spouse_of_first", "wrong_type"),
    }
    later = {**case, "household_members": [{"birth_date": "2026-11-01"}]}
    assert told(later) == {("household_members[0].birth_date", "after_as_of")}


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "case", [], [WHOLE]])
def test_what_is_no_case_at_all_is_refused(value: object) -> None:
    assert ("", "wrong_type") in told(value)


@pytest.mark.parametrize("name", ["expect", "citation", "confidence", "note"])
def test_what_a_list_of_examples_says_beside_a_case_changes_nothing(name: str) -> None:
    plain = Assessor(packaged()).assess(WHOLE)
    for value in (None, 1, "x", {"monthly_dong": 5}, [WHOLE]):
        assert Assessor(packaged()).assess({**WHOLE, name: value}) == plain
