"""`ansinh recalculate` over HTTP: shown as the ministry asks, booked by a second identity."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.cli.doors import answering

REC = "rec_01JAY0000000000000000000000"
FOUND = {
    "recalculation_id": REC,
    "from_month": "2026-10",
    "to_month": "2026-11",
    "people": 1_200,
    "undetermined": 3,
    "elsewhere": 4,
    "content_hash": "abc",
    "programmes": [
        {"programme": "monthly_allowance", "people": 2, "arrears_dong": 270_000, "recovery_dong": 810_000}
    ],
}
ROW = {"person_id": "per_01", "programme": "monthly_allowance", "month": "2026-10"}
ROWS = [
    {**ROW, "old_dong": 540_000, "new_dong": 810_000, "dong": 270_000},
    {**ROW, "month": "2026-11", "old_dong": 810_000, "new_dong": 0, "dong": -810_000},
]


@dataclass
class Platform:
    """An issuer and an eligibility service that answer what they are told to."""

    refuses: dict[str, Any] | None = None
    ends_as: str = "ready"
    asked: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    looked: int = 0

    def answer(
        self, path: str, authorization: str | None, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if path == "/token":
            return 200, {"access_token": f"token of {body['as']}"}
        if path in ("/v1/recalculations", f"/v1/recalculations/{REC}/application"):
            self.asked.append((path, authorization, body))
            return (409, self.refuses) if self.refuses else (202, {"recalculation_id": REC})
        if path.startswith(f"/v1/recalculations/{REC}/differences"):
            return 200, {"items": ROWS, "next_cursor": None}
        assert path == f"/v1/recalculations/{REC}"
        self.looked += 1
        return 200, {**FOUND, "state": "running" if self.looked == 1 else self.ends_as}


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    made = Platform()
    with answering(made.answer, tmp_path, monkeypatch):
        yield made


def run(*options: str) -> Result:
    return CliRunner().invoke(app, ["recalculate", *options])


def test_differences_and_their_sums_are_shown_and_how_they_are_booked(platform: Platform) -> None:
    result = run("2026-10", "2026-11", "--province", "92", "--reason", "correction")
    assert result.exit_code == 0, result.output
    [(path, authorization, asked)] = platform.asked
    assert (path, authorization) == ("/v1/recalculations", "Bearer token of ministry")
    assert (asked["from_month"], asked["to_month"]) == ("2026-10", "2026-11")
    assert (asked["province_code"], asked["person_ids"], asked["reason"]) == ("92", None, "correction")
    assert platform.looked == 2
    for said in ("1.200 người", "270.000 đ", "−810.000 đ", "−540.000 đ", "2026-11"):
        assert said in result.stdout
    assert f"--apply {REC} --content-hash abc" in result.stdout


def test_one_month_and_some_people(platform: Platform) -> None:
    assert run("2026-10", "--person", "per_1", "--person", "per_2", "--json").exit_code == 0
    [(_, _, asked)] = platform.asked
    assert (asked["to_month"], asked["person_ids"]) == ("2026-10", ["per_1", "per_2"])


def test_it_is_booked_by_another_identity_as_it_was_read(platform: Platform) -> None:
    platform.looked, platform.ends_as = 1, "applied"
    result = run("--apply", REC, "--json")
    assert result.exit_code == 0, result.output
    assert platform.asked == [
        (f"/v1/recalculations/{REC}/application", "Bearer token of checker", {"content_hash": "abc"})
    ]
    said = json.loads(result.stdout)
    assert (said["state"], said["differences"]) == ("applied", ROWS)


def test_a_hash_that_was_given_is_the_one_that_is_booked(platform: Platform) -> None:
    platform.looked = 1
    run("--apply", REC, "--content-hash", "other")
    assert platform.asked[0][2] == {"content_hash": "other"}


def test_what_was_given_up_meanwhile_ends_with_1(platform: Platform) -> None:
    platform.ends_as = "discarded"
    assert run("2026-10").exit_code == 1


def test_a_refusal_is_told_with_its_code(platform: Platform) -> None:
    platform.refuses = {"code": "recalculations_busy", "detail": "Đang có 20 lượt"}
    result = run("2026-10")
    assert result.exit_code == 2
    assert "recalculations_busy: Đang có 20 lượt" in result.stderr


@pytest.mark.parametrize("options", [(), ("2026-10", "--apply", REC)])
def test_either_months_or_what_is_to_be_booked_is_given(platform: Platform, options: tuple[str, ...]) -> None:
    result = run(*options)
    assert (result.exit_code, platform.asked) == (2, [])
    assert "--apply REC_ID" in result.stderr


def test_where_no_platform_is_up_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSINH_VAR", str(tmp_path))
    result = run("2026-10")
    assert result.exit_code == 2 and "make up" in result.stderr
