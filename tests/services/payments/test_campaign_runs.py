"""What a campaign gives: by runs as any payment, by hand-over from a stock, and to nobody twice."""

import random
from typing import Any

import pytest

from libs.common.kernel.ids import show
from simulators.outcomes import Odds
from tests.services.payments.test_campaigns import (
    GROUPS,
    banked,
    file_of,
    funded,
    listed,
    now,
    row,
    running,
    sent,
    step,
)
from tests.services.payments.test_funds import approved, balances, booked
from tests.services.payments.world import (
    EVERYBODY_FAILS,
    MONTHS,
    POST,
    Payments,
    decision,
    person,
)


async def built(payments: Payments, campaign: dict[str, Any]) -> dict[str, Any]:
    answer = await step(payments, campaign, "runs")
    assert answer.status_code == 202, answer.text
    await payments.work("run builder", "run checker")
    return await payments.run(answer.json()["run_id"])


async def paid(payments: Payments, campaign: dict[str, Any]) -> dict[str, Any]:
    """A run of the campaign: built, approved, booked and written."""
    run = await built(payments, campaign)
    assert (await payments.approve(run)).status_code == 200
    await payments.work()
    return await payments.run(run["run_id"])


async def test_a_gift_is_paid_by_the_same_rails_and_reconciled(payments: Payments) -> None:
    await payments.account(7)
    campaign = await running(payments, await funded(payments, purpose="tet_gift"))
    named = {"person_id": show("per", person(7)), "group": "elder"}
    await listed(payments, campaign, row(1), banked(2), row(3, commune_code="00004"), named)
    run = await paid(payments, campaign)
    assert (run["campaign_id"], run["benefit_months"]) == (campaign["campaign_id"], ["2024-01"])
    assert (run["instructions"], run["instructed_dong"]) == (4, 1_800_000)
    files = await payments.files() + await payments.files(POST)
    assert sum(file["control_sum_dong"] for file in files) == 1_800_000
    await payments.answered()
    assert (await payments.run(run["run_id"]))["status"] == "reconciled"
    books = await balances(payments)
    assert (books["fund:tet"], books["paid:tet_gift"]) == (10**9 - 1_800_000, 1_800_000)
    done = await now(payments, campaign)
    assert (done["listed"], done["settled_dong"], done["run_ids"]) == (4, 1_800_000, [run["run_id"]])
    progress = await payments.get(f"/v1/campaigns/{campaign['campaign_id']}/progress", by="commune")
    assert {one["key"]: one["settled_dong"] for one in progress.json()["items"]} == {
        "00001": 1_300_000,
        "00004": 500_000,
    }
    [payment] = (await payments.get(f"/v1/people/{named['person_id']}/payments")).json()["items"]
    assert (payment["programme"], payment["amount_dong"]) == ("tet_gift", 300_000)
    assert (await payments.told("RunReconciled"))[0]["settled_dong"] == 1_800_000
    assert await payments.violations() == {}


async def test_nobody_is_paid_twice_and_who_was_not_reached_is_paid_again(payments: Payments) -> None:
    campaign = await running(payments)
    await listed(payments, campaign, row(1), row(2))
    await paid(payments, campaign)
    await payments.answered(EVERYBODY_FAILS)
    assert await payments.told("PaymentUncollected") == [], "a gift is no allowance to be suspended"
    await listed(payments, campaign, row(3))
    second = await paid(payments, campaign)
    assert second["instructions"] == 3
    await payments.answered()
    assert (await built(payments, campaign))["instructions"] == 0
    done = await now(payments, campaign)
    assert (done["instructed_dong"], done["returned_dong"], done["settled_dong"]) == (
        2_500_000,
        1_000_000,
        1_500_000,
    )
    assert await payments.violations() == {}


async def test_whoever_made_the_list_does_not_approve_its_payment(payments: Payments) -> None:
    campaign = await running(payments)
    answer = await sent(payments, campaign, file_of(row(1)), "province-officer#x")
    assert answer.status_code == 202, answer.text
    await payments.work("list taker")
    run = await built(payments, campaign)
    assert (await payments.approve(run, "checker#x")).json()["code"] == "same_identity"
    assert (await payments.approve(run)).status_code == 200
    await payments.look.execute("update run set checker_sub = 'x'")
    assert set(await payments.violations()) == {9}


