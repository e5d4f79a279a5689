"""What a scenario writes: reproducible, obviously invented, and inside what the report says."""

import csv
import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

import scenarios
from libs.common.kernel.months import Month
from libs.common.kernel.personal_id import problem
from libs.common.runtime.units import administrative_units
from scenarios import gifts
from scenarios.columns import COLUMNS
from scenarios.manifest import AverageOutOfRange, summed
from scenarios.names import MARK, pool
from scenarios.report import GiftGroup, load
from services.payments.domain.campaign_rows import FORM, Frame, Stated, read_row
from services.registry.domain import columns

SMALL = 1_000


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def ha_noi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ha-noi-2023")
    scenarios.generate("ha-noi-2023", folder, people=2_000)
    return folder


def test_the_columns_are_the_registrys() -> None:
    assert columns.COLUMNS == COLUMNS


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_people(tmp_path: Path) -> None:
    for folder, seed in (("a", None), ("b", None), ("c", 7)):
        scenarios.generate("can-tho-2020", tmp_path / folder, people=SMALL, seed=seed)
    for name in ("people.csv", "facilities.json", "residents.csv", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a/people.csv").read_bytes() != (tmp_path / "c/people.csv").read_bytes()
    first, other = (json.loads((tmp_path / f / "manifest.json").read_text("utf-8")) for f in ("a", "c"))
    assert {**first["expected"], "payees": 0} == {**other["expected"], "payees": 0}


@pytest.mark.parametrize("name", ["ninh-thuan-2019", "hoa-binh-2019"])
def test_a_full_population_meets_its_report(name: str, tmp_path: Path) -> None:
    manifest = scenarios.generate(name, tmp_path)
    expected, published = manifest.expected, manifest.published
    assert expected.beneficiaries == published.beneficiaries == load(name).report.recipients
    if published.dong is not None:
        assert abs(expected.dong - published.dong) / published.dong < 0.0001
    assert 1.2 <= expected.dong / expected.lines_standard_sum <= 1.7
    assert expected.not_entitled >= 0.05 * manifest.people
    assert expected.proposed >= 100
    assert len(read_csv(tmp_path / "people.csv")) == manifest.people
    assert manifest.people == expected.beneficiaries + expected.not_entitled + expected.residents
    assert (expected.carers, expected.care_dong) == (0, 0), "the rates of those years are not known here"


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_every_scenario_can_be_met_by_its_table(name: str) -> None:
    scenario = load(name)
    assert len({kind.kind for kind in scenario.kinds}) == len(scenario.kinds)
    assert sum(group.number * group.places_each for group in scenario.facilities) >= scenario.report.residents
    units = administrative_units()
    assert units.successor_province(scenario.former_province_code) == scenario.province_code
    assert units.communes(scenario.former_province_code, scenario.business_date)


def test_the_published_money_is_not_what_is_expected() -> None:
    """The result is a sum over people: with other people it is another, whatever the report says."""
    scenario = load("ninh-thuan-2019")
    counts = [900 if kind.kind == "elder_from_80_without_pension" else 100 for kind in scenario.kinds]
    one = summed(scenario, 1, counts, [0, 0], 3_000, 100, 2_000, full=True)
    silent = replace(scenario, report=replace(scenario.report, dong=1, recipients=1))
    two = summed(silent, 1, counts, [0, 0], 3_000, 100, 2_000, full=True)
    assert one.expected == two.expected and one.published != two.published


def test_an_average_that_no_payroll_has_is_refused() -> None:
    scenario = load("ninh-thuan-2019")
    only_fostered = [100 if kind.kind == "poor_elder_fostered" else 0 for kind in scenario.kinds]
    with pytest.raises(AverageOutOfRange):
        summed(scenario, 1, only_fostered, [0, 0], 100, 0, 100, full=True)


def test_everybody_is_obviously_invented_and_valid(ha_noi: Path) -> None:
    people = read_csv(ha_noi / "people.csv")
    assert len({row["personal_id"] for row in people}) == len(people) == 2_000
    for row in people:
        assert MARK in row["full_name"]
        assert row["personal_id"].startswith("090")
        assert problem(row["personal_id"], date.fromisoformat(row["birth_date"]), row["sex"]) is None
    assert all(unit.code != "90" for unit in administrative_units().units if unit.parent is None)
    assert all(MARK in name for female in (True, False) for name in pool(female)[0])


def test_everybody_lives_in_a_commune_of_the_month_spread_over_the_province(ha_noi: Path) -> None:
    communes = {unit.code for unit in administrative_units().communes("01", date(2023, 12, 20))}
    lived_in = {row["commune_code"] for row in read_csv(ha_noi / "people.csv")}
    assert lived_in <= communes and len(lived_in) > 0.9 * len(communes)


def test_children_have_a_guardian_and_siblings_the_same_account(ha_noi: Path) -> None:
    wards: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_csv(ha_noi / "people.csv"):
        if row["payee_relation"] == "guardian":
            wards[row["payee_personal_id"]].append(row)
        if row["payee_relation"] == "self":
            assert not row["payee_personal_id"]
    assert max(len(children) for children in wards.values()) == 2
    for children in wards.values():
        for column in (
            "household_number",
            "commune_code",
            "poverty_status",
            "channel",
            "agency_code",
            "account_number",
            "payee_name",
        ):
            assert len({child[column] for child in children}) == 1


def test_carers_stand_before_those_they_care_for_and_live_with_them(ha_noi: Path) -> None:
    people = read_csv(ha_noi / "people.csv")
    expected = json.loads((ha_noi / "manifest.json").read_text("utf-8"))["expected"]
    row_of = {row["personal_id"]: number for number, row in enumerate(people)}
    cared_for: dict[str, list[dict[str, str]]] = defaultdict(list)
    for number, row in enumerate(people):
        if row["carer_relation"]:
            assert row_of[row["carer_personal_id"]] < number
            cared_for[row["carer_personal_id"]].append(row)
    assert len(cared_for) == expected["carers"] == round(0.104 * expected["beneficiaries"])
    assert sum(len(those) for those in cared_for.values()) == expected["by_category"]["care"]["people"]
    assert max(len(those) for those in cared_for.values()) == 2
    for personal_id, those in cared_for.items():
        carer = people[row_of[personal_id]]
        assert carer["channel"] and not carer["carer_relation"] and carer["birth_date"] < "2000-01-01"
        households = {(one["household_number"], one["commune_code"], one["poverty_status"]) for one in those}
        assert (carer["household_number"], carer["commune_code"], carer["poverty_status"]) in households


def test_a_full_population_has_carers_beside_its_published_recipients() -> None:
    for name in scenarios.NAMES:
        scenario = load(name)
        with_carers = scenario.benefit_months[0] >= Month(2021, 7)
        assert scenario.carers_per_100 == (10.4 if with_carers else 0)
        assert all(any(line.of == kind.kind for kind in scenario.kinds) for line in scenario.carers)


def test_residents_have_a_place_and_no_account(ha_noi: Path) -> None:
    people = {row["personal_id"]: row for row in read_csv(ha_noi / "people.csv")}
    places = {
        facility["code"]: facility["places"]
        for facility in json.loads((ha_noi / "facilities.json").read_text("utf-8"))
    }
    residents = read_csv(ha_noi / "residents.csv")
    assert residents
    for row in residents:
        places[row["facility_code"]] -= 1
        person = people[row["personal_id"]]
        assert person["channel"] == "" and person["eligible_for_facility"] == "true"
        assert person["birth_date"] < row["admitted_on"] < "2023-12-01"
    assert min(places.values()) >= 0


def test_new_applications_start_in_the_month_of_their_signature(ha_noi: Path) -> None:
    for row in read_csv(ha_noi / "people.csv"):
        if row["already_receiving"] == "true":
            assert row["decision_signed_on"] < "2023-12-01"
        else:
            assert row["application_received_on"] < "2023-12-20" and not row["decision_signed_on"]


def test_the_workbook_holds_the_same_rows(tmp_path: Path) -> None:
    scenarios.generate("hoa-binh-2019", tmp_path, people=SMALL, xlsx=True)
    sheet = CalamineWorkbook.from_path(tmp_path / "people.xlsx").get_sheet_by_index(0)
    with (tmp_path / "people.csv").open(encoding="utf-8", newline="") as file:
        assert [[str(cell) for cell in row] for row in sheet.to_python()] == list(csv.reader(file))


def test_an_unknown_scenario_and_too_few_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="ninh-thuan-2019"):
        scenarios.generate("sai-gon-1999", tmp_path)
    with pytest.raises(ValueError, match="too few"):
        scenarios.generate("ninh-thuan-2019", tmp_path, people=20)


