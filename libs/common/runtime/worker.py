"""The loop that work runs in: step after step, with back-off when there is nothing or when it fails."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from libs.common.runtime.logs import fault_name, logger

_IDLE_SECONDS = 0.2
#: Where nothing comes one looks less often, by a tenth each time; who is slower from the first stays so.
_IDLE_GROWTH, _IDLE_SECONDS_MAX = 1.1, 0.8
_BACK_OFF_SECONDS_MAX = 5.0
#: Enough to reach the most; without an end the power outgrows a float in an hour and a half of failing.
_DOUBLINGS_MAX = 10


@dataclass(frozen=True)
class Worker:
    """`step` does one crash-safe piece (one transaction); True = there may be more, call again at once."""

    name: str
    step: Callable[[], Awaitable[bool]]
    idle_seconds: float = _IDLE_SECONDS

    async def once(self) -> bool:
        """One step among those of other workers, which its failure must not end; it is logged."""
        try:
            return await self.step()
        except Exception as error:  # noqa: BLE001 - loop of the runtime: nothing may end it
            logger().error("worker failed", worker=self.name, fault=fault_name(error))
            return False

    async def run(self) -> None:
        """Until cancelled. A failure is logged, once for as long as it stays the same, and tried again."""
        failures, last, idle = 0, "", self.idle_seconds
        while True:
            try:
                if await self.step():
                    pause, idle = 0.0, self.idle_seconds
                else:
                    pause, idle = idle, min(idle * _IDLE_GROWTH, max(self.idle_seconds, _IDLE_SECONDS_MAX))
                failures, last = 0, ""
            except Exception as error:  # noqa: BLE001 - loop of the runtime: nothing may end it
                failures += 1
                fault = fault_name(error)
                if fault != last:
                    logger().error("worker failed", worker=self.name, fault=fault)
                last = fault
                pause = min(0.1 * 2 ** min(failures, _DOUBLINGS_MAX), _BACK_OFF_SECONDS_MAX)
            await asyncio.sleep(pause)


def repeating(name: str, run: Callable[[], Awaitable[None]]) -> Worker:
    """A worker around something that runs by itself until it fails."""

    async def step() -> bool:
        await run()
        return True

    return Worker(name, step)
