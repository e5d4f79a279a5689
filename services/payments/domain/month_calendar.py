"""The calendar of a month's payment: by when its list is due, and by when partners give back what is left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from libs.common.kernel.months import Month
from services.payments.domain import runs
from services.payments.domain.runs import Run

LIST = "list"
RETURN = "return"


@dataclass(frozen=True, slots=True)
class CalendarTerms:
    """As the law has it from that month on, until later terms: a list is due before that day of the month
    before it pays; what is left comes back before that day of the month."""

    first: Month
    list_before_day: int
    returned_before_day: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days by which it must have been done: on the day itself it is late."""

    list_before: date
    returned_before: date

    def late(self, status: str, on: date) -> str | None:
        """What of a run of that status is late on that day."""
        if status in (runs.BUILDING, runs.BUILT):
            return LIST if on >= self.list_before else None
        if status in (runs.APPROVED, runs.INSTRUCTING, runs.INSTRUCTED):
            return RETURN if on >= self.returned_before else None
        return None


def lists_due(calendar: Iterable[CalendarTerms], on: date) -> list[tuple[Month, date]]:
    """Of this month and the next, those whose list should be approved by that day, each with its last day.

    Earlier ones fall due with the list of a later month.
    """
    this, known = Month.of(on), tuple(calendar)
    days = [(month, _list_before(known, month)) for month in (this, this + 1)]
    return [(month, day) for month, day in days if day is not None and on >= day]


def deadlines(calendar: Iterable[CalendarTerms], run: Run) -> Deadlines | None:
    """By the terms of the month in which the list is due; None for campaigns and where no law is known."""
    listed_in, paid_in = run.period.months[0] - 1, run.period.last
    terms = _terms_of(calendar, listed_in)
    if run.campaign_id or terms is None:
        return None
    return Deadlines(_day(listed_in, terms.list_before_day), _day(paid_in, terms.returned_before_day))


def _list_before(calendar: Iterable[CalendarTerms], month: Month) -> date | None:
    terms = _terms_of(calendar, month - 1)
    return _day(month - 1, terms.list_before_day) if terms else None


def _terms_of(calendar: Iterable[CalendarTerms], listed_in: Month) -> CalendarTerms | None:
    known = [terms for terms in calendar if terms.first <= listed_in]
    return max(known, key=lambda one: one.first) if known else None


def _day(month: Month, day: int) -> date:
    return month.first_day.replace(day=day)