def test_gifts_meet_their_report_in_number_and_money() -> None:
    plan = load("ha-noi-2024-tet").gifts
    assert plan
    counts = gifts.planned(plan, plan.recipients)
    assert sum(counts) == plan.recipients and min(counts) > 0
    money = sum(count * group.dong for count, group in zip(counts, plan.groups, strict=True))
    assert abs(money - plan.dong) / plan.dong < 0.0001


def test_gift_lists_are_read_by_payments_reproducible_and_obviously_invented(tmp_path: Path) -> None:
    for folder, count in (("a", None), ("b", None), ("c", 0)):
        made = scenarios.generate("ha-noi-2024-tet", tmp_path / folder, people=SMALL, gifts=count)
        assert (made.gifts is None) == (count == 0)
    [lists], [others] = (gifts.list_files(tmp_path / folder) for folder in ("a", "b"))
    assert lists.read_bytes() == others.read_bytes()
    rows = read_csv(lists)
    assert len(rows) == len({row["personal_id"] for row in rows}) == SMALL
    people = {folder: (tmp_path / folder / "people.csv").read_bytes() for folder in "ac"}
    assert people["a"] == people["c"], "with gifts or without, the people are the same"
    units = administrative_units().locations(date(2024, 1, 22))
    frame = Frame({group.code for group in gifts_of("ha-noi-2024-tet")}, "01", units)
    for row in rows:
        assert row["personal_id"].startswith(gifts.PLACE) and MARK in row["full_name"]
        read = read_row([row.get(column, "") for column in FORM.columns], frame)
        assert isinstance(read, Stated), read


def gifts_of(name: str) -> tuple[GiftGroup, ...]:
    plan = load(name).gifts
    assert plan
    return plan.groups
