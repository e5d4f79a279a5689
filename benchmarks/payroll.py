"""A month's payroll by workers over Kafka, beside a bare load of the rows that it wrote and their indexes.

The database is durable, as `make up` has it. What is timed goes from the orders of all provinces to the
last transfer in the ledger; the files of banks and post offices have lines of their own (pain001.py).
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass

import uvloop

from benchmarks import bare
from benchmarks.bench import Line, Quoted, Side, Target
from services.payments import wiring
from services.payments.domain.runs import BUILT, INSTRUCTING
from services.payments.settings import PaymentsSettings
from tests.support.broker import test_broker
from tests.support.payroll import MONTHS, Payroll, payroll
from tests.support.postgres import test_cluster

_SIZES, _SIZES_QUICK, _LARGE = (100_000, 1_000_000), (20_000,), (4_000_000,)
WORKERS = 2
#: README.md says where that is from.
_OPENIMIS = Quoted("openIMIS payroll 1.5.0, 75 statements a beneficiary", 15.7)
#: 4 million in 45 seconds, which is more than 5,000 times openIMIS's.
_TARGET = Target(rate_min=4_000_000 / 45, times_max=3)
#: What a run writes by the row, and by what it is shared between two connections.
_WRITTEN = {
    "instruction": "instruction_id",
    "instruction_line": "instruction_id",
    "ledger_transfer": "source_id",
}
#: With all that refers to them.
_OF_RUNS = (
    "run, run_total, run_finding, run_check, instruction, instruction_line, unpayable, payment_file,"
    " payment_change, ledger_transfer, ledger_balance, outbox, outbox_pending"
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
                quoted=_OPENIMIS,
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
        month = self.month
        return await bare.loaded(month.look, month.place.url_superuser, month.folder, _WRITTEN, WORKERS)


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
    uvloop.run(
        wiring.work(
            PaymentsSettings.from_environment("payments"), ("run builder", "run checker", "run booker")
        )
    )
