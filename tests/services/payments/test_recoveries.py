"""What was overpaid comes back by plans, repayments and remissions, each agreed on by two people."""

import asyncio
from typing import Any

import httpx
import pytest

from libs.common.kernel.ids import read
from tests.services.payments.test_differences import came_back
from tests.services.payments.world import (
    EVERYBODY_FAILS,
    MONTHS,
    Payments,
    close_payments,
    decision,
    difference,
    open_payments,
)
from tests.support.postgres import TestCluster

OPENED = ("2024-01", "2024-02", "2024-03")
_BOTH_WAIT = """
    do $$ begin
        while (select count(distinct pid) from pg_locks where not granted) < 2 loop
            perform pg_sleep(0.01);
        end loop;
    end $$
"""


async def overpaid(payments: Payments) -> str:
    """Of January, 540,000 đồng were paid and 360,000 due."""
    await payments.account(1)
    await payments.decide(decision(1))
    await payments.close(*OPENED)
    await payments.instructed("2024-01")
    await payments.answered()
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    await payments.work()
    [found] = (await payments.get("/v1/overpayments")).json()["items"]
    return str(found["overpayment_id"])


async def proposed(payments: Payments, id_: str, kind: str, amount: int, **changed: Any) -> httpx.Response:
    wanted = {"kind": kind, "amount_dong": amount, "document": "12/QĐ-UBND", "note": "agreed"} | changed
    return await payments.post(f"/v1/overpayments/{id_}/recoveries", wanted, "maker#m")


async def approved(payments: Payments, recovery: httpx.Response, as_: str = "checker#c") -> httpx.Response:
    path = f"/v1/overpayments/recoveries/{recovery.json()['recovery_id']}/approval"
    return await payments.post(path, None, as_)


async def agreed(payments: Payments, id_: str, kind: str, amount: int, **changed: Any) -> None:
    answer = await approved(payments, await proposed(payments, id_, kind, amount, **changed))
    assert answer.status_code == 200, answer.text


async def stands(payments: Payments, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = (await payments.get(f"/v1/overpayments/{id_}")).json()
    return found


async def lines(payments: Payments, run: dict[str, Any]) -> list[tuple[int, int]]:
    rows = await payments.look.fetch(
        "select amount_dong, withheld_dong from instruction_line where run_id = $1 order by month",
        read("run", run["run_id"]),
    )
    return [tuple(row) for row in rows]


async def balance(payments: Payments, account: str) -> int:
    items = (await payments.get("/v1/ledger/balances", "auditor#a")).json()["items"]
    return next((int(item["balance"]) for item in items if item["account"] == account), 0)


async def test_two_instalments_bring_back_what_was_overpaid_and_no_third_is_taken(payments: Payments) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "plan", 90_000)
    first = await payments.instructed("2024-02")
    assert await lines(payments, first) == [(450_000, 90_000)]
    await payments.answered()
    assert (await stands(payments, id_))["open_dong"] == 90_000
    assert await payments.look.fetchval("select closed_on from overpayment") is None
    assert await lines(payments, await payments.instructed("2024-03")) == [(450_000, 90_000)]
    await payments.answered()
    found = await stands(payments, id_)
    assert (found["open_dong"], found["withheld_dong"], found["reserved_dong"]) == (0, 180_000, 0)
    assert await payments.look.fetchval("select closed_on from overpayment") is not None
    assert await balance(payments, "overpayment:monthly_allowance") == 0
    assert await balance(payments, "paid:monthly_allowance") == 360_000 + 540_000 + 540_000
    assert (await payments.get("/v1/overpayments")).json()["items"] == []
    assert await payments.violations() == {}


async def test_months_paid_together_have_an_instalment_each_and_the_last_one_is_the_rest(
    payments: Payments,
) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "plan", 100_000)
    run = await payments.built("2024-02", "2024-03")
    assert await lines(payments, run) == [(440_000, 100_000), (460_000, 80_000)]
    assert (run["instructed_dong"], run["withheld_dong"], run["corrected_lines"]) == (900_000, 180_000, 0)


async def test_two_shards_of_a_run_do_not_keep_back_the_same(postgres_cluster: TestCluster) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_RUN_SHARD_PEOPLE="1"
    )
    id_ = await overpaid(payments)
    moved = {"commune_code": "00002", "effective_from": "2024-03", "pays_from": "2024-03"}
    await payments.decide(decision(1, version=2, **moved))
    await agreed(payments, id_, "plan", 100_000)
    await payments.ask_run("2024-02", "2024-03")
    [builder] = [worker for worker in payments.parts.workers if worker.name == "run builder"]
    assert await builder.step()
    # Both have kept back what they see before either is written.
    async with payments.look.transaction():
        await payments.look.execute("lock table run_shard in share mode")
        both = [asyncio.ensure_future(builder.step()) for _ in range(2)]
        await payments.look.execute(_BOTH_WAIT)
    await asyncio.gather(*both)
    await payments.work()
    assert (await stands(payments, id_))["withheld_dong"] == 180_000
    assert await payments.violations() == {}
    await close_payments(payments)


async def test_nothing_is_kept_back_without_a_plan_that_another_identity_approved(payments: Payments) -> None:
    id_ = await overpaid(payments)
    answer = await proposed(payments, id_, "plan", 90_000)
    assert (await approved(payments, answer, "checker#m")).json()["code"] == "same_identity"
    assert await lines(payments, await payments.built("2024-02")) == [(540_000, 0)]


async def test_a_month_is_never_kept_back_whole(payments: Payments) -> None:
    id_ = await overpaid(payments)
    small = {"amount_dong": 90_000, "effective_from": "2024-02", "pays_from": "2024-02"}
    await payments.decide(decision(1, version=2, **small))
    await agreed(payments, id_, "plan", 90_000)
    assert await lines(payments, await payments.built("2024-02")) == [(90_000, 0)]


