"""What stands of other authorities' decisions, month by month, and the versions that tell what changed.

Rows are laid one over the other in the order in which they came: a row says its own months, and leaves the
others as they were. Nothing here is decided, so nothing has a coefficient, a standard or a trace.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from libs.common.kernel.ids import derived_id
from libs.common.kernel.money import NOTHING, Coefficient
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import (
    CONFIRMED,
    GRANTED,
    SELF,
    Decision,
    Place,
    Terms,
    decision_id,
    refusal,
)
from services.eligibility.domain.foreign_lists import ForeignDecision

#: The programmes that others decide and this platform tells of. No determination decides one of them.
MERIT_ALLOWANCE = "merit_allowance"
TOLD = frozenset({MERIT_ALLOWANCE})
#: The category of all of them: what a list of people with merit says more would tell a wound or an illness.
CATEGORY = "decided_elsewhere"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `first` until the next stretch the row is granted, or has ended."""

    first: Month
    row: ForeignDecision
    granted: bool = True


@dataclass(frozen=True, slots=True)
class Version:
    """A decision, and the row that it rests on: what it grants, or what has ended."""

    decision: Decision
    row_id: UUID


def row_id(row: ForeignDecision) -> UUID:
    """The same row, in whatever list, is the same."""
    said = (row.person, row.programme, row.amount, row.from_month, row.until or "")
    return derived_id(
        "foreign row", *map(str, said), row.decision_number, row.decided_on.isoformat(), row.issued_by
    )


def line_of(rows: Iterable[ForeignDecision]) -> tuple[Stretch, ...]:
    """What stands by rows of one person and programme, in the order in which they came."""
    line: tuple[Stretch, ...] = ()
    for row in rows:
        line = _with(line, row)
    return line


def _with(line: tuple[Stretch, ...], row: ForeignDecision) -> tuple[Stretch, ...]:
    found = (*(one for one in line if one.first < row.from_month), Stretch(row.from_month, row))
    if row.until is None:
        return found
    end = row.until + 1
    beneath = next((one for one in reversed(line) if one.first <= end), None)
    again = replace(beneath, first=end) if beneath and beneath.granted else Stretch(end, row, granted=False)
    return (*found, again, *(one for one in line if one.first > end))


def versions(
    before: Sequence[ForeignDecision],
    new: Sequence[ForeignDecision],
    last_version: int,
    place: Place,
    month: Month,
) -> list[Version]:
    """The next versions of a person and programme: of each stretch from the first that `new` rows change.

    A version takes the place of all months from its first on, so what stands after is said again. `month`
    is that of the import: earlier ones were paid elsewhere, and are never this platform's to pay.
    """
    stood, stands = line_of(before), line_of([*before, *new])
    same = 0
    while same < min(len(stood), len(stands)) and stood[same] == stands[same]:
        same += 1
    return [
        _version(one, number, place, month)
        for number, one in enumerate(stands[same:], start=last_version + 1)
    ]


def _version(stretch: Stretch, number: int, place: Place, month: Month) -> Version:
    row = stretch.row
    granted = Terms(GRANTED, CATEGORY, Coefficient(0), NOTHING, row.amount, SELF, None, place)
    decision = Decision(
        decision_id=decision_id(row.person, row.programme, number),
        person_id=row.person,
        version=number,
        programme=row.programme,
        status=CONFIRMED,
        effective_from=stretch.first,
        pays_from=max(stretch.first, month),
        terms=granted if stretch.granted else refusal(place),
        decided_on=row.decided_on,
    )
    return Version(decision, row_id(row))
