"""What holds for every case, asked as JSON and answered as JSON; the made-up cases are the same each time."""

import json
import random
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import yaml

from libs.common.kernel.errors import Refusal
from libs.common.kernel.money import Dong
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import DEGREES, POVERTY, PersonFacts
from services.eligibility.domain.policy import Dated, Level
from services.eligibility.usecases.assess import Assessor
from tests.policy.support import POLICY, packaged
from tests.support.made_up_cases import WHOLE, shuffled, some_case

CASES = [some_case(random.Random(f"case {number}")) for number in range(700)]
#: Of one person, decided long ago, whose every month stands for itself: a fact more or less is then
#: compared by the law alone. Start rules have their own cases.
STANDING = [
    {**case, "context": {"applied_for": case["context"]["applied_for"]}, "dates": {}}
    for case in CASES
    if "person" in case
]

Answer = dict[str, Any]


def ask(case: dict[str, Any], engine: Engine | None = None) -> Answer | None:
    """None where the law of the month is not covered; any other refusal would be a failure."""
    try:
        return Assessor(engine or packaged()).assess(case)
    except Refusal as refusal:
        assert refusal.code == "not_covered_yet", refusal.errors
        return None


def paid(case: dict[str, Any], engine: Engine | None = None) -> int | None:
    answer = ask(case, engine)
    return None if answer is None else int(answer["monthly_dong"] + answer["carer_monthly_dong"])


def with_fact(case: dict[str, Any], part: str, name: str, value: object) -> dict[str, Any]:
    return {**case, part: {**case.get(part, {}), name: value}}


def compared(lesser: dict[str, Any], greater: dict[str, Any]) -> bool:
    """Whether both are answered, and the second one pays more; it never pays less."""
    before, after = paid(lesser), paid(greater)
    if before is None or after is None:
        return False
    assert before <= after, (lesser, greater)
    return before < after


@cache
def answers() -> list[tuple[dict[str, Any], Answer]]:
    return [(case, answer) for case in CASES if (answer := ask(case)) is not None]


def test_most_made_up_cases_are_answered_and_many_are_paid() -> None:
    assert len(answers()) > 0.6 * len(CASES)
    assert sum(answer["monthly_dong"] > 0 for _, answer in answers()) > 0.2 * len(CASES)
    assert sum(answer["carer_monthly_dong"] > 0 for _, answer in answers()) > 10
    assert sum(answer["arrears_dong"] > 0 for _, answer in answers()) > 10
    assert sum(answer["one_off_dong"] > 0 for _, answer in answers()) > 10


def test_more_disability_never_pays_less() -> None:
    more = [
        compared(
            with_fact(case, "person", "disability_degree", less),
            with_fact(case, "person", "disability_degree", degree),
        )
        for case in STANDING[:250]
        for less, degree in pairwise(DEGREES)
    ]
    assert sum(more) > 50


def test_poorer_never_pays_less() -> None:
    more = [
        compared(
            with_fact(case, "household", "poverty_status", richer),
            with_fact(case, "household", "poverty_status", poorer),
        )
        for case in STANDING[:300]
        for poorer, richer in pairwise(POVERTY)
    ]
    assert sum(more) > 20


def test_one_more_child_never_pays_less() -> None:
    child = {"birth_date": "2013-02-28", "studying": True, "study_continuous": True}
    more = [
        compared(case, with_fact(case, "person", "children", [*case["person"].get("children", []), child]))
        for case in STANDING
        if case["person"].get("single_parent")
    ]
    assert sum(more) > 20


#: (part, fact, what must not pay less than its opposite)
REQUIRED = (
    ("person", "hiv_positive", True),
    ("person", "received_as_child_without_support", True),
    ("person", "studying", True),
    ("person", "study_continuous", True),
    ("person", "single_parent", True),
    ("person", "pregnant", True),
    ("person", "cannot_live_in_community", True),
    ("person", "eligible_for_facility", True),
    ("person", "fostered_in_community", True),
    ("person", "has_family_supporter", False),
    ("person", "has_stable_income", False),
    ("context", "already_receiving", True),
)


@pytest.mark.parametrize(("part", "name", "required"), REQUIRED, ids=lambda value: str(value))
def test_losing_a_fact_that_is_required_never_pays_more(part: str, name: str, required: bool) -> None:
    for case in STANDING[:200]:
        compared(with_fact(case, part, name, not required), with_fact(case, part, name, required))


@pytest.mark.parametrize(
    ("part", "name"),
    [("person", "child_situation"), ("person", "marital_status"), ("household", "area"), ("case", "carer")],
)
def test_a_fact_that_is_not_known_never_pays_more_than_a_known_one(part: str, name: str) -> None:
    known = [case for case in STANDING if name in (case if part == "case" else case.get(part, {}))]
    assert len(known) > 50
    for case in known[:200]:
        less = deepcopy(case)
        del (less if part == "case" else less[part])[name]
        compared(less, case)


def test_a_bigger_pension_never_pays_more() -> None:
    steps = (3_000_000, 540_000, 499_999, 0)
    more = [
        compared(
            with_fact(case, "person", "pension_dong_monthly", bigger),
            with_fact(case, "person", "pension_dong_monthly", smaller),
        )
        for case in STANDING[:200]
        for bigger, smaller in pairwise(steps)
    ]
    assert sum(more) > 2


def raised(values: tuple[Dated[Level], ...], dong: int) -> tuple[Dated[Level], ...]:
    return tuple(
        replace(each, value=replace(each.value, dong=Dong(each.value.dong + dong))) for each in values
    )


