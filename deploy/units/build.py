"""Builds the dated table of administrative units in libs/common/data/units.

    uv run --no-project --with vietnamadminunits==1.0.4 python deploy/units/build.py

Source: the data files of the PyPI package `vietnamadminunits` (MIT): `dataset.db`, the units just before
and since 01/07/2025, and `converter_2025.json`, which unit went into which. Its address parser and
converter are not used: they guess from text, a register needs codes. The same input writes the same bytes.
"""

import csv
import json
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

TABLE = Path(__file__).parents[2] / "libs" / "common" / "data" / "units"

#: The old table's first day is the first day of the law that the platform knows (NĐ 136/2013), not the day
#: on which a unit was founded: the source does not date the units of before 2025.
OLD_FROM, OLD_TO, NEW_FROM = "2014-01-01", "2025-06-30", "2025-07-01"
KINDS = {
    "Xã": "commune",
    "Phường": "ward",
    "Thị trấn": "township",
    "Đặc khu": "special_zone",
    "Huyện": "island_district",
    "Tỉnh": "province",
    "Thành phố": "city",
}


def main() -> None:
    """Write provinces.csv, communes.csv and successions.csv."""
    source = _package_data()
    with sqlite3.connect(f"file:{source / 'dataset.db'}?mode=ro", uri=True) as database:
        old = database.execute(
            "SELECT provinceKey, districtKey, coalesce(wardKey, ''), provinceCode, province, districtCode,"
            " district, wardCode, ward, wardType FROM admin_units_legacy"
        ).fetchall()
        new = database.execute(
            "SELECT provinceKey, wardKey, provinceCode, province, wardCode, ward, wardType FROM admin_units"
        ).fetchall()
    converter = json.loads((source / "converter_2025.json").read_text(encoding="utf-8"))

    # An island district without communes stands in the table under its own three-digit code.
    code_of_old = {"_".join(row[:3]): row[7] or row[5] for row in old}
    code_of_new = {(row[0], row[1]): row[4] for row in new}
    assert len(code_of_old) == len(set(code_of_old.values())) == 10_040
    assert len(code_of_new) == len(set(code_of_new.values())) == 3_321

    _write("provinces.csv", ("code", "name", "kind", "valid_from", "valid_to"), _provinces(old, new))
    _write(
        "communes.csv",
        ("code", "name", "kind", "district", "province_code", "valid_from", "valid_to"),
        _communes(old, new),
    )
    _write(
        "successions.csv",
        ("old_code", "new_code", "extent", "main"),
        _successions(converter, code_of_old, code_of_new),
    )


def _package_data() -> Path:
    found = find_spec("vietnamadminunits")
    if found is None or not found.submodule_search_locations:
        sys.exit("vietnamadminunits is not installed here; the command stands in this file's first lines")
    return Path(found.submodule_search_locations[0]) / "data"


def _kind(name: str) -> str:
    return next(kind for vietnamese, kind in KINDS.items() if name.startswith(vietnamese))


def _provinces(old: Iterable[Sequence[str]], new: Iterable[Sequence[str]]) -> Sequence[Sequence[str]]:
    before = {(row[3], row[4], _kind(row[4]), OLD_FROM, OLD_TO) for row in old}
    since = {(row[2], row[3], _kind(row[3]), NEW_FROM, "") for row in new}
    assert (len(before), len(since)) == (63, 34)
    return sorted(before) + sorted(since)


def _communes(old: Iterable[Sequence[str]], new: Iterable[Sequence[str]]) -> Sequence[Sequence[str]]:
    before = [
        (row[7] or row[5], row[8] or row[6], KINDS[row[9] or "Huyện"], row[6], row[3], OLD_FROM, OLD_TO)
        for row in old
    ]
    since = [(row[4], row[5], KINDS[row[6]], "", row[2], NEW_FROM, "") for row in new]
    return sorted(before) + sorted(since)


def _successions(
    converter: dict[str, dict[str, dict[str, list[object]]]],
    code_of_old: dict[str, str],
    code_of_new: dict[tuple[str, str], str],
) -> Sequence[Sequence[str]]:
    """(old, new, whole|part, is it the main heir). A unit that was not divided has one heir, the whole."""
    rows: list[tuple[str, ...]] = []
    for province, heirs in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, merged in heirs.items():
            rows += [(code_of_old[str(key)], code_of_new[province, ward], "whole", "true") for key in merged]
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for key, parts in divided.items():
            for part in parts:
                assert isinstance(part, dict)
                main_heir = "true" if part["isDefaultNewWard"] else "false"
                rows.append((code_of_old[key], code_of_new[province, part["newWardKey"]], "part", main_heir))
    assert {row[0] for row in rows} == set(code_of_old.values()), "an old unit has no heir"
    assert {row[1] for row in rows} == set(code_of_new.values()), "a new unit comes from nowhere"
    return sorted(rows)


def _write(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with (TABLE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
