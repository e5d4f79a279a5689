"""Working days by Vietnam's calendar: Tết, holidays made good, make-up Saturdays, and where it ends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.kernel.errors import Refusal
from services.eligibility.domain.working_days import (
    add_working_days,
    is_working_day,
    working_days_between,
)
from tests.policy.support import packaged, under

CALENDAR = packaged().policy.calendar
DAYS = st.dates(date(2020, 1, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 10, 5), 7, date(2026, 10, 14)),  # a Monday; one weekend between
        (date(2026, 10, 9), 1, date(2026, 10, 12)),  # a Friday: the Monday
        (date(2026, 10, 10), 1, date(2026, 10, 12)),  # received on a Saturday
        (date(2026, 2, 12), 3, date(2026, 2, 24)),  # over Tết Bính Ngọ, 14 to 22 February
        (date(2025, 1, 24), 7, date(2025, 2, 11)),  # over Tết Ất Tỵ, 25 January to 2 February
        (date(2024, 2, 7), 1, date(2024, 2, 15)),  # the last day before Tết Giáp Thìn
        (date(2023, 1, 19), 1, date(2023, 1, 27)),  # Tết Quý Mão ended on a Thursday
        (date(2024, 4, 26), 3, date(2024, 5, 4)),  # Monday 29/4 rested, Saturday 4/5 worked
        (date(2024, 4, 26), 4, date(2024, 5, 6)),
        (date(2025, 4, 25), 1, date(2025, 4, 26)),  # a make-up Saturday
        (date(2025, 4, 29), 1, date(2025, 5, 5)),  # 30/4, 1/5 and the swapped 2/5
        (date(2026, 8, 21), 1, date(2026, 8, 22)),  # a make-up Saturday
        (date(2026, 8, 28), 1, date(2026, 9, 3)),  # 31/8 swapped, Quốc khánh 1 and 2/9
        (date(2025, 12, 31), 1, date(2026, 1, 5)),  # 1/1, the swapped 2/1 and a weekend
        (date(2023, 4, 28), 1, date(2023, 5, 4)),  # Giỗ Tổ on a Saturday, 30/4 on a Sunday
        (date(2022, 4, 8), 1, date(2022, 4, 12)),  # Giỗ Tổ on a Sunday: the Monday is made good
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
    ],
)
def test_a_term_ends_on_its_last_working_day(start: date, days: int, due: date) -> None:
    assert add_working_days(CALENDAR, start, days) == due
    assert working_days_between(CALENDAR, start, due) == days


@given(DAYS, st.integers(1, 60))
def test_a_term_ends_on_a_day_that_is_worked_and_has_as_many_working_days(start: date, days: int) -> None:
    due = add_working_days(CALENDAR, start, days)
    assert is_working_day(CALENDAR, due)
    walked = [start + timedelta(days=index + 1) for index in range((due - start).days)]
    assert sum(is_working_day(CALENDAR, day) for day in walked) == days


@given(DAYS, DAYS)
def test_days_between_are_counted_from_either_side(one: date, other: date) -> None:
    assert working_days_between(CALENDAR, one, other) == -working_days_between(CALENDAR, other, one)


def test_every_year_has_between_245_and_253_working_days() -> None:
    # 52 weeks of five days, less 10 to 12 holidays; make-up days only move.
    for year in range(2020, 2027):
        assert 245 <= sum(day.year == year for day in CALENDAR.days) <= 253, year


def test_a_year_has_as_many_days_off_as_the_labour_code_gives() -> None:
    weekdays_off = dict.fromkeys(range(2020, 2027), 0)
    for rest in packaged().policy.days.days_off:
        if packaged().policy.reads(rest.only_if) and rest.first.year in weekdays_off:
            span = (rest.last - rest.first).days + 1
            days = [rest.first + timedelta(days=index) for index in range(span)]
            weekdays_off[rest.first.year] += sum(day.weekday() < 5 for day in days)
    # Holidays on a rest day are made good, so all of them fall on weekdays: 10 until 2020, then 11.
    assert weekdays_off == {2020: 10, **dict.fromkeys(range(2021, 2027), 11)}


@pytest.mark.parametrize("day", [date(2019, 12, 31), date(2027, 2, 1)])
def test_days_outside_the_calendar_are_not_guessed(day: date) -> None:
    with pytest.raises(Refusal, match="not_covered_yet"):
        is_working_day(CALENDAR, day)


def test_a_term_that_runs_past_the_calendar_is_not_guessed() -> None:
    with pytest.raises(Refusal, match="not_covered_yet"):
        add_working_days(CALENDAR, date(2027, 1, 25), 7)


def test_whether_24_november_2026_is_worked_hangs_on_its_switch() -> None:
    assert add_working_days(CALENDAR, date(2026, 11, 23), 1) == date(2026, 11, 24)
    rests = under((("culture_day", "day_off"),)).policy.calendar
    assert add_working_days(rests, date(2026, 11, 23), 1) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("procedure", "received", "circumstances", "due"),
    [
        # NĐ 335/2026 Đ8: 7 days. The day of receipt decides, not the day of the decision (Đ33).
        ("monthly_allowance", date(2026, 10, 5), (), date(2026, 10, 14)),
        ("monthly_allowance", date(2026, 10, 2), (), date(2026, 10, 16)),
        # NĐ 20/2021 Đ8: commune 7 and 3, district 7 and 3; 10 more after a complaint.
        ("monthly_allowance", date(2021, 7, 1), (), date(2021, 7, 29)),
        ("monthly_allowance", date(2021, 7, 1), ("complaint",), date(2021, 8, 12)),
        ("care_allowance", date(2025, 7, 1), (), date(2025, 7, 15)),
        ("social_pension", date(2025, 7, 1), (), date(2025, 7, 15)),
        ("social_pension", date(2026, 10, 5), (), date(2026, 10, 14)),
        ("funeral", date(2021, 7, 1), (), date(2021, 7, 8)),
        ("funeral", date(2026, 10, 5), (), date(2026, 10, 8)),
        ("social_pension_funeral", date(2025, 8, 1), (), date(2025, 8, 6)),
        ("admission", date(2026, 10, 5), (), date(2026, 10, 12)),
        # The district is gone: its days are the commune's until NĐ 335/2026.
        ("admission", date(2025, 7, 1), (), date(2025, 8, 7)),
        ("admission", date(2025, 7, 1), ("provincial_facility",), date(2025, 8, 18)),
        ("emergency_care", date(2025, 7, 1), (), date(2025, 7, 8)),
        ("emergency_care", date(2026, 10, 5), (), None),
        ("disability_degree", date(2026, 10, 5), (), date(2026, 11, 9)),
    ],
)
def test_the_term_of_a_file_is_that_of_the_day_it_was_received(
    procedure: str, received: date, circumstances: tuple[str, ...], due: date | None
) -> None:
    term = packaged().policy.procedures[procedure].term(received)
    assert term is not None
    assert term.due_on(CALENDAR, received, circumstances) == due


def test_no_file_received_after_the_district_was_abolished_waits_for_one() -> None:
    for procedure in packaged().policy.procedures.values():
        for received in (date(2025, 7, 1), date(2026, 10, 4), date(2026, 10, 5)):
            term = procedure.term(received)
            assert term is None or "district" not in {step.office for step in term.steps}, procedure.code


def test_a_procedure_has_no_term_before_it_begins_nor_after_it_ended() -> None:
    moved = packaged().policy.procedures["move_within_district"]
    assert moved.term(date(2021, 6, 30)) is None
    assert moved.term(date(2025, 6, 30)) is not None
    assert moved.term(date(2025, 7, 1)) is None
