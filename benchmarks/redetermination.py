"""National re-determination from facts in PostgreSQL by workers over Kafka, beside bare COPY of its rows.

The database is durable, as `make up` has it. All receive under a signature; a fiftieth lives in facilities.
Where all change the month is one of another standard; where 2% do, a fiftieth has moved to another commune.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import numpy as np

from benchmarks.bench import Line, Side, Target
from benchmarks.population import nation
from deploy.local.processes import Command
from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from libs.common.runtime import binary_copy
from libs.common.runtime.postgres import Database
from services.eligibility import wiring
from services.eligibility.domain import columns
from services.eligibility.domain.columns import LAYOUT, FactColumns, day_number
from services.eligibility.events.parts import teller
from services.eligibility.settings import EligibilitySettings
from services.eligibility.store.jobs import StoredJobs
from services.eligibility.store.packed_facts import CHILDREN_MAX, ROW
from services.eligibility.store.packed_people import PARTS
from services.eligibility.usecases.redetermine import NATION, Job, Scope
from tests.support.broker import test_broker
from tests.support.postgres import running, test_cluster

_SIZES, _SIZES_QUICK = (100_000, 1_000_000, 4_000_000), (20_000, 100_000)
WORKERS = 2
_AT_ONCE = 100_000
_FIRST_ID = 1_780_000_000_000
Prepare = Callable[[], Sequence[str]]
#: What else is kept of some of the people: their facts and ids, and the number of the first of them.
Keep = Callable[[asyncpg.Connection, FactColumns, Bytes, int], Awaitable[None]]
_WRITTEN = ("decision", "outbox", "outbox_pending")
_READ = (
    "select person_id, packed from packed_facts_{part}",
    "select person_id, version, was_in_force, says from standing_{part}",
)


def lines(quick: bool) -> Iterator[Line]:
    for size in _SIZES_QUICK if quick else _SIZES:
        with determined_nation(size, Country()) as made:
            yield _line(made, "2% change", made.move_a_fiftieth, Target(rate_min=400_000, times_max=3))
            yield _line(made, "all change", made.change_the_month, Target(rate_min=66_667, times_max=3))


def peers() -> dict[str, str]:
    return {}


def _line(made: "Nation", name: str, prepare: Prepare, target: Target) -> Line:
    return Line(
        f"{made.size:,} people determined again, {name}",
        "people",
        made.size,
        Side(
            f"{WORKERS} workers: facts and standing read, all rules, changed decisions written with trace, "
            "input hash and event, what stands, the log",
            lambda: made.determined(prepare),
        ),
        Side(
            f"{WORKERS} connections: binary COPY out of what is read, in of what is written, same indexes",
            made.copied,
        ),
        target,
        family=name,
    )


async def nothing_else(_: asyncpg.Connection, __: FactColumns, ___: Bytes, ____: int) -> None:
    return None


@dataclass(frozen=True)
class Country:
    """`months`: of two standards, unless told; `residents`: a fiftieth lives in facilities."""

    months: tuple[Month, Month] = (Month(2026, 6), Month(2026, 7))
    day: str = "2026-07-05"
    provinces: tuple[str, ...] = tuple(f"{code:02d}" for code in range(1, 35))
    residents: bool = True
    keep: Keep = nothing_else


@dataclass
class Nation:
    """A database with its workers running."""

    country: Country
    size: int
    url: str
    database: Database
    settings: EligibilitySettings
    policy_hash: str
    loop: asyncio.AbstractEventLoop
    folder: Path
    month: int = 0

    def determined(self, prepare: Prepare) -> float:
        return self.loop.run_until_complete(self._determined(prepare))

    def copied(self) -> float:
        return self.loop.run_until_complete(self._copied())

    async def _determined(self, prepare: Prepare) -> float:
        await self.sql("truncate decision, outbox, outbox_pending", *prepare(), "checkpoint")
        began = time.perf_counter()
        await self.run_job()
        return time.perf_counter() - began

    async def run_job(self) -> None:
        jobs, job_id = StoredJobs(self.database), new_id()
        await jobs.add(Job(job_id, self.country.months[self.month], Scope(NATION), self.policy_hash, "bench"))
        telling = asyncio.create_task(teller(self.settings, jobs.tell).run())
        while True:
            # A hundredth of what is to be measured: to look is work too.
            await asyncio.sleep(max(0.01, self.size / 40_000_000))
            found = await jobs.progress(job_id, None)
            if found and found["parts_done"] == found["parts"]:
                break
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)

    def move_a_fiftieth(self) -> list[str]:
        return self._moved("get_byte(uuid_send(person_id), 14) % 50 = 7")

    def move_everybody(self) -> list[str]:
        return self._moved("true")

    def _moved(self, who: str) -> list[str]:
        at = ROW.fields["commune"][1]  # type: ignore[index]
        return [
            f"update packed_facts set packed = set_byte(packed, {at}, 97 - get_byte(packed, {at}))"
            f" where {who}",
            "vacuum packed_facts",
        ]

    def change_the_month(self) -> list[str]:
        self.month = 1 - self.month
        return []

    async def sql(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    async def _copied(self) -> float:
        """Of the rows that the last determination read and wrote."""
        connection = await asyncpg.connect(self.url)
        for table in _WRITTEN:
            await connection.execute(f"drop table if exists bare_{table}")
            await connection.execute(f"create table bare_{table} (like {table} including all)")
            columns_ = await connection.fetchval(
                "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
                " where attrelid = $1::text::regclass and attnum > 0 and not attisdropped",
                table,
            )
            for part in range(PARTS):
                await connection.copy_from_query(
                    f"select {columns_} from {_slice(table, part)}",
                    output=self.folder / f"{table}_{part}",
                    format="binary",
                )
        await connection.execute("checkpoint")
        await connection.close()
        began = time.perf_counter()
        parts = iter(range(PARTS))
        await asyncio.gather(*(self._copy(parts) for _ in range(WORKERS)))
        return time.perf_counter() - began

    async def _copy(self, parts: Iterator[int]) -> None:
        connection = await asyncpg.connect(self.url)

        async def nowhere(_: bytes) -> None:
            return None

        for part in parts:
            for query in _READ:
                await connection.copy_from_query(query.format(part=part), output=nowhere, format="binary")
            async with connection.transaction():
                for table in _WRITTEN:
                    await connection.copy_to_table(
                        f"bare_{table}", source=self.folder / f"{table}_{part}", format="binary"
                    )
        await connection.close()


def _slice(table: str, part: int) -> str:
    if table == "decision":
        return f"decision_{part}"
    return f"{table} where id % {PARTS} = {part}"


@contextmanager
def determined_nation(size: int, country: Country) -> Iterator[Nation]:
    """Everybody's facts kept and determined once, and the workers waiting."""
    loop = asyncio.new_event_loop()
    with test_cluster({}) as cluster, test_broker() as broker, ExitStack() as stack:
        place = loop.run_until_complete(cluster.fresh_database("eligibility"))
        environment = {
            **place.environment,
            "ANSINH_KAFKA_BOOTSTRAP": broker.bootstrap,
            "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false",
            "ANSINH_BUSINESS_DATE": country.day,
        }
        settings = EligibilitySettings.from_environment("eligibility", environment)
        folder = cluster.cluster.data.parent
        for number in range(WORKERS):
            argv = [sys.executable, "-m", "services.eligibility.wiring"]
            command = Command(f"worker-{number}", argv, {**os.environ, **environment})
            stack.enter_context(running(command, folder / f"worker-{number}.log"))
        database = Database(settings)
        loop.run_until_complete(database.open())
        made = Nation(
            country, size, place.url_superuser, database, settings, wiring.engine().policy.hash, loop, folder
        )
        loop.run_until_complete(_fill(made))
        try:
            yield made
        finally:
            loop.run_until_complete(database.close())
            loop.close()


