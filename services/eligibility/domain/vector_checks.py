"""The vector form of each kind of check: the comparison of its `holds`, over all subjects at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.eligibility.domain.columns import (
    ABSENT,
    CODES,
    DAYS,
    FLAGS,
    WHOLES,
    ChildColumns,
    Codes,
    Days,
    FactColumns,
    Flags,
    Wholes,
    code_of,
    day_number,
)
from services.eligibility.domain.conditions import (
    AtLeast,
    Below,
    BornAfter,
    BornBy,
    BornFrom,
    Check,
    Continuing,
    FactIn,
    OnOrBefore,
    Stated,
)

_YEAR_0 = 1970 * 12


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """Whom checks look at: the people, or their children with the place of each one's parent.

    TypeError for a fact that is not of the kind asked for, or that the subjects don't have.
    """

    own: FactColumns | ChildColumns
    people: FactColumns
    parent: NDArray[np.intp] | None = None

    def days(self, fact: str) -> Days:
        return self._column(fact, DAYS)

    def codes(self, fact: str) -> Codes:
        return self._column(fact, tuple(CODES))

    def flags(self, fact: str) -> Flags:
        return self._column(fact, FLAGS)

    def wholes(self, fact: str) -> Wholes:
        return self._column(fact, WHOLES)

    def _column(self, fact: str, kind: tuple[str, ...]) -> NDArray[Any]:
        if fact not in kind or not hasattr(self.own, fact):
            raise TypeError(f"the fact {fact} has no column that this check can look at")
        column: NDArray[Any] = getattr(self.own, fact)
        return column

    def of_person(self, column: NDArray[Any]) -> NDArray[Any]:
        """A column of the people, brought to the subjects."""
        return column if self.parent is None else column[self.parent]


def holds(check: Check, subjects: Subjects) -> Flags:
    """For each subject, whether the check holds. TypeError for a kind of check that has no vector form."""
    form = _FORMS.get(type(check))
    if form is None:
        raise TypeError(f"{type(check).__name__} has no vector form")
    return form(check, subjects)


def months_of(days: NDArray[Any]) -> NDArray[np.int64]:
    """`Month.index` of days since 1970-01-01."""
    months: NDArray[np.int64] = days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    return months + _YEAR_0


def birthday_months(born: Days, years: int) -> NDArray[np.int64]:
    """`Month.index` of the birthday on which `years` are completed; none of `born` is absent."""
    month = months_of(born)
    then = month + 12 * years
    year = then // 12
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    first_day = (month - _YEAR_0).astype("M8[M]").astype("M8[D]").astype(np.int64)
    on_29_february = (month % 12 == 1) & (born - first_day == 28)
    moved: NDArray[np.int64] = then + (on_29_february & ~leap)
    return moved


def _fact_in(check: FactIn, subjects: Subjects) -> Flags:
    if check.fact in FLAGS:
        column = subjects.flags(check.fact)
        return _any([column if value else ~column for value in check.values], len(column))
    codes = subjects.codes(check.fact)
    return _any([codes == code_of(check.fact, value) for value in check.values], len(codes))


def _any(of: list[Flags], size: int) -> Flags:
    return reduce(np.logical_or, of) if of else np.zeros(size, np.bool_)


def _stated(check: Stated, subjects: Subjects) -> Flags:
    given: Flags
    if check.fact in DAYS:
        given = subjects.days(check.fact) != ABSENT
    else:
        given = subjects.codes(check.fact) != code_of(check.fact, None)
    return given


def _at_least(check: AtLeast, subjects: Subjects) -> Flags:
    return subjects.wholes(check.fact) >= check.least


def _below(check: Below, subjects: Subjects) -> Flags:
    return subjects.wholes(check.fact) < check.dong


def _on_or_before(check: OnOrBefore, subjects: Subjects) -> Flags:
    # A day that is not given comes before every other.
    return subjects.days(check.fact) <= day_number(check.day)


def _born_by(check: BornBy, subjects: Subjects) -> Flags:
    return _born(subjects, np.less_equal, check.latest, check.if_unknown)


def _born_after(check: BornAfter, subjects: Subjects) -> Flags:
    return _born(subjects, np.greater, check.earlier, check.if_unknown)


def _born_from(check: BornFrom, subjects: Subjects) -> Flags:
    return _born(subjects, np.greater_equal, check.earliest, check.if_unknown)


def _born(subjects: Subjects, compare: np.ufunc, day: date, if_unknown: bool) -> Flags:
    born, threshold = subjects.own.birth_date, day_number(day)
    found: Flags = compare(born, threshold)
    if bool(compare(ABSENT, threshold)) != if_unknown:
        found[born == ABSENT] = if_unknown
    return found


def _continuing(check: Continuing, subjects: Subjects) -> Flags:
    signed = subjects.of_person(subjects.people.decision_signed_on)
    born = subjects.own.birth_date
    early = (signed != ABSENT) & (signed < day_number(check.decided_before))
    found: Flags = subjects.of_person(subjects.people.already_receiving) | early
    # Few are left, and only of them months have to be computed.
    rest = np.flatnonzero(~found & (signed != ABSENT) & (born != ABSENT))
    found[rest] = birthday_months(born[rest], check.years) >= months_of(signed[rest])
    return found


#: The one place where a kind of check gets its vector form.
_FORMS: Mapping[type, Callable[[Any, Subjects], Flags]] = MappingProxyType(
    {
        FactIn: _fact_in,
        Stated: _stated,
        AtLeast: _at_least,
        Below: _below,
        OnOrBefore: _on_or_before,
        BornBy: _born_by,
        BornAfter: _born_after,
        BornFrom: _born_from,
        Continuing: _continuing,
    }
)
