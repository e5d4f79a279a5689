"""The loop that work runs in: step after step, with back-off when there is nothing or when it fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from libs.common.runtime.logs import fault_name, logger

_IDLE_SECONDS = 0.2
#: Where nothing comes one looks less often, by a tenth each time; who is slower from the first stays so.
_IDLE_GROWTH, _IDLE_SECONDS_MAX = 1.1, 0.8
_BACK_OFF_SECONDS_MAX = 5.0
#: Longer than hints come apart, or each of them would find it trying.
_LEFT_OUT_SECONDS_MAX = 60.0
_ASK_AGAIN_SECONDS = 3.0
#: Enough to reach the most; without an end the power outgrows a float in an hour and a half of failing.
_DOUBLINGS_MAX = 10


@dataclass(frozen=True)
class Worker:
    """`step` does one crash-safe piece (one transaction); True = there may be more, call again at once."""

    name: str
    step: Callable[[], Awaitable[bool]]
    idle_seconds: float = _IDLE_SECONDS

    async def run(self) -> None:
        """Until cancelled."""
        attempts = _Attempts(self, _BACK_OFF_SECONDS_MAX)
        while True:
            pause = await attempts.step()
            await asyncio.sleep(pause)


class _Attempts:
    """Steps whose failure is logged, once for as long as it stays the same, and tried again later."""

    def __init__(self, worker: Worker, pause_seconds_max: float) -> None:
        self._worker = worker
        self._pause_seconds_max = pause_seconds_max
        self._idle = worker.idle_seconds
        self._failures = 0
        self._last = ""

    @property
    def failed(self) -> bool:
        """Whether the last one did."""
        return self._failures > 0

    async def step(self) -> float:
        """Seconds until the next one; 0: there may be more to do."""
        try:
            more = await self._worker.step()
        except Exception as error:  # noqa: BLE001 - loop of the runtime: nothing may end it
            return self._tried(error)
        self._failures, self._last = 0, ""
        idle, slowest = self._idle, max(self._worker.idle_seconds, _IDLE_SECONDS_MAX)
        self._idle = self._worker.idle_seconds if more else min(idle * _IDLE_GROWTH, slowest)
        return 0.0 if more else idle

    def _tried(self, error: Exception) -> float:
        self._failures += 1
        fault = fault_name(error)
        if fault != self._last:
            logger().error("worker failed", worker=self._worker.name, fault=fault)
        self._last = fault
        return min(0.1 * float(2 ** min(self._failures, _DOUBLINGS_MAX)), self._pause_seconds_max)


class Turns:
    """Steps of a worker among those of others, which its failure must not end; it is left out for a while.

    `now`: seconds of a clock that only grows.
    """

    def __init__(self, worker: Worker, now: Callable[[], float] = time.monotonic) -> None:
        self._attempts = _Attempts(worker, _LEFT_OUT_SECONDS_MAX)
        self._now = now
        self._not_before = now()

    async def take(self) -> bool:
        """Whether there may be more to do at once."""
        if self._now() < self._not_before:
            return False
        pause = await self._attempts.step()
        if self._attempts.failed:
            self._not_before = self._now() + pause
        return pause == 0.0


def repeating(name: str, run: Callable[[], Awaitable[None]]) -> Worker:
    """A worker around something that runs by itself until it fails."""

    async def step() -> bool:
        await run()
        return True

    return Worker(name, step)


async def end(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel them and wait until all are over.

    A library under a step can lose a cancellation that comes while it connects: the step goes on as if
    nobody had asked. So it is asked again.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_ASK_AGAIN_SECONDS)
