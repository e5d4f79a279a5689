"""`ansinh policy`: a folder's mistakes, the law of a month, and what differs between two days."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.policy.support import packaged
from tests.policy.test_province_file import FILE

RUN = CliRunner()


def ask(*words: str) -> tuple[int, str]:
    result = RUN.invoke(app, ["policy", *words])
    return result.exit_code, result.output


def changes(*words: str) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    code, output = ask("diff", *words, "--json")
    assert code == 0, output
    return {
        (one["kind"], one["about"]): (
            one["before"] and one["before"]["text"],
            one["after"] and one["after"]["text"],
        )
        for one in json.loads(output)
    }


def test_the_packaged_law_has_no_mistakes() -> None:
    code, output = ask("check", "--json")
    assert (code, json.loads(output)["hash"]) == (0, packaged().policy.hash)
    assert "No mistakes" in ask("check")[1]


def test_every_mistake_of_a_folder_is_told_in_both_languages(tmp_path: Path) -> None:
    wrong = FILE.replace("dong: 600000", "dong: 1", 1).replace("disability_degree: mild", "disability: mild")
    (tmp_path / "46-thu.yaml").write_text(wrong, encoding="utf-8")
    code, output = ask("check", str(tmp_path), "--json")
    told = json.loads(output)
    assert (code, told["good"], len(told["errors"])) == (2, False, 2)
    code, output = ask("check", str(tmp_path))
    assert code == 2
    for words in ("community[0].dong", "tròn trăm đồng", "whole hundreds", "không có dữ kiện này"):
        assert words in output
    (tmp_path / "46-thu.yaml").write_text(FILE, encoding="utf-8")
    assert ask("check", str(tmp_path))[0] == 0


def test_the_law_of_a_month_is_shown_with_its_articles_and_switches() -> None:
    code, output = ask("show", "--month", "2026-11", "--province", "01", "--json")
    shown = json.loads(output)
    assert code == 0
    lines = {(line["kind"], line["about"]): line for line in shown["lines"]}
    assert lines["level", "community"]["text"] == "650000 đồng"
    assert lines["level", "community"]["citation"] == "NQ 63/2025 Hà Nội Đ2"
    assert lines["coefficient", "k6"]["citation"].startswith("NĐ 335/2026 Đ6.1")
    assert lines["who", "k8"]["text"].startswith("hiv_positive = true; poverty_status = poor")
    assert lines["term", "monthly_allowance"]["text"] == "7 working days"
    assert all(line["mark"] in ("verified", "memory", "open") for line in shown["lines"])
    assert {switch["name"] for switch in shown["switches"]} == set(packaged().policy.switches)


def test_one_rule_can_be_asked_for_in_a_table_for_people() -> None:
    code, output = ask("show", "--month", "2021-07", "--rule", "k4")
    assert code == 0
    assert "1 × child" in output
    assert "NĐ 20/2021 Đ5.4" in output
    assert "k6" not in output.split("Công tắc")[0]


def test_the_first_of_july_2026_changed_levels_and_the_band_of_the_poor_old_and_no_procedure() -> None:
    found = changes("2026-06-30", "2026-07-01")
    assert found["level", "community"] == ("500000 đồng", "540000 đồng")
    assert found["level", "social_pension"] == ("500000 đồng", "540000 đồng")
    assert found["coefficient", "k5a"] == ("1.5 (age < 80); 2", "1.5 (age < 75); 2")
    assert {kind for kind, _ in found} == {"level", "coefficient"}


def test_the_fifth_of_october_2026_changed_who_belongs_start_rules_and_terms() -> None:
    found = changes("2026-10-04", "2026-10-05")
    assert found["start", "k6"] == (
        "from the month of: disability_certificate",
        "from the month of: signature",
    )
    assert found["term", "monthly_allowance"] == ("10 working days", "7 working days")
    assert ("level", "community") not in found
    found = changes("2026-09-30", "2026-10-05")
    assert ("who", "k2") in found
    assert ("life", "suspend") in found


def test_a_province_whose_own_level_is_higher_sees_no_change_of_level() -> None:
    assert ("level", "community") not in changes("2026-06-30", "2026-07-01", "--province", "79")
    assert changes("2025-12-31", "2026-01-01", "--province", "30")["level", "community"] == (
        "550000 đồng",
        "700000 đồng",
    )


def test_nothing_changes_from_a_day_to_itself() -> None:
    assert changes("2026-07-01", "2026-07-31") == {}
    assert "Nothing changed" in ask("diff", "2026-07-01", "2026-07-31")[1]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("show", "--month", "2014-12"), 1, "Covered from 2015-01"),
        (("show", "--month", "2026-13"), 2, "a month such as 2026-10"),
        (("show", "--province", "99"), 1, "2-digit province code"),
        (("show", "--rule", "k99"), 1, "no such rule"),
        (("diff", "2026-06-31", "2026-07-01"), 2, "a date such as"),
        (("check", "/nowhere"), 2, "there is no such folder"),
    ],
)
def test_what_cannot_be_answered_is_said_and_how_to_ask(words: tuple[str, ...], code: int, says: str) -> None:
    found, output = ask(*words)
    assert found == code
    assert says in output


def test_help_is_in_both_languages() -> None:
    code, output = ask("--help")
    assert code == 0
    for words in ("Luật", "The law, as data", "Kiểm tra", "Check a folder"):
        assert words in output
