"""How figures of few people are hidden, how a chart shows them, and what a population file may not say."""

import csv
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from libs.common.runtime.units import administrative_units
from scenarios import NAMES, generate
from services.eligibility.domain.charts import Source
from services.eligibility.domain.columns import CODES
from services.eligibility.domain.disclosure import shown
from services.eligibility.domain.naming import naming
from services.eligibility.domain.simulation import SEXES, Counted, Figures, Found, places_of
from services.eligibility.domain.simulation_answers import answer
from services.eligibility.store.population_files import Frame, read_population
from tests.policy.support import packaged

MONTH = Month(2027, 1)


def gained(people: int, each: int = 50_000) -> Figures:
    return Figures(
        people=people,
        recipients_today=people,
        recipients_draft=people,
        winners=people,
        draft_dong=people * each,
        gained_dong=people * each,
    )


def counted(**by_category: Figures) -> Counted:
    total = sum(by_category.values(), Figures())
    by = {"category": by_category, "province": {"48": total}, "age": {"40-49": total}, "sex": {"male": total}}
    return Counted(total, by)


def categories(found: Counted, *, national: bool) -> dict[str, dict[str, Any]]:
    return shown(found, national=national)[1]["category"]


def test_a_national_role_sees_every_figure() -> None:
    rows = categories(counted(k1=gained(3), k6=gained(80)), national=True)
    assert rows["k1"]["winners"] == 3 and rows["k1"]["change_dong"] == 150_000
    assert rows["k1"]["change_year_dong"] == 1_800_000


def test_a_row_of_few_is_hidden_and_another_with_it() -> None:
    rows = categories(counted(k1=gained(3), k5=gained(20), k6=gained(80)), national=False)
    assert (rows["k1"]["people"], rows["k1"]["winners"], rows["k1"]["change_dong"]) == ("<10", "<10", None)
    assert (rows["k5"]["people"], rows["k5"]["winners"], rows["k5"]["change_dong"]) == (20, None, None)
    assert rows["k6"]["winners"] == 80


def test_two_rows_of_few_need_no_third() -> None:
    rows = categories(counted(k1=gained(3), k5=gained(4), k6=gained(80)), national=False)
    assert rows["k6"]["winners"] == 80 and rows["k5"]["winners"] == "<10"


def test_nobody_is_not_few() -> None:
    rows = categories(counted(k5=gained(20), none=Figures(people=30, unchanged=30)), national=False)
    assert rows["none"]["winners"] == 0


def test_a_health_condition_of_few_is_folded_for_everybody() -> None:
    found = counted(health_condition=gained(4), **{"k4+health_condition": gained(2)}, k6=gained(80))
    rows = categories(found, national=True)
    assert rows.keys() == {"other", "k6"} and rows["other"]["winners"] == 6
    many = categories(counted(health_condition=gained(12), k6=gained(80)), national=True)
    assert "health_condition" in many


def drawn(found: Counted, *, national: bool) -> tuple[ElementTree.Element, str]:
    said = answer(
        Found(MONTH, True, found),
        title="Ví dụ <giả định> & hơn",
        source=Source("dữ kiện thử", "facts of a test", "0123456789abcdef"),
        province=None,
        take_up="full",
        national=national,
        name=naming(administrative_units()),
    )
    return ElementTree.fromstring(said["chart"]), said["chart"]


def test_a_chart_is_well_formed_has_its_figures_and_fetches_nothing() -> None:
    root, text = drawn(counted(k6=gained(12_345), k5=gained(80)), national=True)
    said = " ".join(root.itertext())
    # Of a row in millions to a tenth: 617,250,000; of all in full.
    assert "12.345" in said and "+617,3" in said and "+621.250.000 đ" in said and "triệu đồng" in said
    assert "Người khuyết tật" in said and "Người cao tuổi" in said and "Tháng 01/2027" in said
    assert "Nguồn: An Sinh; dữ kiện thử; dự thảo 0123456789ab." in said and "facts of a test" in said
    name, about = root[0], root[1]
    assert (name.tag, name.text) == ("{http://www.w3.org/2000/svg}title", "Ví dụ <giả định> & hơn")
    assert about.tag == "{http://www.w3.org/2000/svg}desc" and "12.425" in (about.text or "")
    assert root.get("role") == "img" and root.get("aria-labelledby") == "title desc"
    assert text.count("http") == 1 and "href" not in text and "url(" not in text


def test_a_chart_shows_no_more_than_its_reader_may_see() -> None:
    root, _ = drawn(counted(k1=gained(3), k5=gained(20), k6=gained(80)), national=False)
    said = list(root.itertext())
    assert "<10" in said and "3" not in said and "20" not in said and "–" in said


def test_nothing_changed_is_said() -> None:
    root, _ = drawn(counted(k6=Figures(people=80, unchanged=80)), national=True)
    assert "Dự thảo không làm thay đổi gì" in " ".join(root.itertext())


def read(folder: Path, text: str, name: str = "people.csv") -> Any:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    policy = packaged().policy
    frame = Frame(places_of(policy), administrative_units(), MONTH, policy.successions)
    return list(read_population(file, frame))


def test_a_case_a_line_is_a_population_too(tmp_path: Path) -> None:
    case = '{"id": "a", "month": "2027-01", "as_of": "2027-01-31", "province": "01", "person": {}}\n'
    [people] = read(tmp_path, case * 3, "cases.jsonl")
    assert len(people) == 3
    assert {places_of(packaged().policy)[at].province for at in people.place} == {"01"}


@pytest.mark.parametrize("name", NAMES)
def test_the_registry_s_file_is_a_population_with_its_carers(tmp_path: Path, name: str) -> None:
    generate(name, tmp_path, people=600)
    text = (tmp_path / "people.csv").read_text(encoding="utf-8")
    [people] = read(tmp_path, text)
    rows = list(csv.DictReader(text.splitlines()))
    relations = [CODES["carer"][code] for code in people.facts.carer]
    assert relations == [row["carer_relation"] or None for row in rows]
    assert [SEXES[number] for number in people.sex] == [row["sex"] for row in rows]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("sex\nmale\n", ["1: birth_date"]),
        ("birth_date,horse\n2000-01-01,1\n", ["1: horse"]),
        ("birth_date,birth_date\n2000-01-01,2000-01-01\n", ["1: birth_date"]),
        ("birth_date,carer,carer_relation\n2000-01-01,,\n", ["1: carer_relation"]),
        ("birth_date,carer_relation\n2000-01-01,neighbour\n", ["2: carer_relation"]),
        ("birth_date,sex\n2000-01-01,male\n2000-02-30,x\n", ["3: birth_date", "3: sex"]),
        ("birth_date\n20000101\n", ["2: birth_date"]),
        ("birth_date,province\n2000-01-01,99\n", ["2: province"]),
        ("birth_date,commune_code\n2000-01-01,99999\n", ["2: commune_code"]),
        ("birth_date,children\n2000-01-01,:studying\n", ["2: children"]),
        ("birth_date,pension_dong_monthly\n2000-01-01,-1\n", ["2: pension_dong_monthly"]),
        ("birth_date,hiv_positive\n2000-01-01,1\n", ["2: hiv_positive"]),
        ("birth_date,sex\n2000-01-01\n", ["2"]),
    ],
)
def test_a_wrong_cell_is_told_by_line_and_column(tmp_path: Path, text: str, paths: list[str]) -> None:
    with pytest.raises(Refusal) as refused:
        read(tmp_path, text)
    assert refused.value.code == "population_invalid"
    assert [error.path for error in refused.value.errors] == paths
