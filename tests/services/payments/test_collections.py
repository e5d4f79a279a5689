"""The post office tells at once whom it paid; offline tellers tell later; every payment counts once."""

import asyncio
from typing import Any

import pytest

from libs.common.kernel.ids import derived_id, show
from tests.services.payments.test_suspense import payment, resolved, waiting
from tests.services.payments.world import (
    BANK,
    EVERYBODY_FAILS,
    HANOI,
    HCMC,
    MONTHS,
    NOBODY_FAILS,
    POST,
    Payments,
    decision,
)

_PATH = "/v1/post/collections"


@pytest.fixture
async def run(payments: Payments) -> dict[str, Any]:
    """Two payments at the post, one at the bank, instructed."""
    await payments.decide(*(decision(number, pays_from="2024-02") for number in (1, 2, 3)))
    await payments.cash(1)
    await payments.cash(2)
    await payments.account(3)
    await payments.close(*MONTHS)
    return await payments.instructed("2024-02")


async def handed_over(payments: Payments, number: int, **changed: Any) -> dict[str, Any]:
    """What a teller tells of that person's payment."""
    return {
        "receipt": f"BN-{number}",
        "payment_id": (await payment(payments, number))["instruction_id"],
        "amount_dong": 540_000,
        "paid_to": "self",
        "paid_at": "2024-02-05T09:30:00+07:00",
        "teller": "GDV-07",
    } | changed


async def told(payments: Payments, *items: dict[str, Any], as_: str = f"bank:{POST}") -> list[str]:
    answer = await payments.post(_PATH, {"items": list(items)}, as_)
    assert answer.status_code == 200, answer.text
    await payments.work()
    return [item["outcome"] for item in answer.json()["items"]]


async def test_a_payment_is_settled_as_soon_as_it_is_told(payments: Payments, run: dict[str, Any]) -> None:
    one = await handed_over(payments, 1)
    assert await told(payments, one) == ["accepted"]
    assert (await payment(payments, 1))["status"] == "settled"
    assert (await payment(payments, 1))["settled_on"] == "2024-02-05"
    assert (await payment(payments, 2))["status"] == "pending"
    shown = (await payments.get(f"{_PATH}/BN-1", f"bank:{POST}")).json()
    assert (shown["status"], shown["paid_to"], shown["teller"]) == ("taken", "self", "GDV-07")
    statuses = [event["data"]["status"] for event in await payments.events(f"bank:{POST}")]
    assert statuses == ["instructed", "instructed", "settled"]
    assert await payments.violations() == {}


async def test_what_is_told_again_and_by_offline_tellers_counts_once(
    payments: Payments, run: dict[str, Any]
) -> None:
    first, second = await handed_over(payments, 1), await handed_over(payments, 2, paid_to="payee")
    assert await told(payments, first) == ["accepted"]
    assert await told(payments, first, second, first) == ["known", "accepted", "known"]
    assert await told(payments, {**first, "receipt": "BN-9"}) == ["payment_collected"]
    assert await told(payments, {**second, "receipt": "BN-1"}) == ["receipt_taken"]
    # The list comes last, filled in: it says what is known.
    await payments.answered(agencies=(POST,))
    assert await waiting(payments) == []
    shown = await payments.run(run["run_id"])
    assert (shown["settled_dong"], shown["pending_dong"]) == (2 * 540_000, 540_000)
    await payments.answered(agencies=(BANK,))
    assert (await payments.run(run["run_id"]))["status"] == "reconciled"
    assert await payments.violations() == {}


