"""The loop that work runs in: nothing ends it, however long it fails."""

import asyncio
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from libs.common.runtime.worker import Turns, Worker, end

#: Beyond it a power of two is no float any more.
_FAILURES = 1_100


async def test_work_goes_on_after_an_outage_of_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, pauses = 0, []
    real_sleep = asyncio.sleep

    async def step() -> bool:
        nonlocal calls
        calls += 1
        if calls <= _FAILURES:
            raise OSError("away")
        return False

    async def sleep(seconds: float) -> Any:
        pauses.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    task = asyncio.create_task(Worker("patient", step).run())
    while calls <= _FAILURES and not task.done():
        await real_sleep(0)
    assert not task.done(), "the loop ended"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert max(pauses) == 5.0
    assert pauses[:3] == sorted(pauses[:3])


async def test_who_fails_among_others_is_left_out_for_longer_each_time_and_said_once(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds, tries = 0.0, []

    async def step() -> bool:
        tries.append(seconds)
        if seconds < 1_000:
            raise OSError("away")
        return True

    turns = Turns(Worker("patient", step), lambda: seconds)
    while seconds < 1_000:
        assert await turns.take() is False
        seconds += 5
    assert len(tries) < 30
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert (waits[0], waits[-1], waits) == (5.0, 60.0, sorted(waits))
    said = capsys.readouterr()
    assert (said.out + said.err + caplog.text).count("worker failed") == 1
    seconds += 60
    assert await turns.take() is True
    assert await turns.take() is True


async def test_a_worker_that_loses_its_cancellation_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.common.runtime.worker._ASK_AGAIN_SECONDS", 0.01)
    begun = asyncio.Event()

    async def step() -> bool:
        begun.set()
        with suppress(asyncio.CancelledError):  # as a library does while it connects
            await asyncio.sleep(60)
        await asyncio.sleep(60)
        return False

    task = asyncio.create_task(Worker("deaf", step).run())
    await begun.wait()
    async with asyncio.timeout(10):
        await end([task])
    assert task.cancelled()
