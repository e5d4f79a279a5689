"""`ansinh simulate` on files: figures, a chart, and mistakes with their places."""

import json
from pathlib import Path
from xml.etree import ElementTree

from typer.testing import CliRunner, Result

from cli.main import app
from tests.services.eligibility.test_simulation import EXAMPLES, HEADER, TWELVE

DRAFT = EXAMPLES / "muc-chuan-600-nghin.yaml"


def run(*options: str) -> Result:
    return CliRunner().invoke(app, ["simulate", "--month", "2027-01", *options])


def twelve(folder: Path) -> str:
    file = folder / "twelve.csv"
    file.write_text(HEADER + TWELVE, encoding="utf-8")
    return str(file)


def test_one_document_with_all_figures_and_the_chart_in_a_file(tmp_path: Path) -> None:
    chart = tmp_path / "chart.svg"
    result = run("--draft", str(DRAFT), "--population", twelve(tmp_path), "--json", "--chart", str(chart))
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["total"]["winners"], said["total"]["change_dong"]) == (7, 780_000)
    assert said["rests_on"] == {
        "people": 12,
        "undetermined": 0,
        "held": 0,
        "unreadable": 0,
        "unreadable_reasons": [],
        "take_up": "full",
        "province": None,
        "provinces": 2,
    }
    assert ElementTree.parse(chart).getroot().tag.endswith("svg")


def test_several_scenarios_are_one_population_and_come_out_as_the_page_says() -> None:
    draft = str(EXAMPLES / "muc-chuan-500-len-600-nghin.yaml")
    both = "scenario:hoa-binh-2019,ninh-thuan-2019"
    result = CliRunner().invoke(
        app, ["simulate", "--draft", draft, "--month", "2026-06", "--population", both, "--json"]
    )
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    by_province = {row["key"]: (row["winners"], row["change_dong"]) for row in said["by_province"]}
    assert by_province == {"25": (10_680, 2_038_850_000), "56": (11_539, 2_230_350_000)}
    assert "dân số giả lập hoa-binh-2019, ninh-thuan-2019" in said["chart"].replace("\n", " ")
    page = ElementTree.parse(EXAMPLES / "muc-chuan-500-len-600-nghin.svg").getroot()
    assert {"10.680", "+2.038,9", "11.539", "+2.230,4"} <= set(page.itertext())


def test_one_province_alone(tmp_path: Path) -> None:
    result = run("--draft", str(DRAFT), "--population", twelve(tmp_path), "--province", "01", "--json")
    said = json.loads(result.stdout)
    assert (said["total"]["people"], said["total"]["winners"]) == (1, 0)


def test_the_tables_say_whose_facts_they_rest_on(tmp_path: Path) -> None:
    result = run("--draft", str(DRAFT), "--population", twelve(tmp_path))
    assert result.exit_code == 0
    assert "12 người có dữ kiện" in result.stdout and "không suy rộng" in result.stdout
    assert "780.000 đ" in result.stdout and "Người khuyết tật" in result.stdout


def test_a_draft_s_mistakes_come_with_their_places(tmp_path: Path) -> None:
    wrong = tmp_path / "draft.yaml"
    wrong.write_text(DRAFT.read_text(encoding="utf-8").replace("600000", "600050"), encoding="utf-8")
    result = run("--draft", str(wrong), "--population", twelve(tmp_path))
    assert result.exit_code == 1
    assert "draft_invalid" in result.stderr and "levels[0].dong" in result.stderr


def test_what_can_t_be_read_is_said(tmp_path: Path) -> None:
    for options, said in (
        (("--draft", str(tmp_path / "none.yaml"), "--population", twelve(tmp_path)), "none.yaml"),
        (("--draft", str(DRAFT), "--population", "scenario:atlantis"), "ninh-thuan-2019"),
        (("--draft", str(DRAFT), "--population", twelve(tmp_path), "--month", "2027-13"), "2027-01"),
        (("--draft", str(DRAFT), "--population", twelve(tmp_path), "--province", "99"), "request_invalid"),
    ):
        result = run(*options)
        assert result.exit_code == 1 and said in result.stderr, result.output
