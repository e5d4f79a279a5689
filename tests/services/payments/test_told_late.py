"""Told as paid after it came back, of a month that was recalculated: settled late unless reissued."""

from typing import Any

import pytest

from tests.services.payments.test_suspense import propose, resolved, told_late
from tests.services.payments.world import MONTHS, Payments, decision, difference


@pytest.fixture
async def run(payments: Payments) -> dict[str, Any]:
    """One payment at the bank, instructed."""
    await payments.decide(decision(1, pays_from="2024-02"))
    await payments.account(1)
    await payments.close(*MONTHS)
    return await payments.instructed("2024-02")


async def arrears(payments: Payments) -> dict[str, Any]:
    """A run of what the month comes to now."""
    await payments.differ(difference(1, "2024-02", 720_000, 180_000))
    run = await payments.instructed(*MONTHS)
    assert run["instructed_dong"] == 180_000
    return run


async def test_arrears_told_late_are_settled_though_their_month_was_paid_before(
    payments: Payments, run: dict[str, Any]
) -> None:
    await payments.answered()
    line = await told_late(payments, await arrears(payments))
    assert (await resolved(payments, line, resolution="attributed"))["status"] == "attributed"
    assert (await payments.built("2024-02"))["instructed_dong"] == 0
    assert await payments.violations() == {}


async def test_arrears_told_late_after_a_reissue_are_not_settled(
    payments: Payments, run: dict[str, Any]
) -> None:
    await payments.answered()
    line = await told_late(payments, await arrears(payments))
    assert (await payments.built("2024-02"))["instructed_dong"] == 180_000
    answer = await propose(payments, line, resolution="attributed")
    assert answer.json()["errors"][0]["code"] == "reissued"


async def test_a_month_that_somebody_still_owes_is_not_settled_twice(
    payments: Payments, run: dict[str, Any]
) -> None:
    await payments.differ(difference(1, "2024-02", 540_000, 180_000))
    line = await told_late(payments, run)
    again = await payments.instructed("2024-02")
    assert again["instructed_dong"] == 540_000
    await payments.answered()
    none: dict[str, Any] = {"category": "none", "coefficient_hundredths": 0, "standard_dong": 0}
    await payments.differ(difference(1, "2024-02", 0, -540_000, recalculation=2, **none))
    await payments.work()
    answer = await propose(payments, line, resolution="attributed")
    assert answer.json()["errors"][0]["code"] == "reissued"


async def test_a_month_told_late_is_settled_beside_its_arrears(
    payments: Payments, run: dict[str, Any]
) -> None:
    await arrears(payments)
    line = await told_late(payments, run)
    assert (await resolved(payments, line, resolution="attributed"))["status"] == "attributed"
    await payments.answered()
    assert (await payments.built("2024-02"))["instructed_dong"] == 0
    assert await payments.violations() == {}


async def test_a_month_told_late_and_reissued_as_it_was_recalculated_is_not_settled(
    payments: Payments, run: dict[str, Any]
) -> None:
    line = await told_late(payments, run)
    await payments.differ(difference(1, "2024-02", 360_000, -180_000))
    # Until it is paid anew, it is what was granted then that was paid.
    assert (await propose(payments, line, resolution="attributed")).status_code == 200
    await payments.post(f"/v1/suspense/{line['suspense_id']}/withdrawal", {}, "maker#m")
    await payments.instructed("2024-02")
    answer = await propose(payments, line, resolution="attributed")
    assert answer.json()["errors"][0]["code"] == "reissued"
