"""What figures of few people become for whoever is shown them.

Health conditions of fewer than `SMALL` people are folded into `other`, for everybody. Without a national
role a row in which some count is 1 to 9 shows no more than its people, and of its counts which are below
10. Where that hides one row of a breakdown only, the smallest other one keeps it company: what is hidden
can't be found by subtracting the rows from the total.
"""

from collections.abc import Mapping

from services.eligibility.domain.categories import HEALTH_CONDITION, OTHER
from services.eligibility.domain.simulation import CATEGORY, COUNTS, DIMENSIONS, FIGURES, Counted, Figures

SMALL = 10
BELOW_SMALL = f"<{SMALL}"
MONTHS_OF_A_YEAR = 12

#: A figure as it is shown: the number, `<10`, or None where it would give away another one.
Shown = dict[str, int | str | None]
PEOPLE = "people"


def shown(counted: Counted, *, national: bool) -> tuple[Shown, dict[str, dict[str, Shown]]]:
    """The total, and the rows of each dimension by their keys."""
    by = {name: _folded(rows) if name == CATEGORY else dict(rows) for name, rows in counted.by.items()}
    if national:
        return _whole(counted.total), {
            name: {key: _whole(row) for key, row in by[name].items()} for name in DIMENSIONS
        }
    total = _hidden(counted.total) if _has_small(counted.total) else _whole(counted.total)
    return total, {name: _rows(by[name]) for name in DIMENSIONS}


def count_shown(people: int, *, national: bool) -> int | str:
    """A count that stands alone."""
    return BELOW_SMALL if 0 < people < SMALL and not national else people


def reasons_shown(unreadable: Mapping[str, int], *, national: bool) -> list[Shown]:
    """How many for each reason; without a national role only the reasons where some are of few."""
    hidden = not national and any(people < SMALL for people in unreadable.values())
    return [{"code": code, PEOPLE: None if hidden else people} for code, people in sorted(unreadable.items())]


def _folded(rows: Mapping[str, Figures]) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for key, row in rows.items():
        few = HEALTH_CONDITION in key and max(getattr(row, name) for name in COUNTS) < SMALL
        name = OTHER if few else key
        found[name] = found.get(name, Figures()) + row
    return found


def _rows(rows: Mapping[str, Figures]) -> dict[str, Shown]:
    hidden = {key for key, row in rows.items() if _has_small(row)}
    others = sorted(rows.keys() - hidden, key=lambda key: (rows[key].people, key))
    if len(hidden) == 1 and others:
        hidden.add(others[0])
    return {key: _hidden(row) if key in hidden else _whole(row) for key, row in rows.items()}


def _has_small(row: Figures) -> bool:
    return any(0 < getattr(row, name) < SMALL for name in COUNTS)


def _whole(row: Figures) -> Shown:
    return {
        **{name: getattr(row, name) for name in FIGURES},
        "change_dong": row.change_dong,
        "average_change_dong": row.average_change_dong,
        "today_year_dong": MONTHS_OF_A_YEAR * row.today_dong,
        "draft_year_dong": MONTHS_OF_A_YEAR * row.draft_dong,
        "change_year_dong": MONTHS_OF_A_YEAR * row.change_dong,
    }


def _hidden(row: Figures) -> Shown:
    found: Shown = dict.fromkeys(_whole(row))
    small = {name: BELOW_SMALL for name in COUNTS if 0 < getattr(row, name) < SMALL}
    people = {} if row.people < SMALL else {PEOPLE: row.people}
    return {**found, **people, **small}
