"""A built list is looked at before it is paid: how it differs from the month before, and what is odd."""

from itertools import count
from typing import Any

import httpx
import pytest

from simulators.outcomes import Odds
from tests.services.payments.world import (
    HCMC,
    MONTHS,
    Payments,
    close_payments,
    decision,
    open_payments,
)
from tests.support.postgres import TestCluster

PERSONAL_ID = f"0{1:011d}"


async def checks(payments: Payments, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await payments.get(f"/v1/runs/{run['run_id']}/checks")
    assert answer.status_code == 200, answer.text
    return {item["kind"]: item for item in answer.json()["items"]}


async def findings(payments: Payments, run: dict[str, Any], kind: str, **params: Any) -> Any:
    return (await payments.get(f"/v1/runs/{run['run_id']}/findings", kind=kind, **params)).json()


async def accept(payments: Payments, run: dict[str, Any], kind: str, as_: str) -> httpx.Response:
    body = {"kind": kind, "reason": "đã đối chiếu hồ sơ"}
    return await payments.post(f"/v1/runs/{run['run_id']}/acceptances", body, as_)


async def paid(payments: Payments, month: str) -> dict[str, Any]:
    run = await payments.instructed(month)
    await payments.answered()
    return run


async def test_the_first_list_differs_from_none_and_is_approved(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    # January is in it too, as nobody was paid for it.
    assert set(await checks(payments, run)) == {"arrears"}
    assert (await payments.approve(run)).status_code == 200


async def test_a_list_tells_who_is_new_changed_and_no_longer_in_it(payments: Payments) -> None:
    for number in (1, 2, 3):
        await payments.decide(decision(number))
        await payments.account(number)
    await payments.close(*MONTHS)
    await paid(payments, "2024-01")
    await payments.account(4)
    await payments.decide(
        decision(4, effective_from="2024-02", pays_from="2024-02"),
        decision(2, version=2, effective_from="2024-02", amount_dong=600_000),
        decision(3, version=2, effective_from="2024-02", outcome="refused", amount_dong=0),
    )
    run = await payments.built("2024-02")
    found = await checks(payments, run)
    figures = ("findings", "before_dong", "amount_dong")
    assert {kind: tuple(one[name] for name in figures) for kind, one in found.items()} == {
        "new": (1, 0, 540_000),
        "changed": (1, 540_000, 600_000),
        "stopped": (1, 540_000, 0),
    }
    [gone] = (await findings(payments, run, "stopped"))["items"]
    assert (gone["instruction_id"], gone["benefit_month"], gone["before_dong"]) == (None, "2024-02", 540_000)
    assert not any(one["holds"] for one in found.values())
    assert (await payments.approve(run)).status_code == 200


async def test_a_jump_holds_the_list_until_another_identity_accepts_it(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    await paid(payments, "2024-01")
    await payments.decide(decision(1, version=2, effective_from="2024-02", amount_dong=900_000))
    run = await payments.built("2024-02")
    assert (await checks(payments, run))["amount_jump"]["holds"]
    held = await payments.approve(run)
    assert (held.status_code, held.json()["code"]) == (409, "run_held")
    assert [one["path"] for one in held.json()["errors"]] == ["findings.amount_jump"]
    assert (await accept(payments, run, "amount_jump", "checker#m")).json()["code"] == "same_identity"
    assert (await accept(payments, run, "shared_account", "checker#c")).json()["code"] == "not_found"
    assert (await accept(payments, run, "amount_jump", "maker#x")).json()["code"] == "not_permitted"
    answer = await accept(payments, run, "amount_jump", "checker#c")
    assert answer.status_code == 200, answer.text
    accepted = (await checks(payments, run))["amount_jump"]
    assert (accepted["holds"], accepted["reason"]) == (False, "đã đối chiếu hồ sơ")
    assert (await payments.approve(run, "checker#c")).json()["code"] == "same_identity"
    assert (await payments.approve(run, "checker#d")).status_code == 200
    assert (await accept(payments, run, "amount_jump", "checker#e")).json()["code"] == "run_not_built"


async def test_one_account_for_very_many_people_holds_the_list(payments: Payments) -> None:
    numbers = range(1, 8)
    await payments.decide(*(decision(number) for number in numbers))
    for number in numbers:
        await payments.account(number, secret={"account_number": "1900000001"})
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    assert (await checks(payments, run))["shared_account"]["findings"] == 7
    assert (await payments.approve(run)).json()["code"] == "run_held"
    page = await findings(payments, run, "shared_account", limit=5)
    rest = await findings(payments, run, "shared_account", limit=5, cursor=page["next_cursor"])
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (5, 2, None)
    assert {item["person_id"] for item in page["items"]} == {None}


async def test_who_is_paid_at_home_and_as_a_resident_holds_the_list(payments: Payments) -> None:
    facility = await payments.facility()
    await payments.decide(
        decision(1),
        decision(1, programme="nurture_allowance", payee="facility", facility_id=facility),
    )
    await payments.account(1)
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    assert (await checks(payments, run))["resident_at_home"]["findings"] == 2


async def test_whom_the_post_office_reported_dead_is_not_paid_again_unseen(payments: Payments) -> None:
    await payments.decide(decision(1, commune_code="00001"))
    await payments.cash(1)
    await payments.close(*MONTHS)
    await payments.instructed("2024-01")
    everybody = (Odds(seed, failing_per_10_000=10_000) for seed in count())
    await payments.answered(next(odds for odds in everybody if odds.at_post(PERSONAL_ID) == "deceased"))
    run = await payments.built("2024-02")
    assert (await checks(payments, run))["reported_deceased"]["findings"] == 1
    assert (await payments.approve(run)).json()["code"] == "run_held"


async def test_much_money_needs_two_checkers_where_a_limit_is_set(postgres_cluster: TestCluster) -> None:
    database = await postgres_cluster.fresh_database("payments")
    payments = await open_payments(database, ANSINH_CHECK_ALONE_DONG_MAX="1079999")
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    assert (await checks(payments, run))["large_amount"]["amount_dong"] == 1_080_000
    assert (await payments.approve(run)).json()["code"] == "run_held"
    assert (await accept(payments, run, "large_amount", "checker#c")).status_code == 200
    assert (await payments.approve(run, "checker#d")).status_code == 200
    await close_payments(payments)


async def test_a_list_is_not_approved_before_it_is_checked(payments: Payments) -> None:
    await payments.close(*MONTHS)
    asked = (await payments.ask_run()).json()
    await payments.work("run builder")
    run = await payments.run(asked["run_id"])
    assert (run["status"], run["checked"]) == ("built", False)
    assert (await payments.approve(run)).json()["code"] == "run_not_checked"
    await payments.work("run checker")
    assert (await payments.approve(run)).status_code == 200


async def test_another_province_sees_no_checks(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    for path in ("checks", "findings"):
        answer = await payments.get(f"/v1/runs/{run['run_id']}/{path}", f"auditor#a@{HCMC}", kind="arrears")
        assert answer.json()["code"] == "not_found"
    assert (await accept(payments, run, "amount_jump", f"checker#c@{HCMC}")).json()["code"] == "not_found"


@pytest.mark.parametrize(
    "statement",
    [
        "update run_check set accepted_by_sub = null, reason = null, accepted_at = null",
        "update run_check set accepted_by_sub = (select maker_sub from run) where kind = 'shared_account'",
        "update run_check set accepted_by_sub = (select checker_sub from run) where kind = 'shared_account'",
        "update run set checked_at = null",
    ],
)
async def test_an_approval_without_a_third_identitys_acceptance_is_seen(
    payments: Payments, statement: str
) -> None:
    numbers = range(1, 8)
    await payments.decide(*(decision(number) for number in numbers))
    for number in numbers:
        await payments.account(number, secret={"account_number": "1900000001"})
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    assert (await accept(payments, run, "shared_account", "checker#c")).status_code == 200
    assert (await payments.approve(run, "checker#d")).status_code == 200
    assert await payments.violations() == {}
    await payments.look.execute(statement)
    assert set(await payments.violations()) == {9}


@pytest.mark.parametrize("cursor", ["x", "eA==", "LTE="])
async def test_a_cursor_that_is_none_is_refused(payments: Payments, cursor: str) -> None:
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    answer = await payments.get(f"/v1/runs/{run['run_id']}/findings", kind="new", cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
