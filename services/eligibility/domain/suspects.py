"""Whose months may come out other than what was told to be paid: found in columns, for many people at once.

`domain/recalculation.py` says what a difference is, person by person; whoever has one is a suspect here. Some
suspects have none: of whom columns don't tell all, and whose month had a decision after it was closed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.months import Month
from services.eligibility.domain.changes import LINE_OF, PackOf, lines_of
from services.eligibility.domain.columns import Days, Flags, day_number
from services.eligibility.domain.recalculation import Closings
from services.eligibility.domain.standing_columns import DECIDED, People

_NO_DAY = np.iinfo(np.int32).max
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Decisions in force of some people, in the order of person, programme and version.

    `person` is a place among the people, `programme` one in DECIDED, `told_at` in microseconds since 2000.
    `booked`: of each of the people, whether a difference was applied before.
    """

    person: NDArray[np.intp]
    programme: NDArray[np.int8]
    first: Days
    decided_on: Days
    amount: NDArray[np.int64]
    told_at: NDArray[np.int64]
    booked: Flags

    def take(self, at: NDArray[np.intp]) -> "Told":
        return Told(
            self.person[at],
            self.programme[at],
            self.first[at],
            self.decided_on[at],
            self.amount[at],
            self.told_at[at],
            self.booked,
        )


def suspects(people: People, told: Told, pack_of: PackOf, month: Month, closings: Closings) -> Flags:
    """Of each of the people whether the month may come out different. `people` live where they lived in
    it; whose benefit is held back in it is not `plain`."""
    begun = told.take(np.flatnonzero(told.first <= day_number(month.first_day)))
    owed = np.zeros((len(DECIDED), len(people)), np.int64)
    signed = np.full(len(people), _NO_DAY, np.int32)
    key = begun.person * len(DECIDED) + begun.programme
    in_force = begun.take(np.flatnonzero(np.append(key[1:] != key[:-1], True)[: len(key)]))
    owed[in_force.programme, in_force.person] = in_force.amount
    np.minimum.at(signed, in_force.person, in_force.decided_on)
    said, undetermined = lines_of(people, pack_of, signed)
    found: Flags = (
        undetermined | ~people.plain | (people.settled_on > day_number(month.last_day)) | told.booked
    )
    for number, line in enumerate(LINE_OF):
        due = np.where(said[line].programme == number, said[line].amount, 0)
        found |= due != owed[number]
    found[begun.person[begun.told_at > _closed(month, closings)]] = True
    found &= signed != _NO_DAY
    return found


def _closed(month: Month, closings: Closings) -> int:
    at = closings.of(month)
    return np.iinfo(np.int64).max if at is None else (at - _EPOCH) // timedelta(microseconds=1)
