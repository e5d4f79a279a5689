"""The dated table of administrative units: one code, two days, two territories."""

import csv
from datetime import date
from importlib.resources import files

import pytest

from libs.common.kernel.units import Level, Location, Unit, Units
from libs.common.runtime.units import administrative_units

BEFORE, SINCE = date(2025, 6, 30), date(2025, 7, 1)
PROVINCES_SINCE = (
    "01 04 08 11 12 14 15 19 20 22 24 25 31 33 37 38 40 42 44 46 48 51 52 56 66 68 75 79 80 82 86 91 92 96"
)


@pytest.fixture(scope="module")
def units() -> Units:
    return administrative_units()


def test_the_counts_are_those_of_the_two_lists(units: Units) -> None:
    assert len(units.locations(BEFORE)) == 10_040
    assert len(units.locations(SINCE)) == 3_321
    assert len(units.provinces(BEFORE)) == 63
    assert [unit.code for unit in units.provinces(SINCE)] == PROVINCES_SINCE.split()


def test_a_reused_code_is_another_unit(units: Units) -> None:
    before, since = units.commune("00004", BEFORE), units.commune("00004", SINCE)
    assert before and since and before != since
    assert (before.name, since.name) == ("Phường Trúc Bạch", "Phường Ba Đình")
    assert (before.district, since.district) == ("Quận Ba Đình", None)
    bac_giang, bac_ninh = units.province("24", BEFORE), units.province("24", SINCE)
    assert bac_giang and bac_ninh and (bac_giang.name, bac_ninh.name) == ("Tỉnh Bắc Giang", "Tỉnh Bắc Ninh")


def test_a_unit_stands_on_its_last_day_and_not_on_the_next(units: Units) -> None:
    assert units.commune("00001", BEFORE) is not None
    assert units.commune("00001", SINCE) is None
    assert units.commune("99999", SINCE) is None
    assert units.commune("00001", date(2013, 12, 31)) is None


@pytest.mark.parametrize(
    ("former", "now"),
    [("58", "56"), ("17", "25"), ("92", "92"), ("79", "79"), ("74", "79"), ("01", "01"), ("27", "24")],
)
def test_a_former_province_has_one_successor(units: Units, former: str, now: str) -> None:
    assert units.successor_province(former) == now
    assert former in units.former_provinces(now)


def test_every_old_province_leads_to_one_of_the_34(units: Units) -> None:
    assert {units.successor_province(unit.code) for unit in units.provinces(BEFORE)} == set(
        PROVINCES_SINCE.split()
    )
    assert units.successor_province("90") is None


def test_an_undivided_commune_has_one_heir_and_a_divided_one_several(units: Units) -> None:
    (heir,) = units.successions_of("00001")
    assert heir.whole and heir.main and units.successor_commune("00001") == heir.new_code == "00097"
    divided = [unit for unit in units.locations(BEFORE) if len(units.successions_of(unit)) > 1]
    assert len(divided) == 471
    for code in divided:
        assert not any(one.whole for one in units.successions_of(code))
        assert sum(one.main for one in units.successions_of(code)) == 1
    assert any(len(units.predecessions_of(code)) > 1 for code in units.locations(SINCE))


def test_succession_leaves_nobody_behind(units: Units) -> None:
    for code in units.locations(BEFORE):
        heir = units.successor_commune(code)
        assert heir is not None and units.commune(heir, SINCE) is not None
    for code in units.locations(SINCE):
        assert units.predecessions_of(code)


def test_a_location_gives_both_provinces_before_and_one_since(units: Units) -> None:
    ninh_thuan = units.communes("58", date(2019, 12, 1))
    assert ninh_thuan and all(unit.parent == "58" and unit.level is Level.COMMUNE for unit in ninh_thuan)
    assert units.location(ninh_thuan[0].code, date(2019, 12, 1)) == Location("56", "58")
    assert units.location("00004", SINCE) == Location("01", None)
    assert units.location("00001", SINCE) is None


def test_an_island_district_stands_under_its_own_code(units: Units) -> None:
    con_dao = units.commune("755", BEFORE)
    assert con_dao and con_dao.kind == "island_district"
    assert units.successor_commune("755") == "26732"


def test_the_table_refuses_a_divided_province() -> None:
    def commune(code: str, province: str, to: date | None) -> Unit:
        return Unit(code, code, "commune", Level.COMMUNE, province, date(2014, 1, 1), to)

    whole = administrative_units().successions_of("00001")[0]
    with pytest.raises(AssertionError, match="divided"):
        Units(
            (
                commune("00001", "01", BEFORE),
                commune("00002", "01", BEFORE),
                commune("10001", "01", None),
                commune("10002", "02", None),
            ),
            (
                type(whole)("00001", "10001", True, True),
                type(whole)("00002", "10002", True, True),
            ),
        )


@pytest.mark.parametrize("name", ["provinces.csv", "communes.csv", "successions.csv"])
def test_the_files_are_sorted_and_without_doubles(name: str) -> None:
    rows = list(
        csv.reader((files("libs.common.data.units") / name).read_text(encoding="utf-8").splitlines())
    )[1:]
    assert len({tuple(row) for row in rows}) == len(rows)
    if name == "successions.csv":
        assert rows == sorted(rows)
