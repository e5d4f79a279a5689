"""A month's payroll by workers over Kafka, beside a bare load of the rows that it wrote and their indexes.

The database is durable, as `make up` has it. What is timed goes from the orders of all provinces to the
last transfer in the ledger; the files of banks and post offices have lines of their own (payment_files.py).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import asyncpg

from benchmarks.bench import Line, Side, Target
from services.payments import wiring
from services.payments.domain.runs import BUILT, INSTRUCTING
from services.payments.settings import PaymentsSettings
from tests.support.broker import test_broker
from tests.support.payroll import MONTHS, Payroll, payroll
from tests.support.postgres import test_cluster

_SIZES, _SIZES_QUICK, _LARGE = (100_000, 1_000_000), (20_000,), (4_000_000,)
WORKERS = 2
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Piece = Callable[[Connection], Awaitable[None]]
#: 4 million in 45 seconds; openIMIS does 15.7 a second (performance figures in README.md), so 5,000 times it
#: is asked less.
_TARGET = Target(rate_min=4_000_000 / 45, times_max=3)
#: What a run writes by the row, and how it is halved for two connections.
_WRITTEN = {
    "instruction": "get_byte(uuid_send(instruction_id), 15) % 2 = {half}",
    "instruction_line": "get_byte(uuid_send(instruction_id), 15) % 2 = {half}",
    "ledger_transfer": "get_byte(uuid_send(source_id), 15) % 2 = {half}",
}
#: With all that refers to them.
_OF_RUNS = (
    "run, run_total, instruction, instruction_line, unpayable, payment_file, payment_change, ledger_transfer,"
    " ledger_balance, outbox, outbox_pending"
)


def lines(quick: bool) -> Iterator[Line]:
    return _lines(_SIZES_QUICK if quick else _SIZES)


def large(_: bool) -> Iterator[Line]:
    return _lines(_LARGE)


def peers() -> dict[str, str]:
    return {}


def _lines(sizes: Sequence[int]) -> Iterator[Line]:
    for size in sizes:
        with paid_nation(size) as made:
            yield Line(
                f"{size:,} people paid a month",
                "people",
                size,
                Side(
                    f"{WORKERS} workers: due by decision, account and month, payments and lines in shards, "
                    "hash, approval, hash again, transfers in the ledger, all indexes",
                    made.paid,
                ),
                Side(
                    f"{WORKERS} connections: binary COPY of the same payments, lines and transfers into bare "
                    "tables, then the same indexes",
                    made.loaded,
                ),
                _TARGET,
                family="payroll",
            )


@dataclass
class Nation:
    """A nation's entitlements and accounts, with its workers running."""

    month: Payroll
    loop: asyncio.AbstractEventLoop

    def paid(self) -> float:
        return self.loop.run_until_complete(self._paid())

    def loaded(self) -> float:
        return self.loop.run_until_complete(self._loaded())

    async def _paid(self) -> float:
        month = self.month
        await month.look.execute("set session_replication_role = replica")
        await month.look.execute(f"truncate {_OF_RUNS} cascade")
        await month.look.execute("set session_replication_role = origin")
        await month.look.execute("checkpoint")
        began = time.perf_counter()
        ordered = await month.order(MONTHS[0])
        await month.until(ordered, BUILT)
        await month.approve(ordered)
        await month.until(ordered, INSTRUCTING)
        return time.perf_counter() - began

    async def _loaded(self) -> float:
        """Of the rows that the last run wrote."""
        look, folder = self.month.look, self.month.folder
        indexes: list[str] = []
        for table, half in _WRITTEN.items():
            await look.execute(f"drop table if exists bare_{table}")
            await look.execute(f"create table bare_{table} (like {table} including defaults)")
            found = await look.fetch("select indexdef from pg_indexes where tablename = $1", table)
            indexes += [_of_bare_table(row["indexdef"], table) for row in found]
            for number in range(WORKERS):
                await look.copy_from_query(
                    f"select * from {table} where {half.format(half=number)}",
                    output=folder / f"{table}_{number}",
                    format="binary",
                )
        await look.execute("checkpoint")
        halves = [(table, number) for table in _WRITTEN for number in range(WORKERS)]
        began = time.perf_counter()
        await self._shared([partial(self._load, table=table, number=number) for table, number in halves])
        await self._shared([partial(_execute, statement=statement) for statement in indexes])
        return time.perf_counter() - began

    async def _load(self, connection: Connection, *, table: str, number: int) -> None:
        path: Path = self.month.folder / f"{table}_{number}"
        await connection.copy_to_table(f"bare_{table}", source=path, format="binary")

    async def _shared(self, pieces: Sequence[Piece]) -> None:
        """Each piece once, by as many connections as we have workers."""
        left = iter(pieces)

        async def work() -> None:
            connection = await asyncpg.connect(self.month.place.url_superuser)
            for piece in left:
                await piece(connection)
            await connection.close()

        await asyncio.gather(*(work() for _ in range(WORKERS)))


async def _execute(connection: Connection, *, statement: str) -> None:
    await connection.execute("set max_parallel_maintenance_workers = 0")
    await connection.execute(statement)


def _of_bare_table(statement: str, table: str) -> str:
    head, _, tail = statement.partition(" ON ")
    unique = "unique " if "UNIQUE" in head else ""
    return f"create {unique}index on " + tail.replace(f"public.{table}", f"bare_{table}", 1)


@contextmanager
def paid_nation(people: int) -> Iterator[Nation]:
    loop = asyncio.new_event_loop()
    with test_cluster({}) as cluster, test_broker() as broker, ExitStack() as workers:
        asynchronous = AsyncExitStack()
        month = loop.run_until_complete(asynchronous.enter_async_context(payroll(cluster, broker, people)))
        loop.run_until_complete(asynchronous.enter_async_context(month.telling()))
        for number in range(WORKERS):
            workers.enter_context(month.worker(f"worker-{number}", "benchmarks.payroll"))
        try:
            yield Nation(month, loop)
        finally:
            loop.run_until_complete(asynchronous.aclose())
            loop.close()


if __name__ == "__main__":
    # A worker that builds and books, and leaves the files.
    asyncio.run(
        wiring.work(
            PaymentsSettings.from_environment("payments"), ("run builder", "run checker", "run booker")
        )
    )
