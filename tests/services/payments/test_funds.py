"""Funds: opened by a maker, filled and emptied by vouchers that another approves, drawn on by runs."""

import asyncio
from typing import Any

import pytest

from libs.common.kernel.ids import new_id
from tests.services.payments.world import (
    BUSINESS_DATE,
    HANOI,
    HCMC,
    MONTHS,
    Payments,
    decision,
)

NATION = "00"
RICE = {"code": "rice-hn", "kind": "national_reserve", "name": "Kho gạo thử", "unit": "RICE_KG"}


async def opened(payments: Payments, code: str = "help", as_: str = "maker#m", **changed: Any) -> str:
    wanted = {"code": code, "kind": "province", "province_code": HANOI, "name": "Quỹ thử"} | changed
    answer = await payments.post("/v1/funds", wanted, as_)
    assert answer.status_code == 201, answer.text
    fund_id: str = answer.json()["fund_id"]
    return fund_id


async def voucher(payments: Payments, as_: str = "maker#m", **changed: Any) -> dict[str, Any]:
    wanted = {"kind": "granted", "amount": 1000, "document": f"QĐ-{new_id()}"} | changed
    answer = await payments.post("/v1/vouchers", wanted, as_)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def approved(payments: Payments, one: dict[str, Any], as_: str = "checker#c") -> Any:
    return await payments.post(f"/v1/vouchers/{one['voucher_id']}/approval", {}, as_)


async def booked(payments: Payments, **changed: Any) -> dict[str, Any]:
    answer = await approved(payments, await voucher(payments, **changed))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def balances(payments: Payments, on: str = BUSINESS_DATE, as_: str = "auditor#a") -> dict[str, int]:
    answer = await payments.get("/v1/ledger/balances", as_, on=on)
    return {item["account"]: item["balance"] for item in answer.json()["items"]}


async def test_a_grant_is_booked_when_another_identity_approves_it(payments: Payments) -> None:
    fund_id = await opened(payments)
    one = await voucher(payments, fund_id=fund_id)
    assert one["status"] == "proposed"
    assert await balances(payments) == {}
    assert (await approved(payments, one, "checker#m")).json()["code"] == "same_identity"
    for _ in range(2):
        assert (await approved(payments, one)).json()["status"] == "booked"
    assert (await approved(payments, one, "checker#other")).json()["code"] == "voucher_closed"
    assert await balances(payments) == {"fund:help": 1000, "origin:province": -1000}
    assert await payments.violations() == {}


async def test_rice_is_handed_over_with_a_receipt_and_never_more_than_there_is(payments: Payments) -> None:
    fund_id = await opened(payments, **RICE)
    await booked(payments, fund_id=fund_id, amount=91_995, booked_on="2024-01-10")
    given = {"kind": "handed_over", "fund_id": fund_id, "programme": "emergency_relief"}
    receipt = {"document": "BB-07/2024", "recipients": 2000, "commune_code": "00001"}
    await booked(payments, **given, **receipt, amount=90_000, booked_on="2024-01-20")
    answer = await approved(payments, await voucher(payments, **given, amount=2000))
    assert (answer.status_code, answer.json()["code"]) == (409, "fund_short")
    assert await balances(payments, "2024-01-19") == {
        "fund:rice-hn:RICE_KG": 91_995,
        "origin:national_reserve:RICE_KG": -91_995,
    }
    assert (await balances(payments))["fund:rice-hn:RICE_KG"] == 1995
    assert (await balances(payments))["paid:emergency_relief:RICE_KG"] == 90_000
    assert await payments.violations() == {}


async def test_nothing_is_handed_over_before_it_came(payments: Payments) -> None:
    fund_id = await opened(payments, **RICE)
    await booked(payments, fund_id=fund_id, amount=100, booked_on="2024-01-10")
    early = await voucher(
        payments,
        kind="handed_over",
        fund_id=fund_id,
        programme="emergency_relief",
        amount=100,
        booked_on="2024-01-09",
    )
    assert (await approved(payments, early)).json()["code"] == "fund_short"


async def test_a_wrong_amount_is_corrected_by_transfers_that_name_it(payments: Payments) -> None:
    fund_id = await opened(payments)
    wrong = await booked(payments, fund_id=fund_id, amount=1000, booked_on="2024-01-10")
    correction = {"kind": "corrected", "corrects": wrong["transaction_id"], "booked_on": "2024-02-01"}
    for amount in (900, 950, 0, 920):
        await booked(payments, **correction, amount=amount)
        assert (await balances(payments))["fund:help"] == amount
    assert (await balances(payments, "2024-01-31"))["fund:help"] == 1000
    items = (await payments.get("/v1/ledger/transfers", account="fund:help")).json()["items"]
    assert [(item["posting"], item["amount"]) for item in reversed(items)] == [
        ("granted", 1000),
        ("reversed", 1000),
        ("corrected", 900),
        ("reversed", 900),
        ("corrected", 950),
        ("reversed", 950),
        ("corrected", 920),
    ]
    again = await payments.post("/v1/vouchers", {**correction, "amount": 920, "document": "x"}, "maker#m")
    assert again.json()["code"] == "not_correctable"
    assert await payments.violations() == {}


