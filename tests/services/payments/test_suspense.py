"""What waits in suspense: its money is booked or is none, a person resolves it with another's approval."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.kernel.ids import derived_id, show
from services.payments.domain import suspense
from services.payments.domain.instructions import PENDING, RETURNED, SETTLED
from services.payments.domain.matching import SUSPENSE_REASONS, Suspended, Told
from services.payments.domain.suspense import ATTRIBUTED, DISMISSED, SENT_BACK, TOLD_TWICE
from tests.services.payments.test_funds import balances
from tests.services.payments.test_reports import booked, first, taken
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
    difference,
    person,
)

_AMOUNT = 540_000


@pytest.fixture
async def run(payments: Payments) -> dict[str, Any]:
    """One payment at the bank, one at the post, instructed."""
    await payments.decide(decision(1, pays_from="2024-02"), decision(2, pays_from="2024-02"))
    await payments.account(1)
    await payments.cash(2)
    await payments.close(*MONTHS)
    return await payments.instructed("2024-02")


async def payment(payments: Payments, number: int = 1) -> dict[str, Any]:
    answer = await payments.get(f"/v1/people/{show('per', person(number))}/payments")
    found: dict[str, Any] = answer.json()["items"][-1]
    return found


def credit(content: bytes) -> bytes:
    """The bank's notification turned round: the money came back."""
    return content.replace(b"<CdtDbtInd>DBIT</CdtDbtInd>", b"<CdtDbtInd>CRDT</CdtDbtInd>")


async def waiting(payments: Payments, **wanted: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await payments.get("/v1/suspense", **wanted)).json()["items"]
    return items


async def propose(payments: Payments, line: dict[str, Any], as_: str = "maker#m", **body: Any) -> Any:
    return await payments.post(f"/v1/suspense/{line['suspense_id']}/proposal", {"note": "thử", **body}, as_)


