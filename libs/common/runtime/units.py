"""The administrative units, read once from the packaged table."""

import csv
from functools import lru_cache
from importlib.resources import files

from libs.common.kernel.units import Units, table


@lru_cache(maxsize=1)
def administrative_units() -> Units:
    """The table of libs/common/data/units: 63 and 34 provinces, 10,040 and 3,321 communes."""
    return table(_rows("provinces.csv"), _rows("communes.csv"), _rows("successions.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("libs.common.data.units") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
