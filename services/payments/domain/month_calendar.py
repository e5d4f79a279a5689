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


def deadlines(calendar: Iterable[CalendarTerms], run: Run) -> Deadlines | None:
    """By the terms of the month in which the list is due; None for campaigns and where no law is known."""
    listed_in, paid_in = run.period.months[0] - 1, run.period.last
    known = [terms for terms in calendar if terms.first <= listed_in]
    if run.campaign_id or not known:
        return None
    terms = max(known, key=lambda one: one.first)
    return Deadlines(_day(listed_in, terms.list_before_day), _day(paid_in, terms.returned_before_day))


def _day(month: Month, day: int) -> date:
    return month.first_day.replace(day=day)
