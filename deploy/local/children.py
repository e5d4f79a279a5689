"""One child of the supervisor: started, waited for, started again when it dies."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.local.failures import CannotStart
from deploy.local.places import HOST
from deploy.local.processes import Command, end, spawn

RESTARTS_MAX = 5
RESTARTS_WINDOW_SECONDS = 60.0
#: Six interpreters start at once; a busy machine of two cores has taken 46 s.
_START_SECONDS_MAX = 180.0
_PROBE_PAUSE_SECONDS = 0.1
_BACK_OFF_SECONDS_FIRST = 0.2
_LOG_TAIL_LINES = 8
_LOG_TAIL_BYTES = 8_192

Say = Callable[[str, str], None]
Probe = Callable[[], Awaitable[bool]]


@dataclass
class Child:
    """`make` gives the command, after whatever must be cleared away first; `probe` tells if it serves."""

    name: str
    make: Callable[[], Command]
    probe: Probe
    log: Path
    process: asyncio.subprocess.Process | None = None
    command: Command | None = None
    deaths: deque[float] = field(default_factory=deque)
    restarts: int = 0
    #: Set while everything is being ended: a death is then meant.
    ending: bool = False

    @property
    def pid(self) -> int | None:
        alive = self.process is not None and self.process.returncode is None
        return self.process.pid if alive and self.process else None

    async def start(self) -> None:
        self.command = await asyncio.to_thread(self.make)
        try:
            self.process = await spawn(self.command, self.log)
        except OSError as error:
            raise self._cannot_start(error.strerror or "") from error

    async def wait_until_ready(self) -> None:
        """CannotStart when it dies first, or does not serve in time."""
        assert self.process, "start() first"
        until = time.monotonic() + _START_SECONDS_MAX
        while time.monotonic() < until:
            if self.process.returncode is not None:
                raise self._cannot_start(self.log_tail())
            if await self.probe():
                return
            await asyncio.sleep(_PROBE_PAUSE_SECONDS)
        raise self._cannot_start(self.log_tail())

    async def keep(self, say: Say, changed: Callable[[], None]) -> None:
        """Until it is ended: start it again when it dies. CannotStart when it dies too often."""
        while not self.ending:
            assert self.process, "start() first"
            code = await self.process.wait()
            if self.ending:
                return
            self._count_death(code)
            count = len(self.deaths)
            say(
                f"{self.name} đã dừng (mã {code}); khởi động lại lần {count}/{RESTARTS_MAX}",
                f"{self.name} died (code {code}); starting it again, {count} of {RESTARTS_MAX}",
            )
            await asyncio.sleep(_BACK_OFF_SECONDS_FIRST * 2 ** (count - 1))
            if self.ending:
                return
            await self.start()
            self.restarts += 1
            changed()

    def _count_death(self, code: int) -> None:
        now = time.monotonic()
        self.deaths.append(now)
        while now - self.deaths[0] > RESTARTS_WINDOW_SECONDS:
            self.deaths.popleft()
        if len(self.deaths) > RESTARTS_MAX:
            raise CannotStart(
                f"{self.name} dừng quá {RESTARTS_MAX} lần trong {RESTARTS_WINDOW_SECONDS:.0f} giây "
                f"(mã {code}). Xem {self.log}.\n{self.log_tail()}",
                f"{self.name} died more than {RESTARTS_MAX} times in {RESTARTS_WINDOW_SECONDS:.0f} seconds "
                f"(code {code}). See {self.log}.",
            )

    async def stop(self) -> None:
        self.ending = True
        if self.process and self.command:
            await end(self.command, self.process)

    def log_tail(self) -> str:
        """The last lines of its log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _LOG_TAIL_BYTES))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(f"  | {line}" for line in lines[-_LOG_TAIL_LINES:])

    def _cannot_start(self, detail: str) -> CannotStart:
        return CannotStart(
            f"{self.name} không khởi động được. Xem {self.log}.\n{detail}",
            f"{self.name} could not start. See {self.log}.",
        )


async def at_once() -> bool:
    """Ready when it runs: nobody calls it."""
    return True


def listens(port: int) -> Probe:
    """Ready when a TCP connection is taken."""

    async def probe() -> bool:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(HOST, port), 2)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return probe


def answers(url: str) -> Probe:
    """Ready when `url` answers 200."""

    async def probe() -> bool:
        try:
            # Nothing here is TLS; loading the certificates for each look would cost half a processor.
            async with httpx.AsyncClient(timeout=3, trust_env=False, verify=False) as client:
                return (await client.get(url)).status_code == 200
        except httpx.HTTPError:
            return False

    return probe