async def test_one_correction_waits_at_a_time_and_a_withdrawn_one_no_longer(payments: Payments) -> None:
    fund_id = await opened(payments)
    wrong = await booked(payments, fund_id=fund_id)
    correction = {"kind": "corrected", "corrects": wrong["transaction_id"], "amount": 5, "document": "x"}
    first = await voucher(payments, **correction)
    second = await payments.post("/v1/vouchers", correction, "maker#m")
    assert (second.status_code, second.json()["code"]) == (409, "not_correctable")
    withdrawn = await payments.post(f"/v1/vouchers/{first['voucher_id']}/withdrawal", {}, "maker#m")
    assert withdrawn.json()["status"] == "withdrawn"
    assert (await approved(payments, first)).json()["code"] == "voucher_closed"
    await booked(payments, **correction)
    assert (await balances(payments))["fund:help"] == 5


async def test_what_a_run_moved_is_corrected_by_no_voucher(payments: Payments) -> None:
    await _due(payments)
    await payments.instructed("2024-02")
    items = (await payments.get("/v1/ledger/transfers", posting="instructed")).json()["items"]
    wanted = {"kind": "corrected", "corrects": items[0]["transaction_id"], "amount": 1, "document": "x"}
    answer = await payments.post("/v1/vouchers", wanted, "maker#m")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_correctable")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": "granted", "programme": "gifts"}, "request_invalid"),
        ({"kind": "moved"}, "request_invalid"),
        ({"kind": "handed_over", "amount": 0, "programme": "gifts"}, "request_invalid"),
        ({"kind": "corrected", "corrects": "ltx_nothing", "fund_id": None}, "not_found"),
        ({"booked_on": "2024-02-06"}, "voucher_unfit"),
        ({"fund_id": "fun_00000000000000000000000000"}, "not_found"),
    ],
)
async def test_a_voucher_that_fits_nothing_is_refused(
    payments: Payments, wrong: dict[str, Any], code: str
) -> None:
    fund_id = await opened(payments)
    wanted = {"kind": "granted", "fund_id": fund_id, "amount": 5, "document": "x"} | wrong
    answer = await payments.post("/v1/vouchers", wanted, "maker#m")
    assert answer.json()["code"] == code, answer.text


async def test_goods_move_between_warehouses_and_into_no_fund_of_money(payments: Payments) -> None:
    one = await opened(payments, **RICE)
    other = await opened(payments, **RICE | {"code": "rice-bavi"})
    money = await opened(payments)
    await booked(payments, fund_id=one, amount=100)
    await booked(payments, kind="moved", fund_id=one, to_fund_id=other, amount=40)
    assert (await balances(payments))["fund:rice-bavi:RICE_KG"] == 40
    wanted = {"kind": "moved", "fund_id": one, "to_fund_id": money, "amount": 1, "document": "x"}
    assert (await payments.post("/v1/vouchers", wanted, "maker#m")).json()["code"] == "voucher_unfit"


@pytest.mark.parametrize(
    "wrong",
    [
        {"may_overdraw": True},
        {"kind": "commune"},
        {"code": "budget-79"},
        {"unit": "USD"},
    ],
)
async def test_a_fund_that_can_not_be_is_refused(payments: Payments, wrong: dict[str, Any]) -> None:
    wanted = {"code": "help", "kind": "province", "province_code": HANOI, "name": "Quỹ thử"} | wrong
    answer = await payments.post("/v1/funds", wanted, "maker#m")
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_a_code_is_one_funds(payments: Payments) -> None:
    await opened(payments)
    wanted = {"code": "help", "kind": "province", "province_code": HCMC, "name": "Quỹ khác"}
    answer = await payments.post("/v1/funds", wanted, "maker#m")
    assert (answer.status_code, answer.json()["code"]) == (409, "fund_taken")


