"""What another authority decided is heard and kept, and paid only by a run that names it and a fund."""

from typing import Any

from libs.common.kernel.ids import show
from tests.services.payments.test_funds import balances, booked, opened
from tests.services.payments.world import MONTHS, Payments, decision, person


def merit(number: int, **changed: Any) -> dict[str, Any]:
    return decision(
        number,
        programme="merit_allowance",
        category="decided_elsewhere",
        coefficient_hundredths=0,
        standard_dong=0,
        amount_dong=1_624_000,
        **changed,
    )


async def test_a_run_of_everything_neither_pays_nor_counts_it(payments: Payments) -> None:
    for number in (1, 2):
        await payments.account(number)
    await payments.decide(decision(1), merit(1), merit(2))
    await payments.close(*MONTHS)
    run = await payments.instructed()

    assert run["instructed_dong"] == 540_000 * len(MONTHS)
    assert [part["programme"] for part in run["by_programme"]] == ["monthly_allowance"]
    lines = await payments.look.fetch("select person_id, programme from instruction_line")
    assert {(show("per", line["person_id"]), line["programme"]) for line in lines} == {
        (show("per", person(1)), "monthly_allowance")
    }
    assert not await payments.look.fetch("select from unpayable")
    kept = await payments.look.fetchval(
        "select count(*) from entitlement where programme = 'merit_allowance'"
    )
    assert kept == 2
    assert await payments.violations() == {}


async def test_a_run_that_names_it_pays_it_from_the_fund_that_it_names(payments: Payments) -> None:
    await payments.account(1)
    await payments.decide(decision(1), merit(1))
    await payments.close(*MONTHS)
    named: dict[str, Any] = {"programmes": ["merit_allowance"]}
    assert (await payments.ask_run("2024-01", **named)).json()["code"] == "fund_unfit"
    fund_id = await opened(payments, "merit", kind="province", purpose="merit_allowance")
    await booked(payments, fund_id=fund_id, amount=10**7, booked_on="2024-01-02")
    run = await payments.instructed("2024-01", fund_id=fund_id, **named)
    assert run["instructed_dong"] == 1_624_000
    await payments.answered()
    books = await balances(payments)
    assert (books["fund:merit"], books["paid:merit_allowance"]) == (10**7 - 1_624_000, 1_624_000)
    assert await payments.violations() == {}