def test_a_higher_local_level_never_pays_less_and_none_never_more() -> None:
    policy = packaged().policy
    higher = Engine(
        replace(
            policy,
            local=tuple(
                replace(
                    each,
                    community=raised(each.community, 100_000),
                    facility=raised(each.facility, 100_000),
                    social_pension=raised(each.social_pension, 100_000),
                )
                for each in policy.local
            ),
        )
    )
    gained = 0
    for case in STANDING[:300]:
        nowhere = {name: value for name, value in case.items() if "province" not in name}
        found = [paid(nowhere), paid(case), paid(case, higher)]
        known = [dong for dong in found if dong is not None]
        assert len(known) in (0, 3) and known == sorted(known), case
        gained += len(set(known)) > 1
    assert gained > 30


def test_a_suspended_month_pays_nothing() -> None:
    for case in CASES[:300]:
        month = case["month"]
        suspended = {**case.get("context", {}), "suspended_from": month, "resumed_in": None}
        del suspended["resumed_in"]
        assert paid({**case, "context": suspended}) in (0, None)


def test_the_order_of_keys_children_and_lists_changes_nothing() -> None:
    chance = random.Random(7)
    for case in CASES:
        assert canonical(ask(case)) == canonical(ask(shuffled(case, chance))), case


def test_a_fact_that_is_left_out_is_what_it_is_without_it() -> None:
    """Absent boolean = not so, absent pension = 0, absent household = none and other."""
    unsaid = PersonFacts()
    named = [name for name in WHOLE["person"] if getattr(unsaid, name) in (False, 0, "none")]
    assert len(named) == 15
    for case in CASES[:300]:
        said = deepcopy(case)
        for person in said.get("household_members", []) or [said["person"]]:
            for name in named:
                person.setdefault(name, getattr(unsaid, name))
        household = said.setdefault("household", {})
        household.setdefault("poverty_status", "none")
        household.setdefault("area", "other")
        assert ask(said) == ask(case), case


def test_the_same_json_has_the_same_answer_bit_for_bit_and_is_left_as_it_was() -> None:
    fresh = Engine(packaged().policy)
    for case in CASES[:150]:
        text = json.dumps(case)
        first, again = (json.dumps(ask(json.loads(text), engine)) for engine in (None, fresh))
        assert first == again
        ask(case)
        assert json.dumps(case) == text


def canonical(answer: Answer | None) -> str:
    return json.dumps(answer, sort_keys=True)


def test_every_amount_is_its_coefficient_times_its_standard_and_the_sums_are_theirs() -> None:
    for case, answer in answers():
        monthly = [one for one in answer["benefits"] if one["programme"] != "one_off"]
        for one in monthly:
            assert one["amount_dong"] * 100 == one["coefficient_hundredths"] * one["standard_dong"], case
        to = {payee: sum(one["amount_dong"] for one in monthly if one["payee"] == payee) for payee in PAYEES}
        assert answer["monthly_dong"] == to["self"] + to["facility"], case
        assert answer["carer_monthly_dong"] == to["carer"], case
        assert len(monthly) == sum(one["payee"] in PAYEES for one in monthly)
        owed = [
            fact["has"] for said in answer["reasons"] if said["rule"] == "arrears" for fact in said["facts"]
        ]
        assert answer["arrears_dong"] == sum(dong for dong in owed if isinstance(dong, int)), case
        if "household_monthly_dong" in answer:
            assert answer["household_monthly_dong"] == answer["monthly_dong"] + answer["carer_monthly_dong"]


PAYEES = ("self", "carer", "facility")


def test_what_pays_is_among_the_reasons_and_held_and_what_failed_says_why() -> None:
    for case, answer in answers():
        held = {(said.get("member"), said["rule"]) for said in answer["reasons"] if said["held"]}
        for one in answer["benefits"]:
            assert (one.get("member"), one["rule"]) in held, case
        for said in answer["reasons"]:
            if said["held"] or "category" not in said:
                assert all(fact.get("held", True) for fact in said["facts"]), case
            else:
                assert (
                    any(not fact["held"] for fact in said["facts"])
                    or "excluded_by" in said
                    or "lacks_one_of" in said
                    or said.get("children_that_count") == 0
                    or said["rule"] == "own_care"
                ), (case, said)


def test_a_month_that_pays_nothing_although_a_rule_holds_says_why() -> None:
    silent = 0
    for case, answer in answers():
        if "person" not in case or answer["benefits"]:
            continue
        holding = [said["rule"] for said in answer["reasons"] if said["held"] and "category" in said]
        against = {said["rule"] for said in answer["reasons"] if not said["held"] and "category" not in said}
        if holding:
            assert against & {"decided", "start", "not_suspended"}, (case, holding)
            silent += 1
    assert silent > 20


def test_every_reason_cites_an_article_of_an_instrument_that_the_policy_knows() -> None:
    instruments = yaml.safe_load((POLICY / "instruments.yaml").read_text(encoding="utf-8"))
    known = tuple(f"{entry['short']} Đ" for entry in instruments.values())
    cited = [
        text
        for _, answer in answers()
        for one in (*answer["benefits"], *answer["reasons"])
        for text in (*one.get("citations", ()), *([one["citation"]] if "citation" in one else []))
    ]
    assert len(cited) > 5_000
    for text in set(cited):
        assert text.startswith(known), text
        assert text.rpartition("Đ")[2][0].isdigit() or " Đ" in text, text
    for _, answer in answers():
        assert all(one["citations"] for one in answer["benefits"])
        assert all("citation" in said for said in answer["reasons"] if "category" in said)
