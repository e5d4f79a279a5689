"""The loop that work runs in: nothing ends it, however long it fails."""

import asyncio
from typing import Any

import pytest

from libs.common.runtime.worker import Worker

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
