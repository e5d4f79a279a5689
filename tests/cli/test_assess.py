"""`ansinh assess`: a line in, a line out, in order, whatever is wrong with one of them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.policy.support import POLICY

GOOD = {"id": "a", "month": "2023-05", "as_of": "2023-05-31", "person": {"disability_degree": "severe"}}


def run(tmp_path: Path, lines: list[str], *options: str) -> tuple[int, list[str]]:
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    result = CliRunner().invoke(app, ["assess", "--cases", str(file), *options])
    return result.exit_code, result.stdout.splitlines()


def answers(tmp_path: Path, lines: list[str]) -> tuple[int, list[dict[str, Any]]]:
    code, printed = run(tmp_path, lines, "--json")
    return code, [json.loads(line) for line in printed]


def test_good_lines_are_answered_in_order(tmp_path: Path) -> None:
    code, got = answers(tmp_path, [json.dumps({**GOOD, "id": name}) for name in "cab"])
    assert code == 0
    assert [(one["id"], one["monthly_dong"]) for one in got] == [
        ("c", 540_000),
        ("a", 540_000),
        ("b", 540_000),
    ]


def test_a_bad_line_says_what_is_wrong_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad = json.dumps({**GOOD, "id": "b", "person": {"degree": "severe"}})
    code, got = answers(tmp_path, [json.dumps(GOOD), bad, "{", "", json.dumps({**GOOD, "id": "e"})])
    assert code == 2
    assert [one["id"] for one in got] == ["a", "b", None, None, "e"]
    assert got[1]["line"] == 2
    assert got[1]["error"]["code"] == "unknown_field"
    assert got[1]["error"]["path"] == "person.degree"
    assert set(got[1]["error"]) == {"code", "path", "message_vi", "message_en"}
    assert [one["error"]["code"] for one in got[2:4]] == ["not_json", "not_json"]
    assert got[4]["monthly_dong"] == 540_000


def test_what_is_not_built_is_not_covered_yet(tmp_path: Path) -> None:
    code, got = answers(tmp_path, [json.dumps({**GOOD, "month": "2014-01"})])
    assert code == 2
    assert got[0]["error"]["code"] == "not_covered_yet"
    assert "monthly_dong" not in got[0]


def test_a_blank_file_has_no_answers(tmp_path: Path) -> None:
    assert answers(tmp_path, []) == (0, [])
    assert answers(tmp_path, ["", " "]) == (0, [])


def test_cases_come_from_stdin_too() -> None:
    result = CliRunner().invoke(app, ["assess", "--cases", "-", "--json"], input=json.dumps(GOOD))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["monthly_dong"] == 540_000


def test_without_json_it_is_for_people(tmp_path: Path) -> None:
    code, printed = run(tmp_path, [json.dumps(GOOD), "{"])
    assert code == 2
    assert printed[0] == "✓ a  2023-05  540.000 đ một tháng"
    assert "k6 1.5 × 360.000 đ = 540.000 đ" in printed[1]
    assert printed[2].startswith("✗ ? (dòng 2):")


def test_another_policy_folder_is_used_and_a_broken_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    monkeypatch.setenv("ANSINH_POLICY_DIR", str(folder))
    central = folder / "standards" / "central.yaml"
    text = central.read_text(encoding="utf-8")
    central.write_text(text.replace("360000", "378000"), encoding="utf-8")
    assert answers(tmp_path, [json.dumps(GOOD)])[1][0]["monthly_dong"] == 567_000
    central.write_text(text.replace("360000", "360"), encoding="utf-8")
    result = CliRunner().invoke(app, ["assess", "--cases", "-"], input="")
    assert result.exit_code == 1
    assert "policy_invalid" in result.stderr
    assert "standards/central.yaml#levels[1].dong" in result.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["assess", "--cases", str(tmp_path / "none.jsonl")])
    assert result.exit_code == 1
    assert "none.jsonl" in result.stderr
