"""Administrative units by name, as they stood on the business date."""

from datetime import date

import strawberry

from libs.common.kernel.units import Unit, Units

#: Since this day there are 34 provinces and no districts (Quyết định 19/2025/QĐ-TTg).
_SINCE = date(2025, 7, 1)
_BEFORE = date(2025, 6, 30)


@strawberry.type(description="A commune, ward, township or special zone.")
class Commune:
    code: str
    name: str | None = strawberry.field(description="Null for a code that no unit has had.")
    district: str | None = strawberry.field(description="The district of before 01/07/2025, a label.")
    province_code: str | None
    province_name: str | None

    @classmethod
    def of(cls, units: Units, code: str, on: date) -> "Commune":
        unit, day = _standing(units, code, on)
        province = units.province_of(code, day)
        return cls(
            code=code,
            name=unit.name if unit else None,
            district=unit.district if unit else None,
            province_code=province.code if province else None,
            province_name=province.name if province else None,
        )


def territory_name(units: Units, code: str) -> str | None:
    """The name of one of the 34 provinces: who may see what goes by these, whatever the month."""
    province = units.province(code, _SINCE)
    return province.name if province else None


def province_name(units: Units, code: str, on: date) -> str | None:
    """The name of a province as it stood: payments are counted by these, of the 63 or of the 34."""
    province = units.province(code, on) or units.province(code, _other_side(on))
    return province.name if province else None


def _standing(units: Units, code: str, on: date) -> tuple[Unit | None, date]:
    """The unit of that day, else the one that the code named on the other side of 01/07/2025."""
    for day in (on, _other_side(on)):
        unit = units.commune(code, day)
        if unit:
            return unit, day
    return None, on


def day_of_commune(former_province_code: str | None, today: date) -> date:
    """A day on which a person's commune stood: only one of before 01/07/2025 has a former province."""
    return max(today, _SINCE) if former_province_code is None else min(today, _BEFORE)


def _other_side(on: date) -> date:
    return _BEFORE if on >= _SINCE else _SINCE
