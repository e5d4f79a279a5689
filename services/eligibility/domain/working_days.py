"""Counting the working days of offices: rest, holidays and make-up days are data (policy/calendar.yaml).

A term in days does not count the day it starts from (Bộ luật Dân sự 2015 Đ147.2): one working day after a
Friday is the Monday, if that is worked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from libs.common.kernel.errors import FieldError, Refusal

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Every working day from `known_from` to `known_until`, in order; nothing is known outside."""

    known_from: date
    known_until: date
    days: tuple[date, ...]

    @classmethod
    def of(
        cls, known_from: date, known_until: date, off: Iterable[date], worked: Iterable[date]
    ) -> WorkingCalendar:
        """Monday to Friday without the days `off`, and the rest days that are `worked` instead."""
        days_off, made_up = frozenset(off), frozenset(worked)
        span = (known_until - known_from).days + 1
        days = (known_from + timedelta(days=index) for index in range(span))
        return cls(
            known_from,
            known_until,
            tuple(
                day for day in days if day in made_up or (day.weekday() < _SATURDAY and day not in days_off)
            ),
        )

    def position(self, day: date) -> int:
        """How many working days lie from the beginning of the calendar to `day`, itself included.

        Refusal `not_covered_yet` for a day outside the calendar.
        """
        if not self.known_from <= day <= self.known_until:
            raise self._unknown()
        return bisect_right(self.days, day)

    def after(self, position: int) -> date:
        """The working day at a position counted from 1. Refusal `not_covered_yet` beyond the last."""
        if position > len(self.days):
            raise self._unknown()
        return self.days[position - 1]

    def _unknown(self) -> Refusal:
        vi = f"Lịch ngày làm việc chỉ có từ {self.known_from} đến {self.known_until}; chưa thể tính thời hạn."
        en = f"Working days are known from {self.known_from} to {self.known_until} only; no term is computed."
        return Refusal("not_covered_yet", vi, en, (FieldError("calendar", "not_covered_yet", vi, en),))


def is_working_day(calendar: WorkingCalendar, day: date) -> bool:
    return calendar.position(day) > bisect_left(calendar.days, day)


def add_working_days(calendar: WorkingCalendar, start: date, days: int) -> date:
    """The last day of a term of `days` working days (at least 1) that starts from the day `start`."""
    assert days >= 1, "a term has a day at least"
    return calendar.after(calendar.position(start) + days)


def working_days_between(calendar: WorkingCalendar, start: date, end: date) -> int:
    """Working days after `start` up to and including `end`; negative where `end` lies before `start`."""
    return calendar.position(end) - calendar.position(start)
