"""A suspension as payments meets it, in the versions that eligibility writes: the gap is paid once."""

from typing import Any

from tests.services.payments.world import HANOI, HCMC, Payments, decision

NOTHING: dict[str, Any] = {"outcome": "refused", "category": "none", "coefficient_hundredths": 0}


async def measure(payments: Payments, version: int, month: str, **changed: Any) -> None:
    """A version under a measure's signature: recorded as a proposal, and signed at once."""
    told = decision(1, version=version, status="proposed", effective_from=month, pays_from=month, **changed)
    await payments.decide(told)
    await payments.sign(told)


async def test_a_suspended_month_is_not_paid_and_what_is_resumed_is_paid_once(payments: Payments) -> None:
    await payments.cash(1)
    await payments.decide(decision(1, pays_from="2023-12"))
    await payments.close("2023-12", "2024-01", "2024-02", "2024-03")
    assert (await payments.built("2023-12"))["instructed_dong"] == 540_000
    await measure(payments, 2, "2024-01", **NOTHING, amount_dong=0)
    assert (await payments.built("2024-01"))["lines"] == 0
    await measure(payments, 3, "2024-01")
    run = await payments.built("2024-02")
    assert (run["lines"], run["instructed_dong"]) == (2, 1_080_000)
    assert (await payments.built("2024-03"))["lines"] == 1


async def test_a_stop_pays_the_month_it_was_made_in_and_none_after(payments: Payments) -> None:
    await payments.cash(1)
    await payments.decide(decision(1))
    await payments.close("2024-01", "2024-02")
    await measure(payments, 2, "2024-02", **NOTHING, amount_dong=0)
    assert (await payments.built("2024-02"))["lines"] == 1


async def test_who_moved_is_paid_each_month_by_one_place(payments: Payments) -> None:
    await payments.cash(1)
    await payments.decide(decision(1))
    await payments.close("2024-01", "2024-02")
    await measure(payments, 2, "2024-02", province_code=HCMC, former_province_code=HCMC, amount_dong=600_000)
    old = await payments.built("2024-01", "2024-02", province=HANOI)
    new = await payments.built("2024-01", "2024-02", province=HCMC)
    assert (old["lines"], old["instructed_dong"]) == (1, 540_000)
    assert (new["lines"], new["instructed_dong"]) == (1, 600_000)
