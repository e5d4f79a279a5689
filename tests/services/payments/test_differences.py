"""Recalculated months become money: arrears are paid once, what was overpaid is booked once."""

import random
from typing import Any

import pytest

from contracts.events.eligibility import DifferenceRecorded
from libs.common.kernel.ids import read
from tests.services.payments.world import (
    BANK,
    EVERYBODY_FAILS,
    HCMC,
    NOBODY_FAILS,
    Payments,
    decision,
    difference,
)

OPENED = ("2024-01", "2024-02", "2024-03")


async def paid(payments: Payments, **changed: Any) -> None:
    """January of one person is paid by 540,000 đồng."""
    await payments.account(1)
    await payments.decide(decision(1, **changed))
    await payments.close(*OPENED)
    await payments.instructed("2024-01")
    await payments.answered()


async def overpaid(payments: Payments) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await payments.get("/v1/overpayments")).json()["items"]
    return items


async def lines(payments: Payments, run: dict[str, Any]) -> list[tuple[str, int, bool]]:
    rows = await payments.look.fetch(
        "select to_char(month, 'YYYY-MM'), amount_dong, difference_id is not null from instruction_line"
        " where run_id = $1 order by month",
        read("run", run["run_id"]),
    )
    return [tuple(row) for row in rows]


def test_what_is_told_in_tests_is_what_the_contract_promises() -> None:
    DifferenceRecorded.model_validate(difference(1, "2024-01", 720_000, 180_000))


async def test_arrears_are_paid_with_the_next_run_once_though_told_and_built_twice(
    payments: Payments,
) -> None:
    await paid(payments)
    told = difference(1, "2024-01", 720_000, 180_000)
    await payments.differ(told)
    await payments.differ(told)
    first = await payments.built("2024-02")
    assert await lines(payments, first) == [("2024-01", 180_000, True), ("2024-02", 540_000, False)]
    await payments.post(f"/v1/runs/{first['run_id']}/withdrawal", {"reason": "again"}, "maker#m")
    run = await payments.instructed("2024-02")
    assert await lines(payments, run) == [("2024-01", 180_000, True), ("2024-02", 540_000, False)]
    await payments.answered()
    assert await lines(payments, await payments.built("2024-03")) == [("2024-03", 540_000, False)]
    assert await payments.violations() == {}


async def test_arrears_that_came_back_fall_due_again(payments: Payments) -> None:
    await paid(payments)
    await payments.differ(difference(1, "2024-01", 720_000, 180_000))
    await payments.instructed("2024-02")
    await payments.answered(EVERYBODY_FAILS)
    run = await payments.built("2024-03")
    assert [amount for _, amount, _ in await lines(payments, run)] == [180_000, 540_000, 540_000]
    assert (run["corrected_lines"], run["corrected_dong"], run["withheld_dong"]) == (1, 180_000, 0)
    assert await payments.violations() == {}


async def test_a_month_that_was_not_paid_yet_is_paid_as_recalculated(payments: Payments) -> None:
    await payments.account(1)
    await payments.decide(decision(1))
    await payments.close(*OPENED)
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    run = await payments.instructed("2024-02")
    assert await lines(payments, run) == [("2024-01", 360_000, True), ("2024-02", 540_000, False)]
    await payments.answered()
    assert (await overpaid(payments), await payments.violations()) == ([], {})


async def test_a_difference_told_before_it_said_what_is_due_stops_no_run(payments: Payments) -> None:
    await payments.account(1)
    await payments.decide(decision(1))
    await payments.close(*OPENED)
    now = difference(1, "2024-01", 720_000, 180_000)
    since = ("due_dong", "category", "coefficient_hundredths", "standard_dong")
    await payments.differ({name: value for name, value in now.items() if name not in since})
    run = await payments.built("2024-01")
    assert await lines(payments, run) == [("2024-01", 540_000, False)]


async def test_arrears_of_who_was_told_nothing_need_no_decision(payments: Payments) -> None:
    await payments.account(1)
    await payments.decide(decision(1, pays_from="2024-02", effective_from="2024-02"))
    await payments.close(*OPENED)
    await payments.differ(difference(1, "2024-01", 540_000, 540_000))
    run = await payments.built("2024-02")
    assert await lines(payments, run) == [("2024-01", 540_000, True), ("2024-02", 540_000, False)]


async def test_several_differences_of_a_month_come_to_what_the_latest_says(payments: Payments) -> None:
    await paid(payments)
    await payments.differ(
        difference(1, "2024-01", 900_000, -180_000, recalculation=2),
        difference(1, "2024-01", 1_080_000, 540_000, recalculation=1),
    )
    run = await payments.built("2024-02")
    assert await lines(payments, run) == [("2024-01", 360_000, True), ("2024-02", 540_000, False)]


