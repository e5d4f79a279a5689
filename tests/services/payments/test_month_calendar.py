"""A run knows by when it is to be approved and answered, and what is late of it is seen."""

from datetime import date

import pytest

from tests.services.payments.world import Payments, close_payments, decision, open_payments
from tests.support.postgres import TestCluster


@pytest.mark.parametrize(
    ("today", "built", "instructed"),
    [("2024-01-24", None, None), ("2024-01-25", "list", None), ("2024-02-20", "list", "return")],
)
async def test_a_list_is_late_from_the_25th_and_what_is_left_from_the_20th(
    postgres_cluster: TestCluster, today: str, built: str | None, instructed: str | None
) -> None:
    database = await postgres_cluster.fresh_database("payments")
    payments = await open_payments(database, ANSINH_BUSINESS_DATE=today)
    try:
        await payments.account(1)
        await payments.decide(decision(1, pays_from="2024-02"))
        await payments.close("2024-02")
        run = await payments.built("2024-02")
        assert (run["list_before"], run["returned_before"]) == ("2024-01-25", "2024-02-20")
        assert run["late"] == built
        run = await payments.instructed("2024-02")
        [shown] = (await payments.get("/v1/runs/open")).json()["items"]
        assert (shown["run_id"], shown["late"]) == (run["run_id"], instructed)
        await payments.answered()
        assert (await payments.get("/v1/runs/open")).json()["items"] == []
    finally:
        await close_payments(payments)


async def test_a_month_before_the_law_that_is_read_here_has_no_days(payments: Payments) -> None:
    await payments.close("2021-06")
    run = await payments.built("2021-06")
    assert (run["list_before"], run["returned_before"], run["late"]) == (None, None, None)


async def test_months_paid_together_are_listed_before_the_first_and_answered_in_the_last(
    payments: Payments,
) -> None:
    await payments.close("2024-01", "2024-02")
    run = await payments.built("2024-01", "2024-02")
    days = date.fromisoformat(run["list_before"]), date.fromisoformat(run["returned_before"])
    assert days == (date(2023, 12, 25), date(2024, 2, 20))


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        ("2024-01-24", [("2024-01", "01", "2023-12-25")]),
        ("2024-01-25", [("2024-01", "01", "2023-12-25"), ("2024-02", "01", "2024-01-25")]),
    ],
)
async def test_a_list_that_nobody_ordered_by_its_day_is_missing(
    postgres_cluster: TestCluster, today: str, missing: list[tuple[str, str, str]]
) -> None:
    database = await postgres_cluster.fresh_database("payments")
    payments = await open_payments(database, ANSINH_BUSINESS_DATE=today)

    async def told(as_: str = "checker#c") -> list[tuple[str, str, str]]:
        items = (await payments.get("/v1/runs/missing", as_)).json()["items"]
        return [(item["month"], item["province_code"], item["list_before"]) for item in items]

    try:
        assert await told() == []
        await payments.account(1)
        await payments.decide(decision(1, pays_from="2024-01"))
        await payments.decide(decision(2, pays_from="2024-03", province_code="48"))
        assert await told() == missing
        assert await told("maker#m@48") == []
        await payments.close("2024-01", "2024-02")
        run = await payments.built("2024-01")
        assert await told() == missing[1:]
        await payments.post(f"/v1/runs/{run['run_id']}/withdrawal", {"reason": "wrong"}, "maker#m")
        assert await told() == missing
    finally:
        await close_payments(payments)
