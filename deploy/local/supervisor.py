"""Starts a platform, keeps it alive, ends it; whatever happens, nothing is left running."""

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson

from deploy.local import keys, postgres
from deploy.local.children import Child, Say
from deploy.local.environment import Choice, embedded_services
from deploy.local.failures import CannotStart, require_free_port
from deploy.local.keys import SERVICES
from deploy.local.places import HOST, Places
from deploy.local.plan import Plan, make
from deploy.local.processes import Command, end, spawn

T = TypeVar("T")
Planner = Callable[[Places, keys.Secrets, Choice], Plan]
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Platform:
    """A platform that is being started, is running, or is being ended. Use `running`."""

    places: Places
    choice: Choice
    say: Say
    make_plan: Planner
    plan: Plan = field(default_factory=Plan)
    #: Says why, once a child could not be kept alive.
    failure: "asyncio.Future[CannotStart] | None" = None
    _keepers: "list[asyncio.Task[None]]" = field(default_factory=list)

    async def start(self) -> None:
        """Return when every child serves. CannotStart otherwise; the caller then calls `stop`."""
        secrets = keys.load_or_make(self.places.var)
        self.plan = self.make_plan(self.places, secrets, self.choice)
        for name, port in self.plan.ports.items():
            require_free_port(port, name)
        self.failure = asyncio.get_running_loop().create_future()
        await self._start_all(self.plan.servers)
        if self.plan.cluster and embedded_services():
            await postgres.create_databases(self.plan.cluster, secrets)
        await _all(self._migrate(command) for command in self.plan.migrations)
        await self._start_all(self.plan.services)
        self.write_addresses()

    async def stop(self) -> None:
        """End every child, those that serve first, the database last."""
        for keeper in self._keepers:
            keeper.cancel()
        for child in self.plan.children:
            child.ending = True
        await asyncio.gather(*self._keepers, return_exceptions=True)
        postgres_last = [child for child in self.plan.servers if child.name == "postgres"]
        others = [child for child in self.plan.servers if child.name != "postgres"]
        for group in (self.plan.services, others, postgres_last):
            await asyncio.gather(*(child.stop() for child in group))
        for file in (self.places.addresses, self.places.run / "pids.json"):
            file.unlink(missing_ok=True)

    async def until_failure(self) -> CannotStart:
        assert self.failure is not None, "start() first"
        return await asyncio.shield(self.failure)

    async def _start_all(self, children: list[Child]) -> None:
        await _all(self._start_one(child) for child in children)

    async def _start_one(self, child: Child) -> None:
        await child.start()
        await child.wait_until_ready()
        keeper = asyncio.create_task(child.keep(self.say, self.write_addresses), name=child.name)
        keeper.add_done_callback(self._keeper_done)
        self._keepers.append(keeper)

    def _keeper_done(self, keeper: "asyncio.Task[None]") -> None:
        if keeper.cancelled() or self.failure is None or self.failure.done():
            return
        error = keeper.exception()
        if isinstance(error, CannotStart):
            self.failure.set_result(error)
        elif error is not None:
            self.failure.set_result(CannotStart(f"Lỗi trong bộ giám sát: {error}", f"Supervisor: {error}"))

    async def _migrate(self, command: Command) -> None:
        log = self.places.log / f"{command.name}.log"
        log.unlink(missing_ok=True)
        process = await spawn(command, log)
        try:
            code = await process.wait()
        finally:
            await end(command, process)
        if code:
            lines = log.read_text(errors="replace").splitlines()[-6:]
            raise CannotStart(
                f"{command.name} thất bại. Xem {log}.\n" + "\n".join(f"  | {line}" for line in lines),
                f"{command.name} failed. See {log}.",
            )

    def write_addresses(self) -> None:
        """var/run/addresses.json: where each door is; pids.json: which process stands behind it."""
        doors: dict[str, dict[str, int | str]] = {
            name: {"port": port} for name, port in self.plan.ports.items()
        }
        for name in doors.keys() - _NO_HTTP:
            doors[name]["url"] = self.places.url(name)
        for name in doors.keys() & set(SERVICES):
            doors[name]["docs"] = f"{self.places.url(name)}/docs"
        if "gateway" in doors:
            doors["gateway"]["graphql"] = f"{self.places.url('gateway')}/graphql"
        _write(self.places.addresses, {"host": HOST, "doors": doors})
        _write(
            self.places.run / "pids.json",
            {
                "supervisor": os.getpid(),
                "children": {
                    child.name: {"pid": child.pid, "restarts": child.restarts} for child in self.plan.children
                },
            },
        )


_NO_HTTP = frozenset({"postgres", "broker", "broker-controller"})


@asynccontextmanager
async def running(
    places: Places, choice: Choice, say: Say, make_plan: Planner = make
) -> AsyncIterator[Platform]:
    """A platform for as long as the block runs. CannotStart when it can't be, or is up already."""
    places.make()
    with _only_one(places):
        platform = Platform(places, choice, say, make_plan)
        try:
            await platform.start()
            yield platform
        finally:
            await platform.stop()


async def while_alive(platform: Platform, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns; CannotStart, with `work` cancelled, once the platform can't be kept alive."""
    working = asyncio.create_task(work)
    failing = asyncio.create_task(platform.until_failure())
    try:
        await asyncio.wait({working, failing}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise failing.result()
    finally:
        for task in (working, failing):
            task.cancel()
        await asyncio.gather(working, failing, return_exceptions=True)


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Like asyncio.run, but SIGINT, SIGTERM and SIGHUP end it in order: KeyboardInterrupt afterwards."""

    async def cancelled_by_signal() -> T:
        task = asyncio.current_task()
        assert task
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, _Once(task).cancel)
        return await main()

    try:
        return asyncio.run(cancelled_by_signal())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error


@dataclass(frozen=True, slots=True)
class _Once:
    """Impatient signals after the first must not cut the ending short."""

    task: "asyncio.Task[Any]"

    def cancel(self) -> None:
        if not self.task.cancelling():
            self.task.cancel()


@contextmanager
def _only_one(places: Places) -> Iterator[None]:
    """Holds the folder's lock, which the kernel frees however we end."""
    with places.pidfile.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                f"Nền tảng đang chạy trên {places.var}. Hãy dùng: ansinh status, ansinh down.",
                f"A platform is up already on {places.var}. See: ansinh status, ansinh down.",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all at once; the first failure cancels the others, and is raised as it is when they are done."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _write(path: Path, value: object) -> None:
    aside = path.with_suffix(".new")
    aside.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    aside.replace(path)