async def test_a_refusal_after_the_recalculation_waits_for_the_next_one(payments: Payments) -> None:
    await paid(payments)
    await payments.differ(difference(1, "2024-01", 720_000, 180_000))
    stop = {"outcome": "refused", "category": "none", "coefficient_hundredths": 0, "amount_dong": 0}
    await payments.decide(
        decision(1, version=2, effective_from="2024-01", pays_from="2024-01", decided_on="2024-02-06", **stop)
    )
    assert (await payments.built("2024-02"))["lines"] == 0


async def test_who_moved_leaves_the_arrears_where_they_were_paid(payments: Payments) -> None:
    await paid(payments)
    moved = {"province_code": HCMC, "former_province_code": HCMC, "commune_code": "26506"}
    await payments.decide(decision(1, version=2, effective_from="2024-02", pays_from="2024-02", **moved))
    await payments.differ(difference(1, "2024-01", 720_000, 180_000))
    here = await payments.built("2024-02")
    there = await payments.built("2024-02", province=HCMC)
    assert await lines(payments, here) == [("2024-01", 180_000, True)]
    assert await lines(payments, there) == [("2024-02", 540_000, False)]


async def test_what_was_overpaid_is_booked_once_against_what_was_paid(payments: Payments) -> None:
    await paid(payments)
    told = difference(1, "2024-01", 360_000, -180_000)
    await payments.differ(told)
    await payments.work()
    await payments.differ(told)
    await payments.work()
    [found] = await overpaid(payments)
    assert (found["amount_dong"], found["open_dong"]) == (180_000, 180_000)
    assert found["difference_id"] == told["difference_id"]
    balances = (await payments.get("/v1/ledger/balances", "auditor#a")).json()["items"]
    stands = {item["account"]: item["balance"] for item in balances}
    assert stands["overpayment:monthly_allowance"] == 180_000
    assert stands["paid:monthly_allowance"] == 360_000
    assert await payments.violations() == {}


async def test_nothing_is_overpaid_until_it_is_known_what_was_paid(payments: Payments) -> None:
    await payments.account(1)
    await payments.decide(decision(1))
    await payments.close(*OPENED)
    await payments.instructed("2024-01")
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    await payments.work()
    assert await overpaid(payments) == []
    assert await payments.look.fetchval("select next_look_at > now() + interval '50 minutes' from difference")
    [file] = await payments.files(BANK)
    for report in await payments.reports(file["payment_file_id"], BANK, NOBODY_FAILS):
        await payments.hand_in(file["payment_file_id"], report.content)
    await payments.work()
    assert [one["amount_dong"] for one in await overpaid(payments)] == [180_000]


async def test_nothing_is_weighed_while_a_report_on_its_file_is_taken(payments: Payments) -> None:
    await paid(payments)
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    async with payments.look.transaction():
        await payments.look.execute("select from payment_file for update")
        await payments.work("overpayment finder")
        assert await payments.look.fetchval("select weighed_on is null from difference")
    await payments.look.execute("update difference set next_look_at = now()")
    await payments.work("overpayment finder")
    assert [one["amount_dong"] for one in await overpaid(payments)] == [180_000]


async def test_what_came_back_is_not_overpaid_and_is_paid_as_recalculated(payments: Payments) -> None:
    await payments.account(1)
    await payments.decide(decision(1))
    await payments.close(*OPENED)
    await payments.instructed("2024-01")
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    await payments.answered(EVERYBODY_FAILS)
    assert await overpaid(payments) == []
    run = await payments.built("2024-02")
    assert await lines(payments, run) == [("2024-01", 360_000, True), ("2024-02", 540_000, False)]


async def given_back(payments: Payments) -> None:
    """The bank reports that it gives back all that it had paid."""
    for file in await payments.files(BANK, status="answered"):
        for report in await payments.reports(file["payment_file_id"], BANK, NOBODY_FAILS):
            back = report.content.replace(b"<CdtDbtInd>DBIT</CdtDbtInd>", b"<CdtDbtInd>CRDT</CdtDbtInd>")
            await payments.hand_in(file["payment_file_id"], back)


async def came_back(payments: Payments) -> None:
    await given_back(payments)
    await payments.work()


