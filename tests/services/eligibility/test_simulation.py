"""Today's law against a draft: figures that add up, by hand and against the scalar evaluator."""

import random
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from libs.common.runtime.units import administrative_units
from services.eligibility.domain.columns import columns_of
from services.eligibility.domain.decisions import SELF
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import CARE_ALLOWANCE, OWN_CARE_ALLOWANCE, PersonFacts
from services.eligibility.domain.simulation import (
    DIMENSIONS,
    REGISTERED,
    SEXES,
    Counted,
    Figures,
    People,
    count,
    laws_of,
    places_of,
    within,
)
from services.eligibility.domain.standing_columns import DECIDED
from services.eligibility.store.drafts import read_draft
from services.eligibility.store.population_files import Frame, read_population
from tests.policy.support import POLICY, packaged
from tests.support.people import PLACES, somebody

EXAMPLES = Path(__file__).parents[3] / "docs" / "what-if"
MONTH = Month(2027, 1)

#: Coefficients: severe 1.5 (2.0 for a child), extremely severe 2.0 (2.5 from 60), a poor single parent
#: 1.0 a child. The standard is 540,000, in Hà Nội 650,000; the draft makes it 600,000.
HEADER = (
    "birth_date,sex,province,disability_degree,poverty_status,hiv_positive,single_parent,marital_status,"
    "children,applied_for\n"
)
TWELVE = """1986-05-01,female,48,severe,none,,,,,
1986-05-01,male,48,severe,none,,,,,
2018-05-01,male,48,severe,none,,,,,
1960-05-01,female,48,extremely_severe,none,,,,,
1986-05-01,female,01,severe,none,,,,,
1986-05-01,female,48,none,poor,,true,widowed,2020-01-01;2022-01-01,
1986-05-01,,48,none,poor,true,,,,
1986-05-01,male,48,none,none,,,,,
1950-05-01,female,48,none,none,,,,,social_pension
1955-05-01,male,48,none,none,,,,,social_pension
1955-05-01,female,48,severe,none,,,,,
,,,none,none,,,,,
"""