async def test_the_same_told_at_the_same_time_counts_once(payments: Payments, run: dict[str, Any]) -> None:
    one = await handed_over(payments, 1)
    body = {"items": [one, {**one, "receipt": "BN-X"}]}
    answers = await asyncio.gather(*(payments.post(_PATH, body, f"bank:{POST}") for _ in range(6)))
    outcomes = [item["outcome"] for answer in answers for item in answer.json()["items"]]
    assert outcomes.count("accepted") == 1
    assert set(outcomes) == {"accepted", "known", "payment_collected"}
    await payments.work()
    assert (await payments.run(run["run_id"]))["settled_dong"] == 540_000
    assert await payments.violations() == {}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"amount_dong": 500_000}, "amount_differs"),
        ({"paid_at": "2024-02-06T00:30:00+07:00"}, "date_differs"),
        ({"paid_at": "2024-02-04T23:30:00+07:00"}, "date_differs"),
    ],
)
async def test_what_does_not_fit_its_payment_waits_and_leaves_room_for_the_right_receipt(
    payments: Payments, run: dict[str, Any], changed: dict[str, Any], reason: str
) -> None:
    one = await handed_over(payments, 1)
    assert await told(payments, {**one, **changed}) == ["accepted"]
    [line] = await waiting(payments)
    assert (line["reason"], line["reference"], line["held"]) == (reason, "BN-1", False)
    assert (await payment(payments, 1))["status"] == "pending"
    assert await told(payments, {**one, "receipt": "BN-1B"}) == ["accepted"]
    assert (await payment(payments, 1))["status"] == "settled"
    assert (await resolved(payments, line, resolution="dismissed"))["status"] == "dismissed"
    assert await payments.violations() == {}


async def test_a_receipt_for_what_came_back_waits_for_a_person(
    payments: Payments, run: dict[str, Any]
) -> None:
    one = await handed_over(payments, 1)
    await payments.answered(EVERYBODY_FAILS, (POST,))
    assert await told(payments, one) == ["accepted"]
    [line] = await waiting(payments)
    assert line["reason"] == "state_differs"
    assert (await resolved(payments, line, resolution="attributed"))["status"] == "attributed"
    assert (await payment(payments, 1))["status"] == "settled"
    assert await payments.violations() == {}


async def test_a_list_does_not_take_back_what_has_a_receipt_that_was_attributed(
    payments: Payments, run: dict[str, Any]
) -> None:
    """The teller's clock was a day fast: two people looked, and the receipt is right."""
    one = await handed_over(payments, 1, paid_at="2024-02-06T00:30:00+07:00")
    assert await told(payments, one) == ["accepted"]
    [line] = await waiting(payments)
    assert (await resolved(payments, line, resolution="attributed"))["status"] == "attributed"
    assert (await payments.get(f"{_PATH}/BN-1", f"bank:{POST}")).json()["status"] == "taken"
    assert await told(payments, one, {**one, "receipt": "BN-2"}) == ["known", "payment_collected"]
    await payments.answered(EVERYBODY_FAILS, (POST,))
    [line] = await waiting(payments)
    assert (line["reason"], line["outcome"]) == ("state_differs", "returned")
    assert (await payment(payments, 1))["status"] == "settled"
    assert await payments.violations() == {}


async def test_a_receipt_of_another_payment_stays_known_as_it_was_told(
    payments: Payments, run: dict[str, Any]
) -> None:
    """The teller took the wrong line of the list: two people find whose receipt it is."""
    one, other = await handed_over(payments, 1), await handed_over(payments, 2)
    wrong = {**one, "paid_at": "2024-02-06T00:30:00+07:00"}
    assert await told(payments, wrong) == ["accepted"]
    [line] = await waiting(payments)
    whose = {"resolution": "attributed", "instruction_id": other["payment_id"]}
    assert (await resolved(payments, line, **whose))["status"] == "attributed"
    assert (await payment(payments, 2))["status"] == "settled"
    shown = (await payments.get(f"{_PATH}/BN-1", f"bank:{POST}")).json()
    assert (shown["payment_id"], shown["attributed_to"]) == (one["payment_id"], other["payment_id"])
    # The queue of the teller who was offline sends it once more; each payment has one receipt.
    again = [wrong, {**other, "receipt": "BN-3"}, {**one, "receipt": "BN-4"}]
    assert await told(payments, *again) == ["known", "payment_collected", "accepted"]
    assert (await payment(payments, 1))["status"] == "settled"
    assert await payments.violations() == {}


