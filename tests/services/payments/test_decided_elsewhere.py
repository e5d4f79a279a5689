"""What another authority decided is heard and kept, and no run pays it or counts it."""

from typing import Any

import pytest

from libs.common.kernel.ids import show
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


@pytest.mark.parametrize("programmes", [["merit_allowance"], ["monthly_allowance", "merit_allowance"]])
async def test_no_run_can_be_asked_to_pay_it(payments: Payments, programmes: list[str]) -> None:
    await payments.decide(merit(1))
    await payments.close(*MONTHS)
    answer = await payments.ask_run("2024-01", programmes=programmes)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
