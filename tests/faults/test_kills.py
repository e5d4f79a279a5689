"""kill -9 of any one part, in the middle of a scenario, changes no figure of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import orjson
import pytest

from deploy.local.demo.options import Options
from tests.support.scenario import run_scenario

OPTIONS = Options("can-tho-2020", people=2_000)
#: Seconds after the part was first seen alive.
KILLS_AT = (1.0, 4.5, 8.0)
FIGURES = (
    "people",
    "decided",
    "beneficiaries",
    "instructions",
    "instructed_dong",
    "settled_dong",
    "returned_dong",
    "pending_dong",
    "residents",
    "nurture_dong",
    "average_coefficient",
    "events_published",
)


def figures(summary: dict[str, Any]) -> dict[str, Any]:
    return {name: summary[name] for name in FIGURES}


@contextmanager
def killing(var: Path, part: str) -> Iterator[list[int]]:
    """Kills the part as KILLS_AT says, for as long as the block runs; yields the pids killed."""
    pids_file, killed, over = var / "demo-data" / "run" / "pids.json", [], Event()

    def pid() -> int | None:
        with suppress(OSError, ValueError, KeyError):
            found = orjson.loads(pids_file.read_bytes())["children"][part]["pid"]
            return int(found) if found else None
        return None

    def kill() -> None:
        while not over.wait(0.05) and pid() is None:
            pass
        passed = 0.0
        for at in KILLS_AT:
            if over.wait(at - passed):
                return
            passed = at
            victim = pid()
            if victim is not None and victim not in killed:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)

    thread = Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_scenario(tmp_path_factory.mktemp("undisturbed"), OPTIONS)


@pytest.mark.parametrize(
    "part", ["registry", "facilities", "eligibility", "payments", "gateway", "simulators", "broker"]
)
def test_a_killed_part_comes_back_and_the_totals_are_the_same(
    part: str, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    with killing(tmp_path, part) as killed:
        summary = run_scenario(tmp_path, OPTIONS)
    assert killed, f"{part} was never killed"
    assert figures(summary) == figures(undisturbed)
