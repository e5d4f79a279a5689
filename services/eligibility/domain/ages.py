"""Ages as threshold birth dates: comparing two dates is all that a rule needs to do.

A band change counts from the month of the birthday; an age limit that ends a category still pays
the month of the birthday (Nghị định 20/2021 Đ8.1 and Đ8.2; Nghị định 335/2026 Đ8.4).
"""

from datetime import date, timedelta

from libs.common.kernel.months import Month, birthday


def latest_birth(month: Month, years: int) -> date:
    """Who was born on or before this day has completed `years` by the end of `month`."""
    then = Month(month.year - years, month.number)
    return then.first_day.replace(day=min(month.last_day.day, then.last_day.day))


def earliest_birth(day: date, years: int) -> date:
    """Who was born on or after this day completes `years` on or after `day`.

    Born on 29 February one comes of age on 1 March in a common year.
    """
    then = _years_before(day, years)
    before = then - timedelta(days=1)
    return before if birthday(before, years) >= day else then


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)
