"""What is seen while a scenario runs: a bar for each stage, a line when it is done, and how long it took."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

#: Between two looks; longer as a stage goes on, as looking costs the platform something too.
_PAUSE_SECONDS, _PAUSE_GROWTH, _PAUSE_SECONDS_MAX = 0.25, 1.1, 1.0
#: A stage that does not move for so long has failed. Longer than an outage that the driver rides out.
STUCK_SECONDS_MAX = 180.0
T = TypeVar("T")


@dataclass(eq=False)
class Stuck(Exception):
    """A stage came no further."""

    what: str
    last: str

    def __str__(self) -> str:
        return f"{self.what}: no progress for {STUCK_SECONDS_MAX:.0f} s; last seen: {self.last}"


@dataclass
class Stage:
    """One stage under way."""

    bars: Progress
    bar: TaskID
    told: str = ""

    def at(self, done: int, of: int | None) -> None:
        """How far it is, in people, files or whatever it counts."""
        self.bars.update(self.bar, completed=done, total=of)

    def tell(self, result: str) -> None:
        """What stands in its line when it is done."""
        self.told = result

    async def follow(
        self,
        what: str,
        read: Callable[[], Awaitable[T]],
        done: Callable[[T], bool],
        far: Callable[[T], tuple[int, int | None]],
    ) -> T:
        """Ask until `done`; Stuck when the answer stays the same for too long."""
        last, since, pause = "", time.monotonic(), _PAUSE_SECONDS
        while True:
            found = await read()
            self.at(*far(found))
            if done(found):
                return found
            if str(found) != last:
                last, since = str(found), time.monotonic()
            elif time.monotonic() - since > STUCK_SECONDS_MAX:
                raise Stuck(what, last[:300])
            await asyncio.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, _PAUSE_SECONDS_MAX)


@dataclass
class Screen:
    """Stages are timed here; `seconds` keeps them in order."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def stage(self, key: str, vietnamese: str, english: str) -> AsyncIterator[Stage]:
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        started = time.monotonic()
        unseen = not self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=unseen) as bars:
            stage = Stage(bars, bars.add_task(f"{vietnamese} · {english}", total=None))
            yield stage
        took = time.monotonic() - started
        self.seconds[key] = round(took, 2)
        told = f"  [dim]{escape(stage.told)}[/]" if stage.told else ""
        self.console.print(f"[green]✓[/] {vietnamese} · {english} [dim]{took:.1f} s[/]{told}")