@cache
def drafted(name: str) -> Engine:
    return read_draft(POLICY, None, (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")).engine


@pytest.fixture
def twelve(tmp_path: Path) -> People:
    file = tmp_path / "twelve.csv"
    file.write_text(HEADER + TWELVE, encoding="utf-8")
    policy = packaged().policy
    frame = Frame(places_of(policy), administrative_units(), MONTH, policy.successions)
    [people] = read_population(file, frame)
    return people


def some_people(size: int) -> tuple[list[PersonFacts], People]:
    chance = random.Random(20270101)
    facts = [somebody(chance, MONTH) for _ in range(size)]
    places = places_of(packaged().policy)
    numbers = np.array([places.index(chance.choice(PLACES)) for _ in facts], np.int16)
    sexes = np.array([chance.randrange(len(SEXES)) for _ in facts], np.uint8)
    return facts, People(columns_of(facts), numbers, sexes)


def test_a_raised_standard_on_twelve_people_comes_out_as_by_hand(twelve: People) -> None:
    found = count(laws_of(packaged(), drafted("muc-chuan-600-nghin"), MONTH), twelve)
    # 60,000 more times 1.5, 1.5, 2.0, 2.5 (disabled), 2.0 (single parent), 1.5 (HIV), 2.0 (disabled, 71).
    gained = 90_000 + 90_000 + 120_000 + 150_000 + 120_000 + 90_000 + 120_000
    today = 7 * 0 + 540_000 * 13 + 975_000 + 540_000
    assert found.total == Figures(
        people=12,
        recipients_today=9,
        recipients_draft=9,
        winners=7,
        unchanged=5,
        today_dong=today,
        draft_dong=today + gained,
        gained_dong=gained,
    )
    assert found.total.change_dong == gained
    assert found.total.average_change_dong == round(gained / 7)
    winners = {
        name: {key: row.winners for key, row in rows.items() if row.winners}
        for name, rows in found.by.items()
    }
    assert winners == {
        "category": {"k4": 1, "k6": 5, "health_condition": 1},
        "province": {"48": 7},
        "age": {"0-9": 1, "40-49": 4, "65-69": 1, "70-74": 1},
        "sex": {"female": 4, "male": 2, "unknown": 1},
    }
    assert found.by["province"]["01"].unchanged == 1
    assert found.by["province"]["unknown"] == Figures(people=1, unchanged=1)


def test_a_lowered_age_makes_people_newly_entitled_and_changes_whoever_gets_more(twelve: People) -> None:
    laws = laws_of(packaged(), drafted("huu-tri-xa-hoi-tu-70"), MONTH)
    found = count(laws, twelve)
    # One is 71 and has nothing; the other of 71 is severely disabled and keeps the higher allowance.
    assert (found.total.newly_entitled, found.total.winners, found.total.losers) == (1, 1, 0)
    assert found.total.change_dong == 540_000
    assert found.by["category"]["social_pension"].newly_entitled == 1
    assert found.by["age"]["70-74"].newly_entitled == 1


def test_who_has_not_applied_gets_nothing_new_where_only_applicants_count(twelve: People) -> None:
    asked = replace(twelve.facts, applied_for=np.ones_like(twelve.facts.applied_for))
    unasked = replace(twelve, facts=asked)
    draft = drafted("huu-tri-xa-hoi-tu-70")
    assert count(laws_of(packaged(), draft, MONTH), unasked).total.newly_entitled == 1
    assert count(laws_of(packaged(), draft, MONTH, REGISTERED), unasked).total.newly_entitled == 0


@pytest.mark.parametrize("dong", [None, 540_000])
def test_a_draft_that_says_what_the_law_says_changes_nothing(dong: int | None) -> None:
    level = f"{{from: 2027-01, dong: {dong}, instrument: vi-du, article: 1, mark: draft}}"
    changes = "{}" if dong is None else f"{{standards/central.yaml: {{levels: [{level}]}}}}"
    instrument = "{short: Ví dụ, title: Ví dụ, in_force_on: 2027-01-01, mark: draft}"
    text = f"title: Như luật\ninstruments: {{vi-du: {instrument}}}\nchanges: {changes}\n"
    laws = laws_of(packaged(), read_draft(POLICY, None, text).engine, MONTH)
    assert laws.differ is (dong is not None)
    _, people = some_people(3_000)
    found = count(laws, people)
    assert found.total.recipients_today > 500
    for row in (found.total, *(row for rows in found.by.values() for row in rows.values())):
        assert (row.winners, row.losers, row.newly_entitled, row.no_longer_entitled) == (0, 0, 0, 0)
        assert (row.gained_dong, row.lost_dong) == (0, 0)
    for name in ("province", "age", "sex"):
        assert all(row.today_dong == row.draft_dong for row in found.by[name].values())


def test_a_month_before_the_draft_is_the_law_s() -> None:
    assert not laws_of(packaged(), drafted("muc-chuan-600-nghin"), Month(2026, 12)).differ
    assert laws_of(packaged(), drafted("muc-chuan-600-nghin"), MONTH).differ


@pytest.mark.parametrize("name", ["muc-chuan-600-nghin", "huu-tri-xa-hoi-tu-70"])
def test_raising_a_standard_or_lowering_an_age_has_no_losers(name: str) -> None:
    _, people = some_people(3_000)
    total = count(laws_of(packaged(), drafted(name), MONTH), people).total
    assert total.winners > 0
    assert (total.losers, total.lost_dong, total.no_longer_entitled) == (0, 0, 0)


def test_every_breakdown_adds_up_to_the_total_and_parts_to_the_whole() -> None:
    _, people = some_people(2_000)
    laws = laws_of(packaged(), drafted("huu-tri-xa-hoi-tu-70"), MONTH)
    found = count(laws, people)
    for name in DIMENSIONS:
        assert sum(found.by[name].values(), Figures()) == found.total
    halves = [people.take(np.arange(700)), people.take(np.arange(700, 2_000))]
    assert sum((count(laws, half) for half in halves), Counted()) == found
    total = found.total
    assert total.people == total.winners + total.losers + total.unchanged + total.undetermined
    assert total.change_dong == total.gained_dong - total.lost_dong


@pytest.mark.parametrize("name", ["muc-chuan-600-nghin", "huu-tri-xa-hoi-tu-70"])
def test_the_totals_are_those_of_the_scalar_evaluator(name: str) -> None:
    facts, people = some_people(400)
    found = count(laws_of(packaged(), drafted(name), MONTH, REGISTERED), people)
    places = places_of(packaged().policy)
    scalar = Figures()
    for person, at in zip(facts, people.place, strict=True):
        paid: list[int | None] = []
        for engine in (packaged(), drafted(name)):
            try:
                one = engine.determine(person, MONTH, places[at].province, places[at].former_province)
                paid.append(one.to_person + one.to_carer)
            except Refusal:
                paid.append(None)
        scalar = scalar + _figures(*paid)
    assert found.total == scalar


def test_a_held_programme_pays_nothing_under_either_law_and_the_others_go_on() -> None:
    facts, people = some_people(1_500)
    bits = np.random.default_rng(3).integers(0, 1 << len(DECIDED), len(facts)).astype(np.uint8)
    found = count(
        laws_of(packaged(), drafted("muc-chuan-600-nghin"), MONTH, REGISTERED), replace(people, held=bits)
    )
    assert found.held == int(np.count_nonzero(bits))
    free = count(laws_of(packaged(), drafted("muc-chuan-600-nghin"), MONTH, REGISTERED), people).total
    places = places_of(packaged().policy)
    paid: Counter[str] = Counter()
    for person, at, held in zip(facts, people.place, bits, strict=True):
        try:
            one = packaged().determine(person, MONTH, places[at].province, places[at].former_province)
        except Refusal:
            continue
        for award in one.awards + one.care:
            own = award.programme == CARE_ALLOWANCE and award.payee == SELF
            programme = OWN_CARE_ALLOWANCE if own else award.programme
            if not held >> DECIDED.index(programme) & 1:
                paid[programme] += award.amount
    assert len(paid) == len(DECIDED)
    assert found.total.today_dong == sum(paid.values()) < free.today_dong
    assert found.total.people == free.people and found.total.winners < free.winners


def _figures(before: int | None, after: int | None) -> Figures:
    if before is None or after is None:
        return Figures(people=1, undetermined=1)
    return Figures(
        people=1,
        recipients_today=before > 0,
        recipients_draft=after > 0,
        winners=after > before,
        losers=after < before,
        unchanged=after == before,
        newly_entitled=before == 0 < after,
        no_longer_entitled=after == 0 < before,
        today_dong=before,
        draft_dong=after,
        gained_dong=max(after - before, 0),
        lost_dong=max(before - after, 0),
    )


def test_a_draft_for_one_province_leaves_the_others_alone() -> None:
    text = """
title: Ví dụ của một tỉnh
instruments:
  vi-du-tinh: {short: Ví dụ, title: Ví dụ, in_force_on: 2027-01-01, mark: draft}
changes:
  local/48-da-nang.yaml:
    title: Đà Nẵng
    province: "48"
    community: [{from: 2027-01, dong: 700000, instrument: vi-du-tinh, article: 1, mark: draft}]
"""
    _, people = some_people(2_000)
    everywhere = np.arange(len(places_of(packaged().policy)), dtype=np.int16)
    people = replace(people, place=np.resize(everywhere, len(people)))
    laws = laws_of(packaged(), read_draft(POLICY, None, text).engine, MONTH)
    found = count(laws, people)
    assert [key for key, row in found.by["province"].items() if row.winners] == ["48"]
    here = within(laws.places, people, "48")
    assert count(laws, here).total == found.by["province"]["48"]
