"""kill -9 of any part, several times in the middle of a scenario, changes no figure of it."""

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
def killing(var: Path, parts: tuple[str, ...]) -> Iterator[dict[str, list[int]]]:
    """Kills each part as KILLS_AT says, for as long as the block runs; yields the pids killed."""
    killed: dict[str, list[int]] = {part: [] for part in parts}
    over = Event()
    threads = [
        Thread(target=_kill, args=(var / "demo-data" / "run" / "pids.json", part, killed[part], over, late))
        for late, part in enumerate(parts)
    ]
    for thread in threads:
        thread.start()
    try:
        yield killed
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _kill(pids: Path, part: str, killed: list[int], over: Event, late: float) -> None:
    while not over.wait(0.05) and _pid(pids, part) is None:
        pass
    passed = 0.0
    for at in KILLS_AT:
        if over.wait(at + late - passed):
            return
        passed = at + late
        victim = _pid(pids, part)
        if victim is not None and victim not in killed:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)


def _pid(pids: Path, part: str) -> int | None:
    with suppress(OSError, ValueError, KeyError):
        found = orjson.loads(pids.read_bytes())["children"][part]["pid"]
        return int(found) if found else None
    return None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_scenario(tmp_path_factory.mktemp("undisturbed"), OPTIONS)


@pytest.mark.parametrize(
    "parts",
    [("registry", "payments"), ("facilities", "simulators"), ("eligibility", "gateway"), ("broker",)],
    ids="+".join,
)
def test_killed_parts_come_back_and_the_totals_are_the_same(
    parts: tuple[str, ...], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    with killing(tmp_path, parts) as killed:
        summary = run_scenario(tmp_path, OPTIONS)
    assert all(killed.values()), f"never killed: {killed}"
    assert figures(summary) == figures(undisturbed)
