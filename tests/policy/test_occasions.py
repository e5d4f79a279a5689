"""What is given once: at an age, in a campaign; the highest amount, one gift, and no guess."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.common.kernel.errors import Refusal
from services.eligibility.store.policy_files import read_policy
from services.eligibility.usecases.law import LawReader
from tests.policy.support import POLICY, packaged

LAW = LawReader(packaged().policy)


def given(
    day: date, born: date | None = None, province: str | None = None, *members: str
) -> list[tuple[Any, ...]]:
    found = LAW.occasions(day, born, province, frozenset(members))
    return [(one["occasion"], one["dong"], one["in_kind_dong"], one["covered"]) for one in found]


@pytest.mark.parametrize(
    ("age", "province", "year", "dong"),
    [
        (90, None, 2026, 500_000),
        (100, None, 2026, 700_000),
        (90, "79", 2026, 1_800_000),
        (70, "79", 2026, 800_000),
        (85, "79", 2026, 1_200_000),
        (100, "79", 2026, 2_300_000),
        (70, "48", 2026, 600_000),
        (95, "48", 2026, 1_000_000),
        (104, "48", 2026, 1_500_000),
        (75, "30", 2025, 350_000),
        (95, "30", 2025, 750_000),
        (109, "30", 2025, 1_500_000),
        (110, "30", 2025, 3_000_000),
        (100, "30", 2025, 700_000),  # the nation's least where the province names none
        (90, "79", 2025, 500_000),  # the city's amounts are known for 2026 only
    ],
)
def test_an_age_is_worth_what_the_place_gives_and_never_less_than_the_nation(
    age: int, province: str | None, year: int, dong: int
) -> None:
    found = given(date(year, 10, 1), date(year - age, 3, 8), province)
    assert [(one[0], one[1], one[3]) for one in found] == [("longevity", dong, True)]


def test_an_age_is_reached_in_the_year_of_its_birthday() -> None:
    assert given(date(2026, 1, 2), date(1936, 12, 31)) == [("longevity", 500_000, 150_000, True)]
    assert given(date(2025, 12, 31), date(1936, 1, 1)) == []
    assert LAW.occasions(date(2026, 6, 1), date(1926, 2, 28))[0]["on"] == "2026-02-28"


def test_an_amount_that_a_province_fixes_and_nobody_has_read_is_not_zero() -> None:
    assert given(date(2026, 10, 1), date(1951, 5, 5), "01") == [("longevity", None, None, False)]


def test_no_age_between_the_milestones_is_an_occasion() -> None:
    assert given(date(2026, 10, 1), date(1950, 5, 5), "79") == []
    assert given(date(2026, 10, 1), None) == []


def test_one_gift_for_tet_however_many_programmes_somebody_is_in() -> None:
    day = date(2025, 12, 30)
    assert given(day, None, None, "monthly_allowance") == [("tet_2026", 400_000, 0, True)]
    assert len(given(day, None, None, "merit_allowance", "monthly_allowance", "social_pension")) == 1
    assert given(day, None, None, "nurture_allowance") == []


@pytest.mark.parametrize("day", [date(2025, 12, 27), date(2026, 1, 1)])
def test_the_campaign_is_open_only_from_its_resolution_to_its_last_day(day: date) -> None:
    assert given(day, None, None, "social_pension") == []


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("ages: [80, 85]", "ages: [75, 85]", "longevity[1]"),
        ("ages: [80, 85]", "from_age: 70", "longevity[1]"),
        ("ages: [80, 85]", "age: 80", "longevity[1].age"),
        ("dong: 1200000", "dong: 1200050", "longevity[1].dong"),
    ],
)
def test_a_province_that_fixes_an_age_twice_or_wrongly_is_told(
    tmp_path: Path, before: str, after: str, path: str
) -> None:
    text = (POLICY / "local" / "79-tp-ho-chi-minh.yaml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "local").mkdir()
    changed = text.replace(before, after, 1)
    (tmp_path / "local" / "79-tp-ho-chi-minh.yaml").write_text(changed, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        read_policy(POLICY, tmp_path)
    assert any(path in error.path for error in refused.value.errors), refused.value.errors
