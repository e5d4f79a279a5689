"""What holds for every person under every regime, whoever they are."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month, birthday
from services.eligibility.domain import reasons
from services.eligibility.domain.ages import earliest_birth, latest_birth
from services.eligibility.domain.cases import Case, Member, Suspension
from services.eligibility.domain.entitlement import Timeline
from services.eligibility.domain.facts import (
    AREAS,
    CHILD_SITUATIONS,
    DEGREES,
    MARITAL,
    POVERTY,
    Child,
    PersonFacts,
)
from services.eligibility.domain.packs import Place
from tests.policy.support import packaged

BIRTHS = st.dates(date(1925, 1, 1), date(2025, 12, 31))
MONTHS = st.integers(Month(2016, 1).index, Month(2028, 12).index).map(lambda i: Month(0, 1) + i)
CHILDREN = st.builds(
    Child,
    birth_date=st.dates(date(2000, 1, 1), date(2025, 12, 31)),
    studying=st.booleans(),
    study_continuous=st.booleans(),
)
PLACES = st.sampled_from([Place(), Place("01"), Place("22"), Place("31"), Place("31", "30"), Place("92")])
PEOPLE = st.builds(
    PersonFacts,
    birth_date=st.none() | BIRTHS,
    disability_degree=st.sampled_from(DEGREES),
    hiv_positive=st.booleans(),
    child_situation=st.none() | st.sampled_from(CHILD_SITUATIONS),
    received_as_child_without_support=st.booleans(),
    studying=st.booleans(),
    study_continuous=st.booleans(),
    single_parent=st.booleans(),
    marital_status=st.none() | st.sampled_from(MARITAL),
    children=st.lists(CHILDREN, max_size=4).map(tuple),
    pension_dong_monthly=st.sampled_from([0, 450_000, 520_000, 3_000_000]),
    has_family_supporter=st.booleans(),
    has_stable_income=st.booleans(),
    cannot_live_in_community=st.booleans(),
    eligible_for_facility=st.booleans(),
    fostered_in_community=st.booleans(),
    in_facility=st.booleans(),
    poverty_status=st.sampled_from(POVERTY),
    area=st.sampled_from(AREAS),
    already_receiving=st.booleans(),
    applied_for=st.sets(st.sampled_from(["monthly_allowance", "social_pension"])).map(frozenset),
)


def amount(person: PersonFacts, month: Month, place: Place = Place()) -> int:  # noqa: B008
    return packaged().determine(person, month, place.province, place.former_province).amount


@given(PEOPLE, MONTHS, PLACES)
def test_more_disability_never_pays_less(person: PersonFacts, month: Month, place: Place) -> None:
    paid = [amount(replace(person, disability_degree=degree), month, place) for degree in DEGREES]
    assert paid == sorted(paid)


@given(PEOPLE, CHILDREN, MONTHS, PLACES)
def test_one_more_child_never_pays_less(
    person: PersonFacts, child: Child, month: Month, place: Place
) -> None:
    more = replace(person, children=(*person.children, child))
    assert amount(more, month, place) >= amount(person, month, place)


@given(PEOPLE, MONTHS, PLACES)
def test_poorer_never_pays_less(person: PersonFacts, month: Month, place: Place) -> None:
    paid = [amount(replace(person, poverty_status=status), month, place) for status in reversed(POVERTY)]
    assert paid == sorted(paid)


@given(PEOPLE, MONTHS, PLACES)
def test_a_local_level_never_pays_less_than_the_central_one(
    person: PersonFacts, month: Month, place: Place
) -> None:
    assert amount(person, month, place) >= amount(person, month)


@given(PEOPLE, MONTHS, PLACES)
def test_the_same_question_has_the_same_answer(person: PersonFacts, month: Month, place: Place) -> None:
    first, again = (
        packaged().determine(person, month, place.province, place.former_province) for _ in range(2)
    )
    assert first == again
    assert reasons.full(first, person) == reasons.full(again, person)


@given(PEOPLE, MONTHS, PLACES)
def test_awards_add_up_and_two_are_only_for_a_single_parent(
    person: PersonFacts, month: Month, place: Place
) -> None:
    found = packaged().determine(person, month, place.province, place.former_province)
    assert found.amount == sum(award.amount for award in found.awards)
    assert all(award.amount == award.coefficient.of(award.standard) for award in found.awards)
    assert len({award.programme for award in found.awards}) <= 1
    if len(found.awards) > 1:
        assert found.awards[0].category == "k4"
        assert found.awards[1].category in {"k3", "k5", "k6", "k8"}
    if person.in_facility:
        assert [award.programme for award in found.awards] == ["nurture_allowance"]
    held = {tried.rule.code for tried in found.reasons if tried.held}
    assert {award.rule for award in found.awards} <= held


@given(PEOPLE, MONTHS)
def test_every_rule_that_failed_says_why(person: PersonFacts, month: Month) -> None:
    for tried in packaged().determine(person, month).reasons:
        if not tried.held:
            assert tried.failed or tried.excluded_by or not tried.children


@given(BIRTHS, st.integers(0, 100), MONTHS)
def test_threshold_dates_agree_with_birthdays(born: date, years: int, month: Month) -> None:
    reached = birthday(born, years) <= month.last_day
    assert (born <= latest_birth(month, years)) == reached
    assert (born >= earliest_birth(month.first_day, years)) == (birthday(born, years) >= month.first_day)


def timeline(person: PersonFacts, month: Month, suspension: Suspension | None = None) -> Timeline:
    case = Case("x", month, month.last_day, Place(), (Member(person),), suspension=suspension)
    return Timeline(packaged(), case, person)


def monthly(person: PersonFacts, month: Month, suspension: Suspension | None = None) -> int:
    asked = timeline(person, month, suspension)
    return asked.determine(month).amount if asked.pays(month) else 0


def owed(person: PersonFacts, month: Month, suspension: Suspension | None = None) -> int:
    return sum(dong for _, dong in timeline(person, month, suspension).arrears())


@settings(max_examples=60)
@given(PEOPLE, st.dates(date(2021, 8, 1), date(2025, 12, 31)), st.integers(0, 400), st.integers(0, 200))
def test_what_is_owed_at_the_signature_is_every_entitled_month_before_it(
    person: PersonFacts, signed: date, certificate_days: int, waiting_days: int
) -> None:
    person = replace(
        person,
        birth_date=None,
        already_receiving=False,
        decision_signed_on=signed,
        application_received_on=max(date(2021, 7, 1), signed - timedelta(days=waiting_days)),
        disability_certificate_on=signed - timedelta(days=certificate_days),
    )
    month = Month.of(signed)
    before = [monthly(person, month - back) for back in range(1, 18)]
    assert owed(person, month) == sum(before)
    assert owed(person, month + 1) == 0


@settings(max_examples=60)
@given(PEOPLE, st.integers(1, 8), st.integers(0, 7))
def test_no_month_of_2026_is_paid_twice_or_lost(person: PersonFacts, first: int, length: int) -> None:
    """Across the decree that reaches back, a suspension and its resumption: what was paid in time at the
    old level, the difference and the back-pay together are exactly the entitlement."""
    person = replace(person, already_receiving=True)
    start = Month(2026, 3) + first
    suspension = Suspension(start, start + length + 1, conditions_unchanged=True)
    paid = entitled = 0
    for index in range(16):
        month = Month(2026, 4) + index
        entitled += timeline(person, month).determine(month).amount
        paid += owed(person, month, suspension)
        if not suspension.covers(month):
            known = packaged().knowledge(month, month)
            paid += timeline(person, month).determine(month, known).amount
    assert paid == entitled


@given(PEOPLE, MONTHS)
def test_an_undecided_application_pays_nothing(person: PersonFacts, month: Month) -> None:
    waiting = replace(person, application_received_on=date(2020, 1, 1), already_receiving=False)
    assert monthly(waiting, month) == 0
    assert owed(waiting, month) == 0


@given(PEOPLE, st.integers(Month(2010, 1).index, Month(2015, 12).index))
def test_before_2016_nobody_gets_an_amount_that_is_not_established(person: PersonFacts, index: int) -> None:
    month = Month(0, 1) + index
    try:
        found = packaged().determine(replace(person, poverty_status="none", in_facility=False), month)
    except Refusal as refusal:
        assert refusal.code == "not_covered_yet"
    else:
        assert {award.category for award in found.awards} <= {"k1"}
