"""Death at every statement: each one that a worker sends kills it the first time, before or after it runs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from tests.services.payments.world import BANK, MONTHS, NOBODY_FAILS, POST, Payments, decision

_LIVES_MAX = 400


class Killed(Exception):
    """Stands for kill -9: what was not committed is gone."""


class Mortal:
    """A connection on which each statement kills once; `dead` remembers which did."""

    def __init__(self, connection: Any, dead: set[str], *, before: bool) -> None:
        self._connection = connection
        self._dead = dead
        self._before = before
        self.last = ""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in ("execute", "fetch", "fetchrow", "fetchval"):
            return found

        async def send(statement: str, *arguments: Any) -> Any:
            self.last = statement
            killing = statement not in self._dead
            self._dead.add(statement)
            if killing and self._before:
                raise Killed
            answer = await found(statement, *arguments)
            if killing:
                raise Killed
            return answer

        return send


@contextmanager
def mortal(payments: Payments, *, before: bool) -> Iterator[None]:
    """For as long as the block runs, each statement of a worker, and each kind of commit, kills once."""
    database = payments.parts.database
    immortal, dead = database.bulk, set[str]()

    @asynccontextmanager
    async def bulk() -> AsyncIterator[Any]:
        async with immortal() as connection:
            one = Mortal(connection, dead, before=before)
            yield one
        committed = f"commit after {one.last}"
        if committed not in dead:
            dead.add(committed)
            raise Killed

    database.bulk = bulk  # type: ignore[method-assign]
    yield
    database.bulk = immortal  # type: ignore[method-assign]


async def work(payments: Payments) -> int:
    """As `Payments.work`, with workers that are started again whenever they die; how often they did."""
    deaths, busy = 0, True
    while busy:
        busy = False
        for worker in payments.parts.workers:
            try:
                busy |= await worker.step()
            except Killed:
                deaths, busy = deaths + 1, True
                # Time passes: a shard that was tried is put off.
                await payments.look.execute("update run_shard set next_try_at = null")
                assert deaths < _LIVES_MAX, "it dies and never gets on"
    return deaths


@pytest.mark.parametrize("before", [True, False], ids=["before a statement", "after a statement"])
async def test_a_run_survives_death_at_every_statement(payments: Payments, before: bool) -> None:
    for number in range(1, 9):
        # In two shards, and the first has one more for whoever has no account.
        await payments.decide(decision(number, commune_code=f"0000{1 + number // 5}"))
        await (payments.account(number) if number % 2 else payments.cash(number))
    await payments.decide(decision(9))
    await payments.close(*MONTHS)
    with mortal(payments, before=before):
        run_id = (await payments.ask_run()).json()["run_id"]
        deaths = await work(payments)
        built = await payments.run(run_id)
        assert (built["status"], built["instructions"], built["lines"]) == ("built", 8, 16)
        assert (await payments.approve(built)).status_code == 200
        deaths += await work(payments)
        assert (await payments.run(run_id))["status"] == "instructed"
        await hand_in_all(payments)
        deaths += await work(payments)
    done = await payments.run(run_id)
    assert done["status"] == "reconciled"
    assert (done["settled_dong"], done["pending_dong"]) == (built["instructed_dong"], 0)
    assert deaths > 40, "there are more statements than that in a run's life"
    for fact in ("RunBuilt", "RunApproved", "RunInstructed", "RunReconciled"):
        assert len(await payments.told(fact)) == 1
    for fact in ("PaymentInstructed", "PaymentSettled"):
        assert len({told["payment_id"] for told in await payments.told(fact)}) == 8
        assert len(await payments.told(fact)) == 8
    booked = await payments.look.fetch(
        "select posting, count(*), sum(amount) from ledger_transfer group by posting"
    )
    assert {row["posting"]: row["count"] for row in booked} == {
        "entitled": 1,
        "instructed": 8,
        "settled": 8,
        "discharged": 2,
    }
    assert {int(row["sum"]) for row in booked} == {built["instructed_dong"]}
    assert await payments.violations() == {}


async def hand_in_all(payments: Payments) -> None:
    for agency in (BANK, POST):
        for file in await payments.files(agency, status="ready"):
            for report in await payments.reports(file["payment_file_id"], agency, NOBODY_FAILS):
                answer = await payments.hand_in(file["payment_file_id"], report.content, agency)
                assert answer.status_code == 202


@pytest.mark.parametrize(
    ("error", "tried", "seconds"), [(None, 12, 1), (None, 15, 8), ("23514", 12, 128), (None, 40, 600)]
)
async def test_a_shard_that_fails_waits_and_one_whose_workers_die_not_so_soon(
    payments: Payments, error: str | None, tried: int, seconds: int
) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    await payments.ask_run()
    [builder] = [worker for worker in payments.parts.workers if worker.name == "run builder"]
    assert await builder.step()
    look = payments.look
    assert await look.fetchval("select count(*) from run_shard where built_at is null") == 1
    await look.execute("update run_shard set attempts = $1, error = $2", tried, error)
    with mortal(payments, before=False):
        died, waits = 0, None
        while waits is None and died < _LIVES_MAX:
            try:
                await builder.step()
            except Killed:
                died += 1
            waits = await look.fetchval("select extract(epoch from next_try_at - now()) from run_shard")
    assert waits is not None and seconds * 0.9 - 1 < waits <= seconds
