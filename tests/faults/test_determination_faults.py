"""kill -9 of a worker, and the broker lost, in the midst of a determination: each decision once, the same."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from subprocess import Popen

import asyncpg
import pytest

from deploy.local.processes import Command
from services.eligibility.events.parts import teller
from services.eligibility.store.packed_people import PARTS
from tests.services.eligibility.nation import Nation, nation, resident, somebody
from tests.support import broker as brokers
from tests.support import postgres as clusters
from tests.support.broker import TestBroker
from tests.support.postgres import running

_PEOPLE = 1_500
_SECONDS_MAX = 60.0
#: The part whose table is held, so that a worker stands still in the middle of it.
_HELD = 11

Trouble = Callable[["Workers"], Awaitable[None]]


class Workers:
    """Worker processes on a nation, and the broker between."""

    def __init__(self, world: Nation, broker: TestBroker, folder: Path) -> None:
        self.world, self.broker, self.folder = world, broker, folder
        self._running = ExitStack()

    def start(self) -> "Popen[bytes]":
        environment = {
            **os.environ,
            **self.world.place.environment,
            "ANSINH_KAFKA_BOOTSTRAP": self.broker.bootstrap,
            "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false",
            "ANSINH_BUSINESS_DATE": "2021-06-05",
        }
        command = Command("worker", [sys.executable, "-m", "services.eligibility.wiring"], environment)
        return self._running.enter_context(running(command, self.folder / "worker.log"))

    def close(self) -> None:
        self._running.close()


@asynccontextmanager
async def held_in_the_middle(world: Nation) -> AsyncIterator[None]:
    """Within the block a worker stands still in the midst of a part; after it, nothing is held."""
    connection = await asyncpg.connect(world.place.url_superuser)
    waiting = (
        "select count(*) from pg_locks where not granted and relation = $1::text::regclass"
        f" and database = (select oid from pg_database where datname = '{world.place.name}')"
    )
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"lock table decision_{_HELD} in share mode")
    await world.close("2021-06")
    for _ in range(int(_SECONDS_MAX * 10)):
        if await connection.fetchval(waiting, f"decision_{_HELD}"):
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError("no worker came to the held part")
    yield
    await transaction.rollback()
    await connection.close()


async def until_done(world: Nation) -> None:
    for _ in range(int(_SECONDS_MAX * 10)):
        [(left,)] = await world.rows("select count(*) from redetermination_part where done_at is null")
        if not left:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{left} parts were not done in {_SECONDS_MAX} seconds")


async def kill_who_stands_still(workers: Workers) -> None:
    """Of two workers both are killed: one of them was in the middle of the held part."""
    first, second = workers.start(), workers.start()
    async with held_in_the_middle(workers.world):
        for victim in (first, second):
            victim.kill()
            victim.wait()
        workers.start()
        workers.start()


async def lose_the_broker(workers: Workers) -> None:
    workers.start()
    async with held_in_the_middle(workers.world):
        workers.broker.kill()
        await asyncio.sleep(0.5)
        workers.broker.start()


@pytest.mark.parametrize("trouble", [kill_who_stands_still, lose_the_broker])
async def test_each_decision_is_made_once_and_the_same(trouble: Trouble, tmp_path: Path) -> None:
    people = [somebody(number) for number in range(_PEOPLE)]
    residents = [resident(number) for number in range(0, _PEOPLE, 40)]
    with clusters.test_cluster() as cluster, brokers.test_broker() as broker:
        async with nation(cluster, "2021-06-05") as calm:
            await calm.know(people, residents)
            await calm.close("2021-06")
            await calm.determine_all()
            decisions, events = await calm.decisions(), await calm.events()
        kafka = {"ANSINH_KAFKA_BOOTSTRAP": broker.bootstrap, "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false"}
        async with nation(cluster, "2021-06-05", None, **kafka) as world, telling(world):
            await world.know(people, residents)
            workers = Workers(world, broker, tmp_path)
            try:
                await trouble(workers)
                await until_done(world)
            finally:
                workers.close()
            assert await world.decisions() == decisions
            assert await world.events() == events
            [(done,)] = await world.rows("select count(*) from redetermination_part where persons > 0")
            assert done == PARTS


@asynccontextmanager
async def telling(world: Nation) -> AsyncIterator[None]:
    """The service's side: workers are told, whatever becomes of the broker."""

    async def tell() -> None:
        while True:
            with suppress(Exception):
                await teller(world.settings, world.jobs.tell).run()
            await asyncio.sleep(0.2)

    task = asyncio.create_task(tell())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
