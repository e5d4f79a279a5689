"""Money that nobody collects: told to eligibility with the months in a row, and by nothing else."""

from typing import Any

import orjson
import pytest

from contracts.events.payments import PaymentUncollected
from libs.common.kernel.ids import show
from simulators.outcomes import Odds
from tests.services.payments.world import (
    BANK,
    EVERYBODY_FAILS,
    NOBODY_FAILS,
    POST,
    Payments,
    close_payments,
    decision,
    open_payments,
    person,
)
from tests.support.postgres import TestCluster

MONTHS = ("2024-01", "2024-02", "2024-03", "2024-04")
#: A seed by which whoever fails here was not met.
NOT_MET = Odds(seed=1, failing_per_10_000=10_000)


@pytest.fixture
async def payments(postgres_cluster: TestCluster) -> Any:
    """One who is paid at the post and is never met, one at the bank."""
    database = await postgres_cluster.fresh_database("payments")
    opened = await open_payments(database, ANSINH_BUSINESS_DATE="2024-04-05")
    await opened.decide(decision(_unmet()), decision(901))
    await opened.cash(_unmet())
    await opened.account(901)
    await opened.close(*MONTHS)
    yield opened
    await close_payments(opened)


def _unmet() -> int:
    """A number of whom the post office says that it did not meet them."""
    return next(n for n in range(1, 100) if NOT_MET.at_post(f"0{n:011d}") == "not_met")


async def month(payments: Payments, *months: str, post: Odds = NOT_MET, bank: Odds = NOBODY_FAILS) -> None:
    await payments.instructed(*months)
    await payments.answered(post, (POST,))
    await payments.answered(bank, (BANK,))


async def in_a_row(payments: Payments) -> list[list[str]]:
    told = [
        PaymentUncollected.model_validate_json(orjson.dumps(one))
        for one in await payments.told("PaymentUncollected")
    ]
    assert {one.person_id for one in told} <= {show("per", person(_unmet()))}
    return [list(one.benefit_months) for one in told]


async def test_each_month_that_nobody_collected_is_told_with_those_before_it(payments: Payments) -> None:
    for last in range(3):
        await month(payments, MONTHS[last])
    assert await in_a_row(payments) == [list(MONTHS[:1]), list(MONTHS[:2]), list(MONTHS[:3])]
    assert await payments.violations() == {}


async def test_a_month_that_was_collected_begins_the_count_anew(payments: Payments) -> None:
    await month(payments, MONTHS[0])
    await month(payments, MONTHS[1], post=NOBODY_FAILS)
    await month(payments, MONTHS[2])
    assert await in_a_row(payments) == [["2024-01"], ["2024-03"]]


async def test_months_paid_together_count_as_they_are_and_arrears_do_not(payments: Payments) -> None:
    # January to March fall due with the list of March alone: nobody tried to pay the first two before.
    await month(payments, "2024-03")
    assert await in_a_row(payments) == [["2024-03"]]
    await month(payments, "2024-04")
    assert (await in_a_row(payments))[-1] == ["2024-03", "2024-04"]


async def test_two_months_before_tet_are_two_months(payments: Payments) -> None:
    await month(payments, "2024-01", "2024-02")
    assert await in_a_row(payments) == [["2024-01", "2024-02"]]


async def test_a_closed_account_is_not_somebody_who_did_not_come(payments: Payments) -> None:
    await month(payments, "2024-01", post=NOBODY_FAILS, bank=EVERYBODY_FAILS)
    assert await in_a_row(payments) == []