async def resolved(payments: Payments, line: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Proposed, approved by another, carried out."""
    answer = await propose(payments, line, **body)
    assert answer.status_code == 200, answer.text
    answer = await payments.post(f"/v1/suspense/{line['suspense_id']}/approval", {}, "checker#c")
    assert answer.status_code == 200, answer.text
    await payments.work()
    found: dict[str, Any] = (await payments.get(f"/v1/suspense/{line['suspense_id']}")).json()
    return found


async def test_money_given_back_for_nobody_lies_in_suspense_until_it_is_attributed(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    nameless = first(rb"<EndToEndId>pay_.{26}", b"<EndToEndId>whatever")(credit(content))
    await taken(payments, file_id, nameless)
    [line] = await waiting(payments)
    assert (line["reason"], line["held"], line["amount_dong"]) == ("unknown_reference", True, _AMOUNT)
    assert (await balances(payments))[f"suspense:{BANK}"] == _AMOUNT
    assert (await balances(payments))[f"in_transit:{BANK}"] == 0
    one = await payment(payments)
    assert (await propose(payments, line, resolution="dismissed")).json()["code"] == "suspense_unfit"
    assert (await propose(payments, line, resolution="attributed")).json()["code"] == "suspense_unfit"
    done = await resolved(payments, line, resolution="attributed", instruction_id=one["instruction_id"])
    assert done["status"] == "attributed"
    assert (await payment(payments))["status"] == "returned"
    after = await balances(payments)
    assert (after[f"suspense:{BANK}"], after["fund:budget-01"]) == (0, -_AMOUNT)
    assert await waiting(payments) == []
    await payments.answered(agencies=(POST,))
    assert (await payments.run(run["run_id"]))["status"] == "reconciled"
    assert await payments.violations() == {}


async def test_what_the_agency_gave_back_by_mistake_goes_back(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, credit(content).replace(b">540000<", b">530000<"))
    [line] = await waiting(payments, held="true")
    assert line["reason"] == "amount_differs"
    one = await payment(payments)
    unfit = await propose(payments, line, resolution="attributed", instruction_id=one["instruction_id"])
    assert unfit.json()["errors"][0]["code"] == "amount_differs"
    done = await resolved(payments, line, resolution="sent_back")
    assert done["status"] == "sent_back"
    assert (await balances(payments))[f"in_transit:{BANK}"] == _AMOUNT
    assert await payments.violations() == {}


async def test_a_line_that_says_only_something_is_no_money_and_is_dismissed(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, first(rb"<Id>190000000001</Id>", b"<Id>190000000009</Id>")(content))
    [line] = await waiting(payments)
    assert (line["reason"], line["held"]) == ("payee_differs", False)
    assert f"suspense:{BANK}" not in await balances(payments)
    assert (await propose(payments, line, resolution="sent_back")).json()["code"] == "suspense_unfit"
    # The bank mends its report: the payment is settled, and what waited has nothing left to say.
    await taken(payments, file_id, content)
    done = await resolved(payments, line, resolution="dismissed")
    assert done["status"] == "dismissed"
    assert [item["status"] for item in await waiting(payments, status="dismissed")] == ["dismissed"]
    assert await payments.violations() == {}


async def test_a_line_with_another_account_is_settled_by_two_people(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, first(rb"<Id>190000000001</Id>", b"<Id>0190000000001</Id>")(content))
    [line] = await waiting(payments)
    assert line["instruction_id"] == (await payment(payments))["instruction_id"]
    answer = await propose(payments, line, resolution="attributed")
    assert answer.json()["status"] == "proposed"
    again = await propose(payments, line, resolution="dismissed")
    assert (again.status_code, again.json()["code"]) == (409, "suspense_closed")
    path = f"/v1/suspense/{line['suspense_id']}"
    assert (await payments.post(f"{path}/approval", {}, "checker#m")).json()["code"] == "same_identity"
    assert (await payments.post(f"{path}/approval", {}, "maker#x")).status_code == 403
    withdrawn = await payments.post(f"{path}/withdrawal", {}, "maker#m")
    assert (withdrawn.json()["status"], withdrawn.json()["resolution"]) == ("waiting", None)
    assert (await payments.post(f"{path}/approval", {}, "checker#c")).json()["code"] == "suspense_closed"
    done = await resolved(payments, line, resolution="attributed")
    assert done["status"] == "attributed"
    assert (await payment(payments))["status"] == "settled"
    told = [event["data"]["status"] for event in await payments.events()]
    assert told == ["instructed", "settled"]
    assert await payments.violations() == {}


async def told_late(payments: Payments, run: dict[str, Any]) -> dict[str, Any]:
    """The bank rejected a payment of the run, and then books it after all."""
    [file] = [one for one in await payments.files(BANK) if one["run_id"] == run["run_id"]]
    rejected, *_ = await payments.reports(file["payment_file_id"], BANK, EVERYBODY_FAILS)
    await taken(payments, file["payment_file_id"], rejected.content)
    *_, booked_ = await payments.reports(file["payment_file_id"], BANK, NOBODY_FAILS)
    report = await taken(payments, file["payment_file_id"], booked_.content)
    assert (report["settled"], report["suspended"]) == (0, 1)
    [line] = await waiting(payments)
    assert (line["reason"], line["held"]) == ("state_differs", False)
    return line


async def test_a_success_told_late_is_settled_by_two_people(payments: Payments, run: dict[str, Any]) -> None:
    line = await told_late(payments, run)
    assert (await resolved(payments, line, resolution="attributed"))["status"] == "attributed"
    assert (await payment(payments))["status"] == "settled"
    assert (await balances(payments))["paid:monthly_allowance"] == _AMOUNT
    shown = await payments.run(run["run_id"])
    assert (shown["settled_dong"], shown["returned_dong"]) == (_AMOUNT, 0)
    await payments.answered(agencies=(POST,))
    # Its month is paid: the next list does not pay it again.
    assert (await payments.built("2024-02"))["instructed_dong"] == 0
    assert await payments.violations() == {}


async def test_a_success_told_late_after_a_reissue_is_not_settled(
    payments: Payments, run: dict[str, Any]
) -> None:
    line = await told_late(payments, run)
    await payments.answered(agencies=(POST,))
    again = await payments.built("2024-02")
    assert again["instructed_dong"] == _AMOUNT
    answer = await propose(payments, line, resolution="attributed")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "reissued")
    assert (await resolved(payments, line, resolution="dismissed"))["status"] == "dismissed"
    assert await payments.violations() == {}


async def test_a_success_told_late_waits_while_a_list_is_built_that_may_pay_it_anew(
    payments: Payments, run: dict[str, Any]
) -> None:
    line = await told_late(payments, run)
    await payments.answered(agencies=(POST,))
    await propose(payments, line, resolution="attributed")
    await payments.post(f"/v1/suspense/{line['suspense_id']}/approval", {}, "checker#c")
    await payments.ask_run("2024-02")
    [builder] = [worker for worker in payments.parts.workers if worker.name == "run builder"]
    assert await builder.step()
    await payments.work("suspense resolver")
    assert (await payment(payments))["status"] == "returned"
    await payments.work()
    [shown] = await waiting(payments)
    assert (shown["status"], shown["problem"]) == ("waiting", "reissued")
    assert await payments.violations() == {}


async def test_a_success_told_late_of_a_month_that_is_due_no_more_is_overpaid(
    payments: Payments, run: dict[str, Any]
) -> None:
    line = await told_late(payments, run)
    await payments.differ(difference(1, "2024-02", 0, -_AMOUNT))
    await payments.work()
    assert (await payments.get("/v1/overpayments")).json()["items"] == []
    assert (await resolved(payments, line, resolution="attributed"))["status"] == "attributed"
    [found] = (await payments.get("/v1/overpayments")).json()["items"]
    assert (found["benefit_month"], found["open_dong"]) == ("2024-02", _AMOUNT)
    assert await payments.violations() == {}


async def test_what_was_approved_and_can_not_be_any_more_waits_again_and_says_why(
    payments: Payments, run: dict[str, Any]
) -> None:
    line = await told_late(payments, run)
    await payments.answered(agencies=(POST,))
    assert (await propose(payments, line, resolution="attributed")).status_code == 200
    path = f"/v1/suspense/{line['suspense_id']}"
    assert (await payments.post(f"{path}/approval", {}, "checker#c")).status_code == 200
    # Between the approval and the worker, a list pays the month anew.
    await payments.ask_run("2024-02")
    await payments.work("run builder")
    await payments.work()
    [shown] = await waiting(payments)
    assert (shown["status"], shown["problem"]) == ("waiting", "reissued")
    shown = (await payments.get(f"/v1/runs/{run['run_id']}/reconciliation")).json()
    assert shown["instructions"] == {"returned": 1, "settled": 1}
    assert await payments.violations() == {}


async def test_what_waits_is_counted_by_age_and_seen_in_its_territory(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, content.replace(b">540000<", b">530000<"))
    await payments.look.execute("update suspense set waits_since = '2023-12-25'")
    summary = (await payments.get("/v1/suspense/summary")).json()
    [group] = summary["items"]
    assert (group["age_days_max"], group["lines"], group["amount_dong"]) == (90, 1, 530_000)
    assert group["held_dong"] == 0
    [line] = await waiting(payments, as_=f"checker#c@{HANOI}")
    assert line["age_days"] == 42
    assert await waiting(payments, as_=f"checker#c@{HCMC}") == []
    assert (await payments.get(f"/v1/suspense/{line['suspense_id']}", f"checker#c@{HCMC}")).status_code == 404
    assert (await payments.get("/v1/suspense", f"bank:{BANK}")).status_code == 403
    assert await waiting(payments, reason="payee_differs") == []


async def test_the_reconciliation_adds_up_to_the_dong(payments: Payments, run: dict[str, Any]) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, content)
    await taken(payments, file_id, content.replace(b"<MsgId>", b"<MsgId>X", 1))
    await taken(payments, file_id, first(rb"<EndToEndId>pay_.{26}", b"<EndToEndId>whatever")(credit(content)))
    shown = (await payments.get(f"/v1/runs/{run['run_id']}/reconciliation")).json()
    bank, post = shown["agencies"]
    assert (bank["settled_dong"], bank["held_dong"], post["pending_dong"]) == (_AMOUNT, _AMOUNT, _AMOUNT)
    assert sum(one["instructed_dong"] for one in (bank, post)) == run["instructed_dong"]
    for one in (bank, post):
        parts = one["settled_dong"] + one["returned_dong"] + one["pending_dong"]
        assert parts == one["instructed_dong"]
        for day in one["days"]:
            told = day["settled_dong"] + day["returned_dong"] + day["suspense_dong"]
            assert told == day["statement_dong"]
    [day] = bank["days"]
    assert (day["lines"], day["statement_dong"]) == (3, 3 * _AMOUNT)
    assert (day["duplicates_dong"], day["unresolved_dong"]) == (_AMOUNT, _AMOUNT)
    await payments.answered(agencies=(POST,))
    assert await payments.violations() == {}


VIOLATIONS = [
    "delete from suspense",
    "update suspense set amount_dong = amount_dong + 1",
    "update suspense set held = false",
    "update suspense set status = 'sent_back', resolution = 'sent_back', maker_sub = 'm', checker_sub = 'c'",
    "delete from ledger_transfer where posting = 'suspended'",
]


@pytest.mark.parametrize("statement", VIOLATIONS)
async def test_a_planted_violation_of_suspense_is_seen(
    payments: Payments, run: dict[str, Any], statement: str
) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, first(rb"<EndToEndId>pay_.{26}", b"<EndToEndId>whatever")(credit(content)))
    assert await payments.violations() == {}
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(statement)
    assert 10 in await payments.violations()


@given(
    st.sampled_from(SUSPENSE_REASONS),
    st.sampled_from([SETTLED, RETURNED]),
    st.sampled_from(["pain.002", "camt.054", "post-list"]),
    st.sampled_from([None, 0, 1, 540_000]),
    st.sampled_from([PENDING, SETTLED, RETURNED]),
)
def test_money_in_suspense_always_has_a_way_out_and_no_money_always_another(
    reason: str, outcome: str, kind: str, amount: int | None, status: str
) -> None:
    line = Suspended(Told(1, None, outcome, amount, None, None), reason, None)
    held = suspense.holds_money(line, kind)
    item = item_of(line, held=held)
    for released in (SENT_BACK, TOLD_TWICE):
        assert (suspense.unfit(item, released, has_twin=True) is None) == held
    told_again = replace(item, told_again=True)
    assert (suspense.unfit(told_again, SENT_BACK) is None) == held
    assert suspense.unfit(told_again, TOLD_TWICE, has_twin=True) and suspense.unfit(item, TOLD_TWICE)
    assert (suspense.unfit(item, DISMISSED, None) is None) == (not held)
    assert suspense.unfit(item, ATTRIBUTED, None) == "payment_unknown"
    if held:
        assert kind == "camt.054" and outcome == RETURNED and amount


def item_of(line: Suspended, *, held: bool) -> suspense.Item:
    nobody = derived_id("nobody")
    told = line.told
    return suspense.Item(
        suspense_id=nobody,
        report_id=nobody,
        number=1,
        run_id=nobody,
        agency_code=BANK,
        province_code=HANOI,
        reason=line.reason,
        outcome=told.outcome,
        reference="",
        instruction_id=None,
        amount=told.amount,
        told_on=told.on,
        reason_code=None,
        held=held,
        told_again=False,
        waits_since=date(2024, 2, 5),
    )
