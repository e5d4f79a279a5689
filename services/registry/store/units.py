"""The communes of a day, from the packaged table of administrative units."""

from datetime import date

from libs.common.kernel.units import Units
from services.registry.domain.people import Communes


class CommunesTable:
    """Remembers the last day asked about: every row of an import asks about the same one."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._last: tuple[date, Communes] | None = None

    def communes_on(self, day: date) -> Communes:
        if self._last is None or self._last[0] != day:
            self._last = day, self._units.locations(day)
        return self._last[1]