async def _fill(made: Nation) -> None:
    """People with their facts, residents with their homes, and everybody's standing decisions."""
    country, connection = made.country, await asyncpg.connect(made.url)
    chance, provinces = np.random.default_rng(7), np.array(country.provinces, "S2")
    for first in range(0, made.size, _AT_ONCE):
        size = min(_AT_ONCE, made.size - first)
        facts = nation(size, country.months[0], seed=first + 1)
        signed = np.full(size, day_number(country.months[0].first_day) - 2_000, np.int32)
        facts = replace(facts, already_receiving=np.ones(size, np.bool_), decision_signed_on=signed)
        packed = columns.pack(facts)
        rows = np.zeros(size, ROW)
        rows["layout"], rows["version"], rows["settled_on"] = LAYOUT, 1, -100_000
        rows["chain"] = chance.integers(0, 256, (size, 32), np.uint8)
        province = chance.integers(0, len(provinces), size)
        rows["province"], rows["former"] = provinces[province], provinces[province]
        rows["commune"] = np.char.add(provinces[province], chance.choice(_COMMUNES, size))
        rows["words"] = packed.people
        rows["children"][np.arange(CHILDREN_MAX) < (packed.people[:, 6] & 0xFFFF)[:, None]] = packed.children
        ids = chance.integers(0, 256, (size, 16), np.uint8)
        # In the order of time, as new ids are: one a millisecond.
        ids[:, :6] = binary_copy.numbers(np.arange(first, first + size) + _FIRST_ID, 8)[:, 2:]
        told = np.ascontiguousarray(rows).view(np.uint8).reshape(size, -1)
        block = binary_copy.rows([ids, told], size)
        await binary_copy.copy_in(connection, "packed_facts", ("person_id", "packed"), [block])
        await country.keep(connection, facts, ids, first)
    if country.residents:
        await connection.execute(
            "insert into residence (residence_id, person_id, facility_id, from_date, state_paid)"
            " select gen_random_uuid(), person_id, gen_random_uuid(), date '2020-01-01', true"
            " from packed_facts where get_byte(uuid_send(person_id), 13) % 50 = 3"
        )
    await connection.execute("analyze packed_facts")
    await connection.close()
    await made.run_job()
    await made.sql("vacuum analyze standing")


_COMMUNES = np.array([f"{code:03d}" for code in range(100, 198)], "S3")