async def test_a_province_sees_its_own_ledger_and_uses_no_fund_of_another(payments: Payments) -> None:
    mine = await opened(payments)
    nations = await opened(payments, "reserve", kind="central", province_code=NATION)
    await booked(payments, fund_id=mine)
    await booked(payments, fund_id=nations, amount=7)
    assert await balances(payments, as_=f"auditor#a@{HANOI}") == {
        "fund:help": 1000,
        "origin:province": -1000,
        "fund:reserve": 7,
        "origin:central": -7,
    }
    there = f"maker#m@{HCMC}"
    assert "fund:help" not in await balances(payments, as_=f"auditor#a@{HCMC}")
    for path in ("/v1/ledger/transfers", "/v1/vouchers"):
        assert (await payments.get(path, f"auditor#a@{HCMC}")).json()["items"] == []
    funds = (await payments.get("/v1/funds", f"auditor#a@{HCMC}")).json()["items"]
    assert [fund["code"] for fund in funds] == ["reserve"]
    wanted = {"kind": "granted", "amount": 1, "document": "x"}
    answers = [
        await payments.post("/v1/vouchers", {**wanted, "fund_id": one}, there) for one in (mine, nations)
    ]
    assert [answer.json()["code"] for answer in answers] == ["not_found", "not_permitted"]
    opening = {"code": "other", "kind": "province", "province_code": HANOI, "name": "Quỹ thử"}
    assert (await payments.post("/v1/funds", opening, there)).status_code == 403