async def test_a_receipt_of_what_has_another_by_now_waits_again(
    payments: Payments, run: dict[str, Any]
) -> None:
    one = await handed_over(payments, 1, paid_at="2024-02-06T00:30:00+07:00")
    assert await told(payments, one) == ["accepted"]
    [line] = await waiting(payments)
    path = f"/v1/suspense/{line['suspense_id']}"
    body = {"resolution": "attributed", "note": "đúng biên nhận"}
    assert (await payments.post(f"{path}/proposal", body, "maker#m")).status_code == 200
    assert (await payments.post(f"{path}/approval", {}, "checker#c")).status_code == 200
    # Before it is carried out, the right receipt comes.
    right = {**one, "receipt": "BN-2", "paid_at": "2024-02-05T09:30:00+07:00"}
    await payments.post(_PATH, {"items": [right]}, f"bank:{POST}")
    await payments.work("suspense resolver")
    assert (await payments.get(path)).json()["problem"] == "state_differs"
    await payments.work()
    assert (await payment(payments, 1))["status"] == "settled"
    assert await payments.violations() == {}


async def test_a_list_that_takes_back_what_has_its_receipt_waits_for_a_person(
    payments: Payments, run: dict[str, Any]
) -> None:
    """The teller who paid was offline while the list was filled in: the receipt says that money is gone."""
    assert await told(payments, await handed_over(payments, 1)) == ["accepted"]
    await payments.answered(EVERYBODY_FAILS, (POST,))
    [line] = await waiting(payments)
    assert (line["reason"], line["instruction_id"]) == (
        "state_differs",
        (await payment(payments, 1))["instruction_id"],
    )
    assert (await payment(payments, 1))["status"] == "settled"
    assert (await payment(payments, 2))["status"] == "returned"
    assert [item["data"]["status"] for item in await payments.events(f"bank:{POST}")][2:] == [
        "settled",
        "returned",
    ]
    await payments.answered(agencies=(BANK,))
    again = await payments.built("2024-02")
    assert again["instructions"] == 1, "only who has no receipt is paid anew"
    assert (await resolved(payments, line, resolution="attributed"))["status"] == "attributed"
    assert (await payment(payments, 1))["status"] == "returned"
    assert await payments.violations() == {}


async def test_only_the_post_office_that_has_the_list_tells(payments: Payments, run: dict[str, Any]) -> None:
    of_bank = await handed_over(payments, 3)
    mine = await handed_over(payments, 1)
    nobody = {**mine, "payment_id": show("pay", derived_id("nobody")), "receipt": "BN-0"}
    assert await told(payments, of_bank, nobody) == ["payment_unknown"] * 2
    assert await told(payments, of_bank, as_=f"bank:{BANK}") == ["payment_unknown"]
    assert await told(payments, mine, as_=f"bank:{POST}@{HCMC}") == ["payment_unknown"]
    assert await told(payments, mine, as_=f"bank:{POST}@{HANOI}") == ["accepted"]
    assert (await payments.get(f"{_PATH}/BN-1", f"bank:{BANK}")).status_code == 404
    assert (await payments.post(_PATH, {"items": [mine]}, "maker#m")).status_code == 403
    assert (await payments.post(_PATH, {"items": []}, f"bank:{POST}")).status_code == 422
    assert await payments.violations() == {}


async def test_the_rest_of_the_list_is_told_by_its_report(payments: Payments, run: dict[str, Any]) -> None:
    await told(payments, await handed_over(payments, 1))
    await payments.answered(NOBODY_FAILS, (POST, BANK))
    assert (await payments.run(run["run_id"]))["settled_dong"] == 3 * 540_000
    assert await waiting(payments) == []
