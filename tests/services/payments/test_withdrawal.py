"""A list that is not to be paid is withdrawn before it is booked, and its months fall due again."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import httpx
import pytest

from libs.common.kernel.ids import show
from libs.common.runtime.worker import Worker
from tests.services.payments.test_funds import balances, booked, opened
from tests.services.payments.world import (
    HCMC,
    MONTHS,
    Payments,
    close_payments,
    decision,
    open_payments,
)
from tests.support.postgres import TestCluster


@pytest.fixture
async def built(payments: Payments) -> dict[str, Any]:
    await payments.decide(decision(1), decision(2))
    await payments.account(1)
    await payments.account(2)
    await payments.close(*MONTHS)
    return await payments.built("2024-02")


async def two_communes(payments: Payments) -> None:
    for number in (1, 2):
        await payments.decide(decision(number, commune_code=f"0000{number}"))
        await payments.account(number)
    await payments.close(*MONTHS)


def builder(payments: Payments) -> Worker:
    return next(worker for worker in payments.parts.workers if worker.name == "run builder")


async def kinds(payments: Payments) -> set[str]:
    return {row[0] for row in await payments.look.fetch("select type from outbox")}


async def withdrawn(payments: Payments, run: dict[str, Any], as_: str = "maker#m") -> httpx.Response:
    return await payments.post(f"/v1/runs/{run['run_id']}/withdrawal", {"reason": "lập nhầm tháng"}, as_)


async def paid_again(payments: Payments, run: dict[str, Any], **more: Any) -> None:
    """The same order is another run by now, and it pays all of it."""
    again = await payments.instructed("2024-02", **more)
    assert again["run_id"] != run["run_id"]
    assert again["instructed_dong"] == run["instructed_dong"]
    await payments.answered()
    assert await payments.violations() == {}


async def test_a_built_list_is_withdrawn_and_its_months_are_in_the_next(
    payments: Payments, built: dict[str, Any]
) -> None:
    assert (await withdrawn(payments, built)).json()["status"] == "withdrawn"
    assert (await withdrawn(payments, built)).status_code == 200
    assert len(await payments.told("RunWithdrawn")) == 1
    assert (await payments.approve(built)).json()["code"] == "run_not_built"
    assert await payments.violations() == {}
    await paid_again(payments, built)
    assert await payments.files() != []


async def test_an_approved_list_that_was_changed_is_withdrawn_and_owes_nothing(
    payments: Payments, built: dict[str, Any]
) -> None:
    assert (await payments.approve(built)).status_code == 200
    await payments.look.execute("update run set problem = 'content_changed'")
    assert (await withdrawn(payments, built)).json()["status"] == "withdrawn"
    owed = {name: amount for name, amount in (await balances(payments)).items() if amount}
    assert owed == {}
    await payments.work()
    assert await payments.files() == []
    await paid_again(payments, built)


async def test_no_request_frees_a_line(payments: Payments, built: dict[str, Any]) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with payments.parts.database.writing(None) as connection:
            await connection.execute("update instruction_line set returned = true")


async def test_what_is_booked_is_not_withdrawn(payments: Payments, built: dict[str, Any]) -> None:
    await payments.approve(built)
    await payments.work()
    assert (await withdrawn(payments, built)).json()["code"] == "run_under_way"
    assert (await payments.run(built["run_id"]))["status"] == "instructed"


@pytest.mark.parametrize("steps", range(4))
async def test_a_list_that_is_being_built_is_withdrawn_however_far_it_is(
    postgres_cluster: TestCluster, steps: int
) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_RUN_SHARD_PEOPLE="1"
    )
    await two_communes(payments)
    run = (await payments.ask_run("2024-02")).json()
    for _ in range(steps):
        assert await builder(payments).step()
    shown = (await withdrawn(payments, run)).json()
    assert (shown["status"], shown["building"]) == ("withdrawn", None)
    assert await payments.violations() == {}
    await payments.work()
    assert await payments.violations() == {}
    assert ("RunBuilt" in await kinds(payments), await payments.files()) == (False, [])
    again = await payments.instructed("2024-02")
    assert (again["run_id"] != run["run_id"], again["lines"]) == (True, 4)
    assert await payments.violations() == {}
    await close_payments(payments)


async def test_what_was_withdrawn_while_its_shard_was_built_gets_nothing_of_it(payments: Payments) -> None:
    await two_communes(payments)
    run = (await payments.ask_run("2024-02")).json()
    assert await builder(payments).step()
    # The shard waits for its last table; meanwhile the run is withdrawn and freed.
    async with payments.look.transaction():
        await payments.look.execute("lock table unpayable in share mode")
        building = asyncio.ensure_future(builder(payments).step())
        await asyncio.wait([building], timeout=1)
        assert not building.done()
        assert (await withdrawn(payments, run)).json()["status"] == "withdrawn"
        assert await builder(payments).step()
    assert await building
    await payments.work()
    assert await payments.look.fetchval("select count(*) from instruction_line where not returned") == 0
    assert await payments.look.fetchval("select built_at from run_shard") is None
    assert (await payments.run(run["run_id"]))["lines"] == 0
    assert await payments.violations() == {}


async def test_a_shard_that_fails_is_tried_later_and_keeps_nobody_waiting(payments: Payments) -> None:
    await two_communes(payments)
    await payments.decide(decision(3, province_code=HCMC, commune_code="26734"))
    await payments.account(3, province_code=HCMC, commune_code="26734")
    poisoned = (await payments.ask_run("2024-02")).json()
    other = (await payments.ask_run("2024-02", province=HCMC)).json()
    await payments.look.execute(
        "alter table instruction add constraint poison check (province_code <> '01') not valid"
    )
    await payments.work()
    assert (await payments.run(other["run_id"]))["status"] == "built"
    shown = await payments.run(poisoned["run_id"])
    building = shown["building"]
    assert (shown["status"], shown["progress"]) == ("building", 0)
    assert (building["shards"], building["shards_built"], building["attempts"]) == (1, 0, 1)
    assert (building["error"], building["next_try_at"] is None) == ("23514", False)
    # What was wrong is mended, and in time its time comes.
    await payments.look.execute("alter table instruction drop constraint poison")
    await payments.look.execute("update run_shard set next_try_at = now() + interval '1 hour'")
    await payments.work()
    assert (await payments.run(poisoned["run_id"]))["status"] == "building"
    await payments.look.execute("update run_shard set next_try_at = now()")
    await payments.work()
    assert (await payments.run(poisoned["run_id"]))["status"] == "built"
    assert await payments.violations() == {}


async def test_a_shard_that_kills_whoever_builds_it_keeps_nobody_waiting(payments: Payments) -> None:
    await two_communes(payments)
    await payments.decide(decision(3, province_code=HCMC, commune_code="26734"))
    await payments.account(3, province_code=HCMC, commune_code="26734")
    poisoned = (await payments.ask_run("2024-02")).json()
    other = (await payments.ask_run("2024-02", province=HCMC)).json()
    await payments.look.execute(
        "create function die() returns trigger language plpgsql security definer as $$"
        " begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
    )
    await payments.look.execute(
        "create trigger poison before insert on instruction for each row"
        " when (new.province_code = '01') execute function die()"
    )
    for _ in range(8):
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await builder(payments).step()
    assert (await payments.run(other["run_id"]))["status"] == "built"
    shown = (await payments.run(poisoned["run_id"]))["building"]
    assert shown["attempts"] >= 1 and shown["next_try_at"]
    # One that is killed is built soon after: what it was tried for is forgotten.
    await payments.look.execute("drop trigger poison on instruction")
    await payments.look.execute("update run_shard set next_try_at = now() where built_at is null")
    await payments.work()
    assert (await payments.run(poisoned["run_id"]))["status"] == "built"
    assert await payments.look.fetchval("select count(*) from run_shard where next_try_at is not null") == 0
    assert await payments.violations() == {}


async def test_nobody_else_withdraws(payments: Payments, built: dict[str, Any]) -> None:
    assert (await withdrawn(payments, built, f"maker#m@{HCMC}")).json()["code"] == "not_found"
    assert (await withdrawn(payments, built, "auditor#a")).json()["code"] == "not_permitted"
    assert (await payments.run(built["run_id"]))["status"] == "built"


async def test_a_withdrawn_payment_is_no_payment_of_the_person(
    payments: Payments, built: dict[str, Any]
) -> None:
    person = await payments.look.fetchval("select person_id from instruction_line limit 1")
    shown = f"/v1/people/{show('per', person)}/payments"
    assert len((await payments.get(shown, "auditor#a")).json()["items"]) == 1
    await withdrawn(payments, built)
    assert (await payments.get(shown, "auditor#a")).json()["items"] == []


async def test_a_run_is_not_approved_on_a_fund_that_is_short(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    fund_id = await opened(payments)
    await booked(payments, fund_id=fund_id, amount=1_079_999)
    run = await payments.built("2024-02", fund_id=fund_id)
    assert (await payments.approve(run)).json()["code"] == "fund_short"
    assert (await payments.run(run["run_id"]))["status"] == "built"
    await booked(payments, fund_id=fund_id, amount=1)
    assert (await payments.approve(run)).status_code == 200


@pytest.mark.parametrize(
    ("statement", "numbers"),
    [
        ("update instruction_line set returned = false", {1}),
        ("delete from outbox where type = 'RunWithdrawn'", {7}),
        ("delete from ledger_transfer where posting = 'withdrawn'", {15}),
        ("update run set status = 'approved', withdrawn_by_sub = null, freed_at = null", {1, 7, 16}),
        ("update instruction set status = 'settled'", {4}),
    ],
)
async def test_a_planted_violation_of_a_withdrawn_run_is_seen(
    payments: Payments, built: dict[str, Any], statement: str, numbers: set[int]
) -> None:
    await payments.approve(built)
    await withdrawn(payments, built)
    assert await payments.violations() == {}
    await payments.work()
    assert await payments.violations() == {}
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(statement)
    assert numbers <= set(await payments.violations())
