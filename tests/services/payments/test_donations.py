"""Gifts: pledged, received with a receipt, set apart, used, and told to everybody as far as was agreed."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.services.payments.test_funds import approved, balances, booked, opened, voucher
from tests.services.payments.world import HANOI, HCMC, MONTHS, Payments, decision

GIFTS = {"code": "gifts", "kind": "donation"}
WHEELCHAIRS = {"code": "chairs", "kind": "donation", "unit": "PCS:wheelchair"}
DONOR = "Công ty Thử Nghiệm"


async def pledged(payments: Payments, fund_id: str, **changed: Any) -> dict[str, Any]:
    wanted = {"fund_id": fund_id, "amount": 1000, "donor": DONOR} | changed
    answer = await payments.post("/v1/donations", wanted, "maker#m")
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def received(payments: Payments, fund_id: str, **changed: Any) -> dict[str, Any]:
    on = changed.pop("received_on", "2024-01-05")
    one = await pledged(payments, fund_id, **changed)
    return await done(payments, one, "receipt", amount=one["amount"], received_on=on)


async def step(payments: Payments, one: dict[str, Any], verb: str, **body: Any) -> httpx.Response:
    paper = {} if verb == "withdrawal" else {"document": "PT-1"}
    return await payments.post(f"/v1/donations/{one['donation_id']}/{verb}", paper | body, "maker#m")


async def done(payments: Payments, one: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """The gift after a step that somebody else has approved."""
    answer = await step(payments, one, verb, **body)
    assert answer.status_code == 201, answer.text
    approval = await approved(payments, answer.json())
    assert approval.status_code == 200, approval.text
    return await gift(payments, one)


async def gift(payments: Payments, one: dict[str, Any]) -> dict[str, Any]:
    items = (await payments.get("/v1/donations", "auditor#a")).json()["items"]
    [found] = [item for item in items if item["donation_id"] == one["donation_id"]]
    shown: dict[str, Any] = found
    return shown


async def public(payments: Payments, path: str, **params: Any) -> list[dict[str, Any]]:
    """As somebody without a token sees it."""
    answer = await payments.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_pledge_is_booked_when_it_comes_as_it_comes(payments: Payments) -> None:
    fund_id = await opened(payments, **GIFTS)
    one = await pledged(payments, fund_id)
    assert await balances(payments) == {}
    asked = (await step(payments, one, "receipt", amount=900)).json()
    assert (asked["kind"], asked["status"], asked["donation_id"]) == (
        "donated",
        "proposed",
        one["donation_id"],
    )
    assert await balances(payments) == {} and (await gift(payments, one))["status"] == "pledged"
    assert (await approved(payments, asked)).status_code == 200
    came = await gift(payments, one)
    assert (came["status"], came["amount"], came["receipt"]) == ("received", 900, "gifts/2024/000001")
    assert await balances(payments) == {"fund:gifts": 900, "origin:donation": -900}
    assert (await step(payments, one, "receipt", amount=900)).json()["code"] == "donation_state_wrong"
    assert (await step(payments, one, "withdrawal")).json()["code"] == "donation_state_wrong"
    assert await payments.violations() == {}


async def test_whoever_says_that_a_gift_came_does_not_book_it(payments: Payments) -> None:
    one = await pledged(payments, await opened(payments, **GIFTS))
    asked = (await step(payments, one, "receipt", amount=900)).json()
    assert (await approved(payments, asked, as_="checker#m")).json()["code"] == "same_identity"
    assert await balances(payments) == {}


async def test_one_voucher_of_a_gift_waits_and_is_the_same_when_it_is_sent_again(payments: Payments) -> None:
    one = await pledged(payments, await opened(payments, **GIFTS))
    first, again = [(await step(payments, one, "receipt", amount=900)).json() for _ in range(2)]
    assert first["voucher_id"] == again["voucher_id"]
    assert (await step(payments, one, "receipt", amount=800)).json()["code"] == "voucher_taken"
    await payments.post(f"/v1/vouchers/{first['voucher_id']}/withdrawal", {}, "maker#m")
    assert (await done(payments, one, "receipt", amount=800))["amount"] == 800


async def test_a_promise_withdrawn_is_not_booked_by_a_voucher_that_waited(
    payments: Payments,
) -> None:
    one = await pledged(payments, await opened(payments, **GIFTS))
    asked = (await step(payments, one, "receipt", amount=900)).json()
    assert (await step(payments, one, "withdrawal")).status_code == 200
    assert (await approved(payments, asked)).json()["code"] == "donation_state_wrong"
    assert await balances(payments) == {}


async def test_a_pledge_posted_again_by_its_key_is_one_gift_and_else_another(
    payments: Payments,
) -> None:
    wanted = {"fund_id": await opened(payments, **GIFTS), "amount": 5, "donor": DONOR}
    key = {"Idempotency-Key": "k1"}
    first, again = [await payments.post("/v1/donations", wanted, "maker#m", **key) for _ in range(2)]
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert (await payments.post("/v1/donations", wanted, "maker#m")).status_code == 201
    assert len((await payments.get("/v1/donations", "auditor#a")).json()["items"]) == 2


async def test_receipts_of_a_fund_are_numbered_without_a_gap(payments: Payments) -> None:
    fund_id = await opened(payments, **GIFTS)
    receipts = [(await received(payments, fund_id))["receipt"] for _ in range(3)]
    assert receipts == [f"gifts/2024/{number:06d}" for number in (1, 2, 3)]


async def test_a_pledge_may_be_withdrawn_and_nothing_was_booked(payments: Payments) -> None:
    one = await pledged(payments, await opened(payments, **GIFTS))
    assert (await step(payments, one, "withdrawal")).json()["status"] == "withdrawn"
    assert (await step(payments, one, "receipt", amount=1)).json()["code"] == "donation_state_wrong"
    assert await balances(payments) == {}


async def test_a_gift_set_apart_is_paid_out_for_that_programme_only(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    fund_id = await opened(payments, **GIFTS)
    purpose = await opened(payments, "allowance", kind="donation", purpose="monthly_allowance")
    one = await received(payments, fund_id, amount=2_000_000)
    assert (await step(payments, one, "earmark", to_fund_id=fund_id)).json()["code"] == "voucher_unfit"
    assert (await done(payments, one, "earmark", to_fund_id=purpose))["status"] == "earmarked"
    assert (await payments.ask_run("2024-02", fund_id=purpose)).json()["code"] == "fund_unfit"
    await payments.instructed("2024-02", fund_id=purpose, programmes=["monthly_allowance"])
    await payments.answered()
    assert (await balances(payments))["fund:allowance"] == 2_000_000 - 1_080_000
    [shown] = await public(payments, "/v1/gifts")
    assert (shown["purpose"], shown["amount"], shown["used"]) == ("monthly_allowance", 2_000_000, 1_080_000)
    assert await public(payments, "/v1/donation-report", year=2024) == [
        {
            "month": "2024-01",
            "unit": "VND",
            "programme": "monthly_allowance",
            "received": 2_000_000,
            "used": 0,
        },
        {
            "month": "2024-02",
            "unit": "VND",
            "programme": "monthly_allowance",
            "received": 0,
            "used": 1_080_000,
        },
    ]
    assert await payments.violations() == {}


async def test_goods_are_given_and_handed_over_and_the_first_come_is_used_first(payments: Payments) -> None:
    fund_id = await opened(payments, **WHEELCHAIRS)
    for amount in (3, 4):
        await received(payments, fund_id, amount=amount)
    used: dict[str, Any]
    used = {"kind": "handed_over", "fund_id": fund_id, "programme": "wheelchairs", "recipients": 5}
    handed = await booked(payments, **used, amount=5, document="BB-1")
    shown = await public(payments, "/v1/gifts")
    assert [(one["amount"], one["used"], one["unit"]) for one in shown] == [
        (4, 2, "PCS:wheelchair"),
        (3, 3, "PCS:wheelchair"),
    ]
    await booked(payments, kind="corrected", corrects=handed["transaction_id"], amount=4)
    [_, february] = await public(payments, "/v1/donation-report", year=2024)
    assert (february["programme"], february["used"]) == ("wheelchairs", 4)
    too_many = await voucher(payments, **used, amount=4)
    answer = await payments.post(f"/v1/vouchers/{too_many['voucher_id']}/approval", {}, "checker#c")
    assert answer.json()["code"] == "fund_short"


async def test_a_gift_in_two_funds_and_on_days_out_of_order_is_used_as_it_came(payments: Payments) -> None:
    fund_id = await opened(payments, **WHEELCHAIRS)
    for amount, on in ((2, "2024-01-09"), (3, "2024-01-05"), (4, "2024-01-09"), (5, "2024-01-07")):
        await received(payments, fund_id, amount=amount, received_on=on)
    await booked(
        payments,
        kind="handed_over",
        fund_id=fund_id,
        programme="wheelchairs",
        recipients=9,
        amount=9,
        document="BB-1",
    )
    # Of 3, 5, then 2 and 4 of one day, in the order in which they were taken down.
    shown = await public(payments, "/v1/gifts")
    assert [(one["amount"], one["used"]) for one in shown] == [(5, 5), (4, 0), (3, 3), (2, 1)]
    page = (await payments.client.get("/v1/gifts", params={"limit": 2})).json()
    assert [one["used"] for one in page["items"]] == [5, 0]
    rest = await public(payments, "/v1/gifts", limit=2, cursor=page["next_cursor"])
    assert [one["used"] for one in rest] == [3, 1]
    assert await payments.violations() == {}


async def test_of_a_days_gifts_only_those_that_came_together_are_read(payments: Payments) -> None:
    fund_id = await opened(payments, **WHEELCHAIRS)
    await received(payments, fund_id, amount=3)
    given = {"kind": "handed_over", "programme": "wheelchairs", "recipients": 3}
    await booked(payments, fund_id=fund_id, amount=3, document="BB-1", **given)
    later = {"donation_id": "0fffffff-0000-7000-8000-000000000000", "receipt": "later"}
    await payments.look.execute(
        "insert into donation select (jsonb_populate_record(d, $1::text::jsonb)).* from donation d",
        json.dumps(later),
    )
    # What an hour before was taken down is known by its sum, whatever stands there.
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute("update donation set amount = 1 where receipt <> 'later'")
    assert [one["used"] for one in await public(payments, "/v1/gifts", limit=1)] == [0]


async def test_who_has_no_token_adds_nothing_up(payments: Payments) -> None:
    """Whatever is booked, the ledger and the runs are not asked."""
    await received(payments, await opened(payments, **GIFTS))
    async with payments.look.transaction():
        await payments.look.execute(
            "lock table ledger_transfer, ledger_balance, run_total, instruction, run in access exclusive mode"
        )
        assert len(await public(payments, "/v1/gifts")) == 1
        assert len(await public(payments, "/v1/donation-report", year=2024)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update gift_month set received = received + 1",
        "update gift_month set used = used + 1",
        "update gift_day set amount = amount - 1",
        "update gift_slot set amount = amount - 1",
        "update donation set amount = amount + 1",
    ],
)
async def test_a_planted_violation_of_what_everybody_reads_is_seen(
    payments: Payments, statement: str
) -> None:
    await received(payments, await opened(payments, **GIFTS))
    assert await payments.violations() == {}
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(statement)
    assert 14 in await payments.violations()


async def test_a_donor_is_named_to_all_only_with_consent_and_stands_nowhere_in_clear(
    payments: Payments,
) -> None:
    fund_id = await opened(payments, **GIFTS)
    await received(payments, fund_id)
    await received(payments, fund_id, shown=True)
    assert [one["donor"] for one in await public(payments, "/v1/gifts")] == [DONOR, None]
    assert "receipt" not in (await public(payments, "/v1/gifts"))[0]
    kept = (await payments.get("/v1/donations", "auditor#a")).json()["items"]
    assert {one["donor"] for one in kept} == {DONOR}
    stored = await payments.look.fetchval("select string_agg(d::text, '') from donation d")
    assert DONOR not in stored
    assert DONOR.encode().hex() not in stored


async def test_a_receipt_of_a_wrong_amount_is_corrected(payments: Payments) -> None:
    fund_id = await opened(payments, **GIFTS)
    await received(payments, fund_id, amount=1000)
    [item] = (await payments.get("/v1/ledger/transfers", posting="donated")).json()["items"]
    for amount, shown in ((100, [100]), (0, []), (200, [200])):
        await booked(payments, kind="corrected", corrects=item["transaction_id"], amount=amount)
        assert [one["amount"] for one in await public(payments, "/v1/gifts")] == shown
        assert (await balances(payments))["fund:gifts"] == amount
    assert await payments.violations() == {}


async def test_an_earmarked_gift_is_not_corrected_behind_its_programme(payments: Payments) -> None:
    fund_id = await opened(payments, **GIFTS)
    purpose = await opened(payments, "pension", kind="donation", purpose="social_pension")
    one = await received(payments, fund_id)
    await done(payments, one, "earmark", to_fund_id=purpose)
    [item] = (await payments.get("/v1/ledger/transfers", posting="donated")).json()["items"]
    wanted = {"kind": "corrected", "corrects": item["transaction_id"], "amount": 1, "document": "x"}
    assert (await payments.post("/v1/vouchers", wanted, "maker#m")).json()["code"] == "not_correctable"


async def test_a_gift_set_apart_by_mistake_is_taken_back_whole(
    payments: Payments,
) -> None:
    fund_id = await opened(payments, **GIFTS)
    wrong, right = [
        await opened(payments, purpose.split("_")[1], kind="donation", purpose=purpose)
        for purpose in ("social_pension", "monthly_allowance")
    ]
    one = await received(payments, fund_id)
    await done(payments, one, "earmark", to_fund_id=wrong)
    [item] = (await payments.get("/v1/ledger/transfers", posting="earmarked")).json()["items"]
    part = {"kind": "corrected", "corrects": item["transaction_id"], "amount": 1, "document": "x"}
    assert (await payments.post("/v1/vouchers", part, "maker#m")).json()["code"] == "not_correctable"
    await booked(payments, kind="corrected", corrects=item["transaction_id"], amount=0)
    back = await gift(payments, one)
    assert (back["status"], back["to_fund_id"]) == ("received", None)
    assert await payments.violations() == {}
    again = await done(payments, one, "earmark", to_fund_id=right)
    assert (again["status"], again["to_fund_id"]) == ("earmarked", right)
    shown = await balances(payments)
    assert [shown["fund:pension"], shown["fund:allowance"], shown["fund:gifts"]] == [0, 1000, 0]
    assert await payments.violations() == {}


async def test_a_gift_that_is_set_apart_meanwhile_is_not_corrected(payments: Payments) -> None:
    one = await received(payments, await opened(payments, **GIFTS))
    purpose = await opened(payments, "pension", kind="donation", purpose="social_pension")
    [item] = (await payments.get("/v1/ledger/transfers", posting="donated")).json()["items"]
    correction = await voucher(payments, kind="corrected", corrects=item["transaction_id"], amount=50)
    earmark = (await step(payments, one, "earmark", to_fund_id=purpose)).json()
    gift_id = await payments.look.fetchval("select donation_id from donation")
    async with payments.look.transaction():
        await payments.look.execute("select from donation where donation_id = $1 for update", gift_id)
        late = asyncio.create_task(approved(payments, correction))
        await asyncio.sleep(0.2)
        assert not late.done()
        await payments.look.execute(
            "update donation set status = 'earmarked', to_fund_id = fund_id, earmarked_on = received_on"
        )
    assert (await late).json()["code"] == "not_correctable"
    await payments.look.execute(
        "update donation set status = 'received', to_fund_id = null, earmarked_on = null"
    )
    assert (await approved(payments, earmark)).status_code == 200
    assert await payments.violations() == {}


async def test_gifts_of_another_province_are_not_touched(payments: Payments) -> None:
    fund_id = await opened(payments, **GIFTS)
    one = await received(payments, fund_id)
    there = f"maker#m@{HCMC}"
    path = f"/v1/donations/{one['donation_id']}"
    answers = [
        await payments.post(f"{path}/earmark", {"to_fund_id": fund_id, "document": "x"}, there),
        await payments.post("/v1/donations", {"fund_id": fund_id, "amount": 1}, there),
    ]
    assert [answer.json()["code"] for answer in answers] == ["not_found", "not_found"]
    assert (await payments.get("/v1/donations", there)).json()["items"] == []
    assert await public(payments, "/v1/gifts", province_code=HCMC) == []
    assert len(await public(payments, "/v1/gifts", province_code=HANOI)) == 1


async def test_gifts_go_into_funds_for_gifts_only(payments: Payments) -> None:
    budget = await opened(payments)
    wanted = {"fund_id": budget, "amount": 1}
    assert (await payments.post("/v1/donations", wanted, "maker#m")).json()["code"] == "voucher_unfit"
    gifts = await opened(payments, **GIFTS)
    granted = {"kind": "granted", "fund_id": gifts, "amount": 1, "document": "x"}
    assert (await payments.post("/v1/vouchers", granted, "maker#m")).json()["code"] == "voucher_unfit"
