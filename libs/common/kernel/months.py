"""Calendar months and birthdays, in the civil calendar of Asia/Ho_Chi_Minh."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_TEXT = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A benefit month. `YYYY-MM` outside, first of month as `date` in SQL."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """From `YYYY-MM`; ValueError otherwise."""
        found = _TEXT.fullmatch(text)
        if not found or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:
            raise ValueError(f"{text!r} is not a month such as 2026-10")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return date.fromordinal((self + 1).first_day.toordinal() - 1)

    @property
    def index(self) -> int:
        """Months since year 0: the difference of two indexes is the number of months between."""
        return self.year * 12 + self.number - 1

    def __add__(self, months: int) -> Month:
        year, number = divmod(self.index + months, 12)
        return Month(year, number + 1)

    def __sub__(self, months: int) -> Month:
        return self + -months

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def birthday(born: date, age: int) -> date:
    """The day on which somebody born on `born` completes `age` years (đủ tuổi).

    Born on 29 February: 1 March in a common year.
    """
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
