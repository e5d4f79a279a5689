"""`ansinh redetermine` over HTTP: what it asks for as whom, what it says, how it ends."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.cli.doors import answering

JOB = "job_01JAY0000000000000000000000"
ENDED = {"job_id": JOB, "parts": 16, "parts_done": 16, "determined": 1_200, "changed": 34, "undetermined": 5}


@dataclass
class Platform:
    """An issuer and an eligibility service that answer what they are told to."""

    refuses: dict[str, Any] | None = None
    ends_as: str = "done"
    asked: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    looked: int = 0

    def answer(
        self, path: str, authorization: str | None, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if path == "/token":
            return 200, {"access_token": f"token of {body['as']}"}
        if path == "/v1/determinations":
            self.asked.append((path, authorization, body))
            return (422, self.refuses) if self.refuses else (202, {"job_id": JOB})
        assert path == f"/v1/determinations/jobs/{JOB}"
        self.looked += 1
        running = {**ENDED, "state": "running", "parts_done": 3}
        return 200, running if self.looked == 1 else {**ENDED, "state": self.ends_as}


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    made = Platform()
    with answering(made.answer, tmp_path, monkeypatch):
        yield made


def run(*options: str) -> Result:
    return CliRunner().invoke(app, ["redetermine", "2026-07", *options])


def test_it_asks_as_the_ministry_waits_for_the_end_and_says_what_changed(platform: Platform) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    asked = {"month": "2026-07", "scope": "nation", "scope_code": None}
    assert platform.asked == [("/v1/determinations", "Bearer token of ministry", asked)]
    assert platform.looked == 2
    assert "1,200 người đã xét" in result.stdout and "34 quyết định đổi" in result.stdout


@pytest.mark.parametrize(("options", "slice_"), [
    (("--province", "56"), ("province", "56")),
    (("--commune", "22738"), ("commune", "22738")),
])  # fmt: skip
def test_a_slice_is_a_province_or_a_commune(
    platform: Platform, options: tuple[str, str], slice_: tuple[str, str]
) -> None:
    assert run(*options, "--json").exit_code == 0
    [(_, _, asked)] = platform.asked
    assert (asked["scope"], asked["scope_code"]) == slice_


def test_json_is_one_document(platform: Platform) -> None:
    assert json.loads(run("--json").stdout) == {**ENDED, "state": "done"}


def test_what_was_called_off_ends_with_1(platform: Platform) -> None:
    platform.ends_as = "cancelled"
    assert run().exit_code == 1


def test_a_refusal_is_told_with_its_code(platform: Platform) -> None:
    platform.refuses = {"code": "month_invalid", "detail": "Chỉ xét lại được tháng xét gần nhất"}
    result = run()
    assert result.exit_code == 2 and platform.looked == 0
    assert "month_invalid: Chỉ xét lại được" in result.stderr


def test_where_no_platform_is_up_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSINH_VAR", str(tmp_path))
    result = run()
    assert result.exit_code == 2 and "make up" in result.stderr
