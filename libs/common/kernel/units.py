"""Administrative units: which commune, ward and province exists on which day, and what came of it.

On 01/07/2025 districts went, 63 provinces became 34 and some 10,000 communes 3,321 (Quyết định
19/2025/QĐ-TTg). A code of before may name another territory since: a unit is its code *and* its day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum


class Level(Enum):
    """The two levels that carry codes; the district of before 01/07/2025 is a label on its communes."""

    PROVINCE = "province"
    COMMUNE = "commune"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it stood from `valid_from` to `valid_to`, both included (None: it stands).

    `code`: 2 digits for a province, 5 for a commune (three for the five island districts that had none).
    `parent`: a commune's province code in the same days, None for a province. `kind`: province, city,
    commune, ward, township, special_zone or island_district. `district`: its old district's name.
    """

    code: str
    name: str
    kind: str
    level: Level
    parent: str | None
    valid_from: date
    valid_to: date | None
    district: str | None = None

    def stands_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Succession:
    """An old commune went into a new one, `whole` or in part; one of its heirs is the `main` one."""

    old_code: str
    new_code: str
    whole: bool
    main: bool


@dataclass(frozen=True, slots=True)
class Location:
    """Where a commune lies: its province since 01/07/2025, and of before (None for a commune of since)."""

    province_code: str
    former_province_code: str | None


@dataclass(frozen=True)
class Units:
    """The dated table, with its look-ups. Every look-up answers None, or nothing, where no unit stood."""

    units: tuple[Unit, ...]
    successions: tuple[Succession, ...]
    _by_code: Mapping[tuple[Level, str], tuple[Unit, ...]] = field(init=False, repr=False, compare=False)
    _heirs: Mapping[str, tuple[Succession, ...]] = field(init=False, repr=False, compare=False)
    _forerunners: Mapping[str, tuple[Succession, ...]] = field(init=False, repr=False, compare=False)
    _new_province: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_code: dict[tuple[Level, str], list[Unit]] = defaultdict(list)
        for unit in self.units:
            by_code[unit.level, unit.code].append(unit)
        heirs: dict[str, list[Succession]] = defaultdict(list)
        forerunners: dict[str, list[Succession]] = defaultdict(list)
        for one in self.successions:
            heirs[one.old_code].append(one)
            forerunners[one.new_code].append(one)
        put = object.__setattr__
        put(self, "_by_code", {key: tuple(found) for key, found in by_code.items()})
        put(self, "_heirs", {key: tuple(found) for key, found in heirs.items()})
        put(self, "_forerunners", {key: tuple(found) for key, found in forerunners.items()})
        put(self, "_new_province", self._province_successions())

    def commune(self, code: str, on: date) -> Unit | None:
        """The commune, ward, township or special zone of that code on that day."""
        return self._standing(Level.COMMUNE, code, on)

    def province(self, code: str, on: date) -> Unit | None:
        return self._standing(Level.PROVINCE, code, on)

    def province_of(self, commune_code: str, on: date) -> Unit | None:
        """The province in which the commune lay on that day."""
        commune = self.commune(commune_code, on)
        return self.province(commune.parent, on) if commune and commune.parent else None

    def communes(self, province_code: str, on: date) -> tuple[Unit, ...]:
        """All communes of a province on that day, by code."""
        return tuple(
            unit
            for unit in self.units
            if unit.level is Level.COMMUNE and unit.parent == province_code and unit.stands_on(on)
        )

    def provinces(self, on: date) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.level is Level.PROVINCE and unit.stands_on(on))

    def successor_province(self, former_code: str) -> str | None:
        """The code, of the 34, of the province that a province of before 01/07/2025 went into."""
        return self._new_province.get(former_code)

    def former_provinces(self, code: str) -> tuple[str, ...]:
        """The codes of before that went into a province of the 34, itself among them."""
        return tuple(sorted(old for old, new in self._new_province.items() if new == code))

    def successions_of(self, old_commune_code: str) -> tuple[Succession, ...]:
        """What an old commune went into: one heir as a whole, or several that each took a part."""
        return self._heirs.get(old_commune_code, ())

    def successor_commune(self, old_commune_code: str) -> str | None:
        """The main heir's code. For a divided commune it is not everybody's: see `successions_of`."""
        return next((one.new_code for one in self.successions_of(old_commune_code) if one.main), None)

    def predecessions_of(self, new_commune_code: str) -> tuple[Succession, ...]:
        """The old communes that went, whole or in part, into a new one."""
        return self._forerunners.get(new_commune_code, ())

    def location(self, commune_code: str, on: date) -> Location | None:
        """The provinces, of now and of before, of a commune that stood on that day."""
        commune = self.commune(commune_code, on)
        return self._locate(commune) if commune else None

    def locations(self, on: date) -> dict[str, Location]:
        """Every commune that stood on that day, by code."""
        return {
            unit.code: self._locate(unit)
            for unit in self.units
            if unit.level is Level.COMMUNE and unit.stands_on(on)
        }

    def _locate(self, commune: Unit) -> Location:
        assert commune.parent is not None
        if commune.valid_to is None:
            return Location(commune.parent, None)
        return Location(self._new_province[commune.parent], commune.parent)

    def _standing(self, level: Level, code: str, on: date) -> Unit | None:
        return next((unit for unit in self._by_code.get((level, code), ()) if unit.stands_on(on)), None)

    def _province_successions(self) -> dict[str, str]:
        """Old province to new, by where its communes went; that no province was divided is asserted."""
        old_parent = {u.code: u.parent for u in self.units if u.level is Level.COMMUNE and u.valid_to}
        new_parent = {u.code: u.parent for u in self.units if u.level is Level.COMMUNE and not u.valid_to}
        found: dict[str, str] = {}
        for one in self.successions:
            old, new = old_parent[one.old_code], new_parent[one.new_code]
            assert old is not None and new is not None
            assert found.setdefault(old, new) == new, f"province {old} was divided"
        return found


def table(
    provinces: Iterable[Mapping[str, str]],
    communes: Iterable[Mapping[str, str]],
    successions: Iterable[Mapping[str, str]],
) -> Units:
    """The table from its three lists of rows, in the columns of libs/common/data/units."""
    return Units(
        units=(
            *(_unit(row, Level.PROVINCE) for row in provinces),
            *(_unit(row, Level.COMMUNE) for row in communes),
        ),
        successions=tuple(
            Succession(row["old_code"], row["new_code"], row["extent"] == "whole", row["main"] == "true")
            for row in successions
        ),
    )


def _unit(row: Mapping[str, str], level: Level) -> Unit:
    valid_to = row["valid_to"]
    return Unit(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        level=level,
        parent=row.get("province_code"),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(valid_to) if valid_to else None,
        district=row.get("district") or None,
    )