@pytest.mark.parametrize(("due", "again"), [(0, []), (360_000, [("2024-01", 360_000, True)])])
async def test_what_comes_back_after_it_was_overpaid_ends_the_debt_and_only_what_is_due_is_paid(
    payments: Payments, due: int, again: list[tuple[str, int, bool]]
) -> None:
    await paid(payments)
    none = {"category": "none", "coefficient_hundredths": 0, "standard_dong": 0} if due == 0 else {}
    await payments.differ(difference(1, "2024-01", due, due - 540_000, **none))
    await payments.work()
    assert [one["open_dong"] for one in await overpaid(payments)] == [540_000 - due]
    await came_back(payments)
    assert await overpaid(payments) == []
    run = await payments.instructed("2024-02")
    assert await lines(payments, run) == [*again, ("2024-02", 540_000, False)]
    await payments.answered()
    assert await overpaid(payments) == []
    assert await payments.violations() == {}


async def test_a_list_built_before_the_debt_ends_pays_no_more_than_is_due(payments: Payments) -> None:
    await paid(payments)
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    await payments.work()
    await given_back(payments)
    await payments.work("report taker")
    run = await payments.built("2024-01")
    assert await lines(payments, run) == [("2024-01", 360_000, True)]
    assert await payments.violations() == {}
    await payments.approve(run)
    await payments.work()
    await payments.answered()
    assert (await overpaid(payments), await payments.violations()) == ([], {})


async def test_what_comes_back_after_its_arrears_were_paid_is_paid_anew(payments: Payments) -> None:
    await paid(payments)
    await payments.differ(difference(1, "2024-01", 720_000, 180_000))
    await payments.instructed("2024-01")
    await came_back(payments)
    await payments.answered()
    run = await payments.instructed("2024-01")
    assert await lines(payments, run) == [("2024-01", 540_000, True)]
    await payments.answered()
    assert (await overpaid(payments), await payments.violations()) == ([], {})


async def test_a_month_that_comes_to_more_again_ends_its_own_debt_first(payments: Payments) -> None:
    await paid(payments)
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    await payments.work()
    await payments.differ(difference(1, "2024-01", 720_000, 360_000, recalculation=2))
    await payments.work()
    assert await overpaid(payments) == []
    run = await payments.instructed("2024-01")
    assert await lines(payments, run) == [("2024-01", 180_000, True)]
    await payments.answered()
    assert (await overpaid(payments), await payments.violations()) == ([], {})


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_recalculated_and_comes_back_a_month_comes_to_what_the_latest_says(
    payments: Payments, seed: int
) -> None:
    chance = random.Random(seed)
    await payments.account(1)
    await payments.decide(decision(1))
    await payments.close(*OPENED)
    told = 540_000
    for recalculation in range(1, 5):
        await payments.instructed("2024-02")
        if chance.random() < 0.7:
            await payments.answered(chance.choice([NOBODY_FAILS, EVERYBODY_FAILS]))
        if chance.random() < 0.5:
            await came_back(payments)
        due = chance.choice([one for one in (0, 180_000, 360_000, 720_000) if one != told])
        await payments.differ(difference(1, "2024-01", due, due - told, recalculation=recalculation))
        await payments.work()
        told = due
        await payments.answered()
    await payments.instructed("2024-02")
    await payments.answered()
    paid_out = await payments.look.fetchval(
        "select coalesce(sum(l.amount_dong), 0)::bigint from instruction_line l"
        " join instruction i using (instruction_id) where l.month = '2024-01-01' and i.status = 'settled'"
    )
    overpaid_dong = await payments.look.fetchval(
        "select coalesce(sum(open_dong(overpayment_id)), 0)::bigint from overpayment"
    )
    assert paid_out - overpaid_dong == told
    assert await payments.violations() == {}


@pytest.mark.parametrize(
    ("statement", "numbers"),
    [
        ("update overpayment set amount_dong = amount_dong + 1", {19}),
        ("delete from ledger_transfer where posting = 'overpaid'", {15, 19}),
        ("update overpayment set programme = 'social_pension'", {3, 19}),
        ("update instruction_line set difference_id = person_id where difference_id is not null", {6, 9}),
        ("update difference set due_dong = 100000", {3, 6}),
        ("update difference set due_dong = 350000 where dong < 0", {3}),
        ("update overpayment set closed_on = booked_on", {19}),
        ("update difference set applied_on = '2024-03-01'", {6}),
        ("update instruction_line set withheld_dong = 1 where decision_id is not null", {6, 9, 19}),
    ],
)
async def test_a_broken_promise_about_differences_is_seen(
    payments: Payments, statement: str, numbers: set[int]
) -> None:
    await paid(payments)
    await payments.differ(difference(1, "2024-01", 360_000, -180_000))
    await payments.work()
    await payments.account(2)
    await payments.differ(difference(2, "2024-01", 180_000, 180_000))
    await payments.instructed("2024-02")
    await payments.answered()
    assert await payments.violations() == {}
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(statement)
    assert set(await payments.violations()) == numbers