@pytest.mark.parametrize("kind", ["central", "province"])
@pytest.mark.parametrize("nation_gives", [True, False])
async def test_a_province_corrects_no_move_between_its_fund_and_the_nations(
    payments: Payments, nation_gives: bool, kind: str
) -> None:
    mine, nations = (
        await opened(payments, kind=kind),
        await opened(payments, "reserve", kind=kind, province_code=NATION),
    )
    one, other = (nations, mine) if nation_gives else (mine, nations)
    await booked(payments, fund_id=one, amount=1000)
    moved = await booked(payments, kind="moved", fund_id=one, to_fund_id=other, amount=10)
    before = await balances(payments)
    for amount in (0, 900):
        wanted = {"kind": "corrected", "corrects": moved["transaction_id"], "amount": amount, "document": "x"}
        answer = await payments.post("/v1/vouchers", wanted, f"maker#m@{HANOI}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
        the_nations = await voucher(payments, **wanted)
        answer = await approved(payments, the_nations, f"checker#c@{HANOI}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
        await payments.post(f"/v1/vouchers/{the_nations['voucher_id']}/withdrawal", {}, "maker#m")
    assert await balances(payments) == before
    await booked(payments, kind="corrected", corrects=moved["transaction_id"], amount=0)


async def test_a_province_corrects_what_moved_inside_it(payments: Payments) -> None:
    one, other = await opened(payments), await opened(payments, "aid")
    await booked(payments, fund_id=one)
    moved = await booked(payments, kind="moved", fund_id=one, to_fund_id=other, amount=10)
    correction = {"kind": "corrected", "corrects": moved["transaction_id"], "amount": 20}
    mine = await voucher(payments, f"maker#m@{HANOI}", **correction)
    assert (await approved(payments, mine, f"checker#c@{HANOI}")).status_code == 200
    assert (await balances(payments))["fund:aid"] == 20


async def test_a_voucher_sent_twice_is_one_voucher(payments: Payments) -> None:
    wanted = {"kind": "granted", "fund_id": await opened(payments), "amount": 7, "document": "QĐ-1/2024"}
    answers = await asyncio.gather(*(payments.post("/v1/vouchers", wanted, "maker#m") for _ in range(3)))
    assert {answer.status_code for answer in answers} == {201}
    [one] = {answer.json()["voucher_id"] for answer in answers}
    await approved(payments, {"voucher_id": one})
    again = await payments.post("/v1/vouchers", wanted, "maker#other")
    assert (again.json()["voucher_id"], again.json()["status"]) == (one, "booked")
    assert (await balances(payments))["fund:help"] == 7


@pytest.mark.parametrize(
    "changed", [{"amount": 8}, {"commune_code": "00001"}, {"note": "phần hai"}, {"booked_on": "2024-01-02"}]
)
async def test_a_paper_has_no_second_voucher_that_says_something_else(
    payments: Payments, changed: dict[str, Any]
) -> None:
    wanted: dict[str, Any] = {"fund_id": await opened(payments), "amount": 7, "document": "QĐ-1/2024"}
    first = await voucher(payments, **wanted)
    other = await payments.post("/v1/vouchers", {"kind": "granted"} | wanted | changed, "maker#m")
    assert (other.status_code, other.json()["code"]) == (409, "voucher_taken")
    await payments.post(f"/v1/vouchers/{first['voucher_id']}/withdrawal", {}, "maker#m")
    second = await voucher(payments, **(wanted | changed))
    assert second["voucher_id"] != first["voucher_id"], "a withdrawn one counts no longer"


async def test_a_correction_posted_again_by_its_key_is_answered_as_the_first_time(payments: Payments) -> None:
    wrong = await booked(payments, fund_id=await opened(payments))
    wanted = {"kind": "corrected", "corrects": wrong["transaction_id"], "amount": 5, "document": "x"}
    key = {"Idempotency-Key": "k1"}
    first, again = [await payments.post("/v1/vouchers", wanted, "maker#m", **key) for _ in range(2)]
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    other = await payments.post("/v1/vouchers", wanted | {"amount": 6}, "maker#m", **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def _due(payments: Payments, *numbers: int) -> None:
    for number in numbers or (1,):
        await payments.decide(decision(number))
        await payments.account(number)
    await payments.close(*MONTHS)


async def test_a_run_is_paid_from_the_fund_that_its_order_names(payments: Payments) -> None:
    await _due(payments)
    fund_id = await opened(payments)
    await booked(payments, fund_id=fund_id, amount=2_000_000)
    run = await payments.instructed("2024-02", fund_id=fund_id)
    assert run["fund_id"] == fund_id
    assert (await balances(payments))["fund:help"] == 2_000_000 - 1_080_000
    await payments.answered()
    shown = await balances(payments)
    assert (shown["paid:monthly_allowance"], shown["payable:monthly_allowance"]) == (1_080_000, 0)
    assert "fund:budget-01" not in shown
    assert await payments.violations() == {}


async def test_a_run_whose_fund_another_one_used_waits_until_it_has_enough(payments: Payments) -> None:
    await _due(payments)
    fund_id = await opened(payments)
    given = await booked(payments, fund_id=fund_id, amount=1_080_000)
    run = await payments.built("2024-02", fund_id=fund_id)
    assert (await payments.approve(run)).status_code == 200
    await booked(payments, kind="corrected", corrects=given["transaction_id"], amount=1_079_999)
    await payments.work()
    run = await payments.run(run["run_id"])
    assert (run["status"], run["problem"]) == ("approved", "fund_short")
    assert (await balances(payments))["payable:monthly_allowance"] == -1_080_000
    await booked(payments, fund_id=fund_id, amount=1)
    await payments.work()
    run = await payments.run(run["run_id"])
    assert (run["status"], run["problem"]) == ("instructed", None)
    assert (await balances(payments))["fund:help"] == 0
    assert await payments.violations() == {}


@pytest.mark.parametrize(
    "fund",
    [RICE, {"province_code": HCMC}, {"kind": "donation", "purpose": "social_pension"}],
)
async def test_a_run_is_not_ordered_on_a_fund_that_can_not_pay_it(
    payments: Payments, fund: dict[str, Any]
) -> None:
    await _due(payments)
    fund_id = await opened(payments, **fund)
    answer = await payments.ask_run("2024-02", fund_id=fund_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "fund_unfit")


async def test_a_province_does_not_draw_on_the_nations_fund(payments: Payments) -> None:
    await _due(payments)
    fund_id = await opened(payments, kind="central", province_code=NATION)
    answer = await payments.ask_run("2024-02", fund_id=fund_id, as_=f"maker#m@{HANOI}")
    assert answer.json()["code"] == "fund_unfit"
    assert (await payments.ask_run("2024-02", fund_id=fund_id)).status_code == 202


@pytest.mark.parametrize("reader", ["auditor#a", f"auditor#a@{HANOI}"])
async def test_transfers_come_in_pages_and_by_what_is_asked(payments: Payments, reader: str) -> None:
    await _due(payments, *range(1, 6))
    await payments.instructed("2024-02")
    await payments.answered()
    seen: list[tuple[str, int]] = []
    cursor = None
    while True:
        params: dict[str, Any] = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = (await payments.get("/v1/ledger/transfers", reader, **params)).json()
        seen += [(item["transaction_id"], item["leg"]) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    total = await payments.look.fetchval("select count(*) from ledger_transfer")
    assert len(seen) == len(set(seen)) == total
    assert seen == sorted(seen, reverse=True)
    settled = (await payments.get("/v1/ledger/transfers", reader, posting="settled")).json()["items"]
    assert [item["posting"] for item in settled] == ["settled"] * 5
    transit = (await payments.get("/v1/ledger/transfers", account="in_transit:970405")).json()["items"]
    assert {item["posting"] for item in transit} == {"instructed", "settled"}
    assert len(transit) == 10
    one = transit[0]
    of_one = (await payments.get("/v1/ledger/transfers", source_id=one["source_id"])).json()["items"]
    assert {item["posting"] for item in of_one} == {"instructed", "settled"}
    none = (await payments.get("/v1/ledger/transfers", last="2024-01-01")).json()["items"]
    assert none == []
    accounts = (await payments.get("/v1/ledger/accounts", kind="fund")).json()["items"]
    assert [(item["account"], item["may_overdraw"]) for item in accounts] == [("fund:budget-01", True)]


async def test_who_may_not_read_the_ledger_does_not(payments: Payments) -> None:
    for path in ("ledger/accounts", "ledger/balances", "ledger/transfers", "funds", "vouchers"):
        assert (await payments.get(f"/v1/{path}", "commune-officer#o")).status_code == 403