async def test_who_comes_late_does_not_wait_for_the_answers_to_those_before(payments: Payments) -> None:
    campaign = await running(payments)
    await listed(payments, campaign, row(1))
    first = await paid(payments, campaign)
    assert first["status"] == "instructed"
    await listed(payments, campaign, row(2))
    second = await paid(payments, campaign)
    assert (second["instructions"], second["run_id"] != first["run_id"]) == (1, True)
    await payments.answered()
    third = await paid(payments, campaign)
    assert (third["instructions"], third["run_id"] in (first["run_id"], second["run_id"])) == (0, False)
    assert await payments.violations() == {}


async def test_the_months_of_a_campaign_fall_due_one_by_one(payments: Payments) -> None:
    campaign = await running(payments, months=3, code="merit", programme="merit_allowance")
    await listed(payments, campaign, row(1))
    run = await paid(payments, campaign)
    assert (run["benefit_months"], run["instructed_dong"]) == (["2024-01", "2024-02"], 1_000_000)
    assert await payments.violations() == {}


async def test_who_has_an_allowance_has_the_gift_besides(payments: Payments) -> None:
    await payments.decide(decision(7))
    await payments.account(7)
    await payments.close(*MONTHS)
    campaign = await running(payments)
    await listed(payments, campaign, {"person_id": show("per", person(7)), "group": "poor"})
    gift = await paid(payments, campaign)
    allowance = await payments.instructed(*MONTHS)
    assert (gift["instructed_dong"], allowance["instructed_dong"]) == (500_000, 1_080_000)
    await payments.answered()
    assert await payments.violations() == {}


async def test_a_list_changed_after_the_approval_pays_nobody(payments: Payments) -> None:
    campaign = await running(payments)
    await listed(payments, campaign, row(1), row(2))
    run = await built(payments, campaign)
    await payments.look.execute("update instruction_line set amount_dong = amount_dong + 1")
    await payments.look.execute("update instruction set amount_dong = amount_dong + 1")
    assert (await payments.approve(run)).status_code == 200
    await payments.work()
    stopped = await payments.run(run["run_id"])
    assert (stopped["status"], stopped["problem"]) == ("approved", "content_changed")
    assert await payments.files(POST) == []


async def test_one_account_for_very_many_of_a_list_holds_its_run(payments: Payments) -> None:
    campaign = await running(payments)
    account = {"account_number": "9900000000001"}
    await listed(payments, campaign, *(banked(number, **account) for number in range(7)), row(8))
    run = await built(payments, campaign)
    refused = (await payments.approve(run)).json()
    assert (refused["code"], refused["errors"][0]["path"]) == ("run_held", "findings.shared_account")


async def test_terms_changed_after_the_approval_give_nothing(payments: Payments) -> None:
    campaign = await running(payments)
    await listed(payments, campaign, row(1))
    await payments.look.execute("update campaign_group set amount = amount * 2")
    assert (await step(payments, campaign, "runs")).json()["code"] == "content_changed"


async def test_a_closed_campaign_and_one_outside_its_window_order_no_run(payments: Payments) -> None:
    fund_id = await funded(payments)
    early = await running(payments, fund_id, code="early", opens_on="2024-02-06")
    late = await running(payments, fund_id, code="late", closes_on="2024-02-04")
    for campaign in (early, late):
        assert (await step(payments, campaign, "runs")).json()["code"] == "campaign_state_wrong"
    campaign = await running(payments, fund_id)
    await listed(payments, campaign, row(1))
    run = await built(payments, campaign)
    assert (await step(payments, campaign, "closing")).json()["status"] == "closed"
    assert (await step(payments, campaign, "runs")).json()["code"] == "campaign_state_wrong"
    assert (await payments.approve(run)).status_code == 200, "what was ordered goes on"


async def test_a_fund_that_is_short_pays_no_run_until_it_has_enough(payments: Payments) -> None:
    fund_id = await funded(payments, 700_000)
    campaign = await running(payments, fund_id)
    await listed(payments, campaign, row(1), row(2))
    run = await built(payments, campaign)
    assert (await payments.approve(run)).json()["code"] == "fund_short"
    await booked(payments, fund_id=fund_id, amount=300_000)
    assert (await payments.approve(run)).status_code == 200
    await payments.work()
    assert (await payments.run(run["run_id"]))["status"] == "instructed"
    assert (await balances(payments))["fund:tet"] == 0
    assert await payments.violations() == {}


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_paid_is_each_group_s_amount_for_each_of_it_less_what_came_back(
    payments: Payments, seed: int
) -> None:
    draw = random.Random(seed)
    campaign = await running(payments, months=draw.choice((1, 2)))
    amounts = {str(group["code"]): int(str(group["amount"])) for group in GROUPS}
    people: dict[int, str] = {}
    for _ in range(draw.choice((1, 3))):
        rows = []
        for _ in range(20):
            number, group = draw.randrange(40), draw.choice(list(amounts))
            make = draw.choice((row, banked))
            rows.append(make(number, group=group, commune_code=draw.choice(("00001", "00004", "00006"))))
            people.setdefault(number, group)
        await listed(payments, campaign, *rows)
    run = await paid(payments, campaign)
    await payments.answered(Odds(seed=seed, failing_per_10_000=2_000))
    owed = sum(amounts[group] for group in people.values()) * len(run["benefit_months"])
    done = await now(payments, campaign)
    assert (done["listed"], done["instructed_dong"]) == (len(people), owed)
    assert done["settled_dong"] == owed - done["returned_dong"]
    books = await balances(payments)
    assert books["paid:tet_gift"] == 10**9 - books["fund:tet"] == done["settled_dong"]
    assert await payments.violations() == {}


