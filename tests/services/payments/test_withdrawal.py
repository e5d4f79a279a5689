"""A list that is not to be paid is withdrawn before it is booked, and its months fall due again."""

from typing import Any

import asyncpg
import httpx
import pytest

from libs.common.kernel.ids import show
from tests.services.payments.test_funds import balances, booked, opened
from tests.services.payments.world import HCMC, MONTHS, Payments, decision


@pytest.fixture
async def built(payments: Payments) -> dict[str, Any]:
    await payments.decide(decision(1), decision(2))
    await payments.account(1)
    await payments.account(2)
    await payments.close(*MONTHS)
    return await payments.built("2024-02")


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


async def test_a_list_that_is_being_built_is_not_withdrawn_yet(payments: Payments) -> None:
    await payments.close(*MONTHS)
    run = (await payments.ask_run()).json()
    assert (await withdrawn(payments, run)).json()["code"] == "run_not_built"


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