async def test_a_list_that_is_withdrawn_keeps_nothing_back(payments: Payments) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "plan", 90_000)
    run = await payments.built("2024-02")
    assert (await stands(payments, id_))["reserved_dong"] == 90_000
    await payments.post(f"/v1/runs/{run['run_id']}/withdrawal", {"reason": "wrong"}, "maker#m")
    await payments.work()
    assert (await stands(payments, id_))["open_dong"] == 180_000
    assert await lines(payments, await payments.instructed("2024-02")) == [(450_000, 90_000)]
    assert await payments.violations() == {}


async def test_what_was_kept_back_stays_so_when_the_payment_comes_back(payments: Payments) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "plan", 90_000)
    await payments.instructed("2024-02")
    await payments.answered(EVERYBODY_FAILS)
    run = await payments.instructed("2024-03")
    assert await lines(payments, run) == [(450_000, 90_000), (450_000, 90_000)]
    await payments.answered()
    assert (await stands(payments, id_))["open_dong"] == 0
    assert await payments.violations() == {}


async def test_a_plan_of_0_ends_the_one_before(payments: Payments) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "plan", 90_000)
    await agreed(payments, id_, "plan", 0)
    assert (await stands(payments, id_))["monthly_dong"] == 0
    assert await lines(payments, await payments.built("2024-02")) == [(540_000, 0)]


async def test_what_is_remitted_and_what_is_paid_back_is_booked_once(payments: Payments) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "waived", 100_000)
    before = await balance(payments, "fund:budget-01")
    answer = await proposed(payments, id_, "recovered", 80_000, document="PT-7")
    assert (await proposed(payments, id_, "recovered", 80_000, document="PT-7")).json() == answer.json()
    assert [(await approved(payments, answer)).status_code for _ in range(2)] == [200, 200]
    found = await stands(payments, id_)
    assert (found["waived_dong"], found["recovered_dong"], found["open_dong"]) == (100_000, 80_000, 0)
    assert await balance(payments, "waived:monthly_allowance") == 100_000
    assert await balance(payments, "fund:budget-01") == before + 80_000
    assert await payments.violations() == {}


@pytest.mark.parametrize(("ended_by", "paid_anew"), [("waived", 360_000), ("recovered", 540_000)])
async def test_what_comes_back_after_its_debt_was_ended_is_paid_once_with_what_was_given_back(
    payments: Payments, ended_by: str, paid_anew: int
) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, ended_by, 180_000)
    await came_back(payments)
    first = await payments.instructed("2024-01")
    assert await lines(payments, first) == [(paid_anew, 0)]
    await payments.answered()
    assert await lines(payments, await payments.built("2024-01")) == []
    assert await payments.violations() == {}


async def test_what_was_kept_back_for_a_month_is_paid_with_it_when_that_comes_back(
    payments: Payments,
) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "plan", 180_000)
    await payments.instructed("2024-02")
    await payments.answered()
    await came_back(payments)
    assert await lines(payments, await payments.instructed("2024-01")) == [(540_000, 0)]
    assert await lines(payments, await payments.instructed("2024-02")) == [(360_000, 180_000)]
    await payments.answered()
    assert await payments.violations() == {}


async def test_no_more_comes_back_than_is_open(payments: Payments) -> None:
    id_ = await overpaid(payments)
    assert (await proposed(payments, id_, "waived", 180_001)).json()["code"] == "recovery_unfit"
    waiver = await proposed(payments, id_, "waived", 180_000)
    assert (await proposed(payments, id_, "waived", 1)).json()["code"] == "recovery_closed"
    path = f"/v1/overpayments/recoveries/{waiver.json()['recovery_id']}/withdrawal"
    assert (await payments.post(path, None, "maker#m")).json()["status"] == "withdrawn"
    assert (await approved(payments, waiver)).json()["code"] == "recovery_closed"
    await agreed(payments, id_, "plan", 90_000)
    waiver = await proposed(payments, id_, "waived", 180_000)
    await payments.built("2024-02")
    assert (await approved(payments, waiver)).json()["code"] == "recovery_unfit"


async def test_the_debt_of_who_died_stays_open_and_is_listed(payments: Payments) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "plan", 90_000)
    stop = {"outcome": "refused", "category": "none", "coefficient_hundredths": 0, "amount_dong": 0}
    await payments.decide(decision(1, version=2, effective_from="2024-02", pays_from="2024-02", **stop))
    assert (await payments.built("2024-02"))["lines"] == 0
    assert [one["open_dong"] for one in (await payments.get("/v1/overpayments")).json()["items"]] == [180_000]


@pytest.mark.parametrize(
    ("statement", "numbers"),
    [
        ("update instalment set amount_dong = amount_dong + 1", {19}),
        ("delete from instalment", {19}),
        ("update recovery set amount_dong = 999999 where kind = 'waived'", {19}),
        ("update instalment set booked_on = null", {19}),
        ("delete from ledger_transfer where posting = 'set_off'", {15, 19}),
        ("update instruction_line set withheld_dong = 0 where withheld_dong > 0", {6, 9, 19}),
        ("update instruction_line set withheld_dong = withheld_dong + 1 where withheld_dong > 0", {6, 9, 19}),
    ],
)
async def test_a_broken_promise_about_recoveries_is_seen(
    payments: Payments, statement: str, numbers: set[int]
) -> None:
    id_ = await overpaid(payments)
    await agreed(payments, id_, "waived", 10_000)
    await agreed(payments, id_, "plan", 90_000)
    await payments.instructed(MONTHS[1])
    await payments.answered()
    assert await payments.violations() == {}
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(statement)
    assert set(await payments.violations()) == numbers
