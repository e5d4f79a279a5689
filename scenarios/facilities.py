"""The facilities of a scenario, and who lives where."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from scenarios.names import MARK, plain
from scenarios.population import BANKS
from scenarios.report import FacilityGroup

_TITLES = {
    "elderly": "Trung tâm chăm sóc người cao tuổi",
    "children": "Cơ sở chăm sóc trẻ em",
    "disabled": "Cơ sở chăm sóc người khuyết tật",
    "mental_health": "Trung tâm phục hồi chức năng tâm thần",
    "general": "Trung tâm bảo trợ xã hội tổng hợp",
    "social_work_centre": "Trung tâm công tác xã hội",
    "other": "Cơ sở trợ giúp xã hội khác",
}
#: Where the residents of a kind go first; when these are full, to any free place.
_PREFERRED = {
    "resident_infant": ("children",),
    "resident_child": ("children", "general", "social_work_centre"),
    "resident_adult": ("mental_health", "disabled", "other", "general"),
    "resident_elder": ("elderly", "general", "social_work_centre"),
}


@dataclass(frozen=True, slots=True)
class Facility:
    """A line of facilities.json."""

    code: str
    name: str
    kind: str
    sector: str
    province_code: str
    commune_code: str
    places: int
    agency_code: str
    account_number: str
    account_name: str

    def line(self) -> dict[str, Any]:
        return asdict(self)


def opened(
    rng: np.random.Generator,
    groups: Sequence[FacilityGroup],
    former_province_code: str,
    province_code: str,
    communes: Sequence[str],
) -> list[Facility]:
    """All facilities, each in some commune of the province, with an invented account."""
    found: list[Facility] = []
    for group in groups:
        for _ in range(group.number):
            number = len(found) + 1
            name = f"{_TITLES[group.kind]} {MARK} số {number:02d}"
            found.append(
                Facility(
                    code=f"CS-{former_province_code}-{number:03d}",
                    name=name,
                    kind=group.kind,
                    sector=group.sector,
                    province_code=province_code,
                    commune_code=communes[int(rng.integers(len(communes)))],
                    places=group.places_each,
                    agency_code=BANKS[int(rng.integers(len(BANKS)))],
                    account_number=f"98{number:010d}",
                    account_name=plain(name),
                )
            )
    return found


def places_taken(facilities: Sequence[Facility], residents: Mapping[str, int]) -> dict[str, list[str]]:
    """The facility code of every resident, by kind. ValueError where there are more residents than places."""
    free = {facility.code: facility.places for facility in facilities}
    if sum(residents.values()) > sum(free.values()):
        raise ValueError(f"{sum(residents.values())} residents for {sum(free.values())} places")
    taken: dict[str, list[str]] = {kind: [] for kind in residents}
    for preferred_only in (True, False):
        for kind, count in residents.items():
            for facility in facilities:
                if preferred_only and facility.kind not in _PREFERRED[kind]:
                    continue
                moving = min(free[facility.code], count - len(taken[kind]))
                free[facility.code] -= moving
                taken[kind] += [facility.code] * moving
    return taken


def admission_dates(
    rng: np.random.Generator, birth: Sequence[str], first_month: date, oldest_year: int = 2015
) -> list[str]:
    """A day of admission for each: after birth, before the first benefit month."""
    days = []
    for born, draw in zip(birth, rng.random(len(birth)).tolist(), strict=True):
        earliest = max(date.fromisoformat(born).toordinal() + 60, date(oldest_year, 1, 1).toordinal())
        latest = first_month.toordinal() - 1
        days.append(date.fromordinal(earliest + int(draw * (latest - earliest))).isoformat())
    return days