async def test_rice_is_handed_over_by_commune_to_nobody_twice_and_never_below_zero(
    payments: Payments,
) -> None:
    stock = {"code": "rice", "kind": "national_reserve", "unit": "RICE_KG"}
    fund_id = await funded(payments, 100, **stock)
    kilograms = [{"code": "hungry", "name": "Nhân khẩu thiếu đói thử", "amount": 15}]
    campaign = await running(
        payments, fund_id, code="rice-2024", programme="in_kind", groups=kilograms, months=2
    )
    assert (await step(payments, campaign, "runs")).json()["code"] == "fund_unfit"
    await listed(payments, campaign, *(row(number, group="hungry") for number in range(4)))

    async def handed(document: str, month: str, commune: str = "00001") -> Any:
        body = {"commune_code": commune, "document": document, "month": month}
        return (await step(payments, campaign, "hand-overs", **body)).json()

    first = await handed("BB-1", "2024-01")
    assert (first["amount"], first["recipients"], first["status"]) == (60, 4, "proposed")
    assert (await handed("BB-2", "2024-01"))["code"] == "nothing_due"
    assert (await handed("BB-2", "2024-03"))["code"] == "campaign_unfit"
    assert (await handed("BB-1", "2024-02"))["code"] == "voucher_taken"
    withdrawn = await payments.post(f"/v1/vouchers/{first['voucher_id']}/withdrawal", {}, "maker#m")
    assert withdrawn.status_code == 200
    again = await handed("BB-3", "2024-01")
    assert again["amount"] == 60
    assert (await approved(payments, again)).status_code == 200
    await listed(payments, campaign, row(9, group="hungry"))
    assert (await handed("BB-4", "2024-01"))["amount"] == 15, "who came later gets it later"
    february = await handed("BB-5", "2024-02")
    assert february["amount"] == 75
    assert (await approved(payments, february)).json()["code"] == "fund_short"
    assert (await balances(payments))["paid:in_kind:RICE_KG"] == 60
    assert (await now(payments, campaign))["handed_over"] == 60
    assert await payments.violations() == {}
    await payments.look.execute("update campaign_handed set month = '2024-01-01'")
    assert set(await payments.violations()) == {3}


#: What breaks a promise, what mends it again, and the numbers by which it is seen.
BROKEN = (
    ("campaign_group set amount = amount + 1", "campaign_group set amount = amount - 1", {6, 9}),
    ("campaign_recipient set group_code = 'elder'", "campaign_recipient set group_code = 'poor'", {6, 14}),
    (
        "campaign_recipient set person_id = gen_random_uuid()",
        "campaign_recipient set person_id = person_key",
        {6},
    ),
    (
        "campaign set months = 2, opens_on = '2023-11-30'",
        "campaign set months = 1, opens_on = '2024-01-22'",
        {6, 9},
    ),
    ("campaign set name = 'X'", "campaign set name = 'Quà Tết thử'", {9}),
    ("campaign_listed set people = 1", "campaign_listed set people = 2", {14}),
    (
        "campaign_list set rows_taken = 1, rows_total = 1",
        "campaign_list set rows_taken = 2, rows_total = 2",
        {14},
    ),
    ("run set campaign_id = null", "run set campaign_id = (select campaign_id from campaign)", {6}),
)


async def test_each_broken_promise_of_a_campaign_is_seen(payments: Payments) -> None:
    campaign = await running(payments)
    await listed(payments, campaign, row(1), row(2))
    await paid(payments, campaign)
    for broken, mended, numbers in BROKEN:
        await payments.look.execute(f"update {broken}")
        assert set(await payments.violations()) == numbers, broken
        await payments.look.execute(f"update {mended}")
    assert await payments.violations() == {}
