"""What a simulation answers for a month, JSON-able, to somebody with or without a national role."""

from typing import Any

from services.eligibility.domain.charts import Naming, Source, chart
from services.eligibility.domain.disclosure import count_shown, reasons_shown, shown
from services.eligibility.domain.simulation import DIMENSIONS, Found, age_keys

#: Keys that come last, whatever their figures.
_LAST = ("other", "none", "undetermined", "unknown")


def answer(
    found: Found,
    *,
    title: str,
    source: Source,
    province: str | None,
    take_up: str,
    national: bool,
    name: Naming,
) -> dict[str, Any]:
    """`rests_on` says whose facts the figures are of: they are counted, and never extrapolated. The
    `people` and the `unreadable` are all who are registered.

    `by_category`, `by_province`, `by_age` and `by_sex` are lists of rows with their `key`; `chart` is SVG.
    """
    counted = found.counted
    total, by = shown(counted, national=national)
    said: dict[str, Any] = {
        "month": str(found.month),
        "applies": found.applies,
        "rests_on": {
            "people": total["people"],
            "undetermined": total["undetermined"],
            "held": count_shown(counted.held, national=national),
            "unreadable": count_shown(sum(counted.unreadable.values()), national=national),
            "unreadable_reasons": reasons_shown(counted.unreadable, national=national),
            "take_up": take_up,
            "province": province,
            "provinces": len(by["province"].keys() - {"unknown"}),
        },
        "total": total,
    }
    for dimension in DIMENSIONS:
        keys = sorted(by[dimension], key=lambda key: _order(dimension, key))
        said[f"by_{dimension}"] = [{"key": key, **by[dimension][key]} for key in keys]
    return {**said, "chart": chart(said, title, source, name)}


def _order(dimension: str, key: str) -> tuple[int, int, str]:
    last = _LAST.index(key) + 1 if key in _LAST else 0
    return last, age_keys().index(key) if dimension == "age" else 0, key
