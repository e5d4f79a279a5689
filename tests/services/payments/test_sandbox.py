"""A partner tries out all that a real one does, and nothing real is touched."""

from itertools import accumulate
from typing import Any

import pytest

from services.payments.usecases import sandbox
from simulators.answer import Report
from simulators.bank import desk as bank
from simulators.outcomes import Odds
from simulators.post import desk as post
from simulators.wallet import desk as wallet
from tests.services.payments.test_partners import registered
from tests.services.payments.test_payment_events import people
from tests.services.payments.world import BANK, EVERYBODY_FAILS, NOBODY_FAILS, Payments

CODE = "SBX970405"
ME = f"bank:{CODE}"


async def made(payments: Payments, count: int = 3, as_: str = ME) -> dict[str, Any]:
    answer = await payments.post("/v1/sandbox/files", {"payments": count}, as_)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def reports(payments: Payments, file: dict[str, Any], odds: Odds) -> tuple[Report, ...]:
    file_id = file["payment_file_id"]
    content = (await payments.get(f"/v1/sandbox/files/{file_id}/content", ME)).content
    if file["kind"] == "post-list":
        return post.answer(content, file_id, odds).reports
    if file["kind"] == "wallet-batch":
        batch = wallet.read_batch(content)
        said = Report("taken", "taken.json", "application/json", wallet.taken(batch, odds))
        return (said, *wallet.answer(batch, odds).reports)
    return bank.answer(content, file_id, CODE, odds).reports


async def hand_in(payments: Payments, file: dict[str, Any], report: Report) -> dict[str, Any]:
    answer = await payments.client.post(
        f"/v1/sandbox/files/{file['payment_file_id']}/report",
        files={"file": ("report", report.content)},
        headers={"Authorization": f"Bearer {ME}"},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("channel", "kind"),
    [("bank_account", "pain.001"), ("post_office", "post-list"), ("e_wallet", "wallet-batch")],
)
@pytest.mark.parametrize(
    ("odds", "outcome"), [(NOBODY_FAILS, "settled"), (EVERYBODY_FAILS, "returned")], ids=["well", "ill"]
)
async def test_a_file_is_fetched_answered_and_told_as_a_real_one(
    payments: Payments, channel: str, kind: str, odds: Odds, outcome: str
) -> None:
    await registered(payments, agency_code=CODE, channels=[channel])
    file = await made(payments)
    assert (file["kind"], file["payments"], file["amount_dong"]) == (kind, 3, 600_000)
    answers = [await hand_in(payments, file, report) for report in await reports(payments, file, odds)]
    assert sum(answer[outcome] for answer in answers) == 3
    assert all(answer["suspended"] == [] for answer in answers)
    await payments.work()
    events = await payments.events(ME)
    told = [(event["data"]["status"], event["data"]["sequence"]) for event in events]
    assert sorted(told) == sorted([("instructed", 1), (outcome, 2)] * 3)
    assert {event["data"]["paying_agency"] for event in events} == {CODE}
    assert await payments.violations() == {}


async def test_nothing_real_is_touched_and_nobody_else_sees_it(payments: Payments) -> None:
    await registered(payments, agency_code=CODE)
    file = await made(payments)
    for report in await reports(payments, file, NOBODY_FAILS):
        await hand_in(payments, file, report)
    await payments.work()
    for table in ("instruction", "ledger_transfer", "payment_file", "partner_report", "run"):
        assert await payments.look.fetchval(f"select count(*) from {table}") == 0
    assert await payments.events("auditor#a") == [] == await payments.events()
    path = f"/v1/sandbox/files/{file['payment_file_id']}/content"
    assert (await payments.get(path, "bank:SBX1")).status_code == 404


async def test_what_is_told_twice_is_suspended_and_another_files_report_refused(payments: Payments) -> None:
    await registered(payments, agency_code=CODE)
    file = await made(payments, 2)
    *_, settled = await reports(payments, file, NOBODY_FAILS)
    assert (await hand_in(payments, file, settled))["settled"] == 2
    again = await hand_in(payments, file, settled)
    assert [line["reason"] for line in again["suspended"]] == ["duplicate"] * 2
    await payments.work()
    assert len(await payments.events(ME)) == 4, "what is told twice changes nothing"
    other = await made(payments, 2)
    refused = await payments.client.post(
        f"/v1/sandbox/files/{other['payment_file_id']}/report",
        files={"file": ("report", (await reports(payments, file, NOBODY_FAILS))[0].content)},
        headers={"Authorization": f"Bearer {ME}"},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "report_unreadable")


async def test_only_a_registered_sandbox_partner_may(payments: Payments) -> None:
    for who in (ME, f"bank:{BANK}"):
        answer = await payments.post("/v1/sandbox/files", {}, who)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_sandbox")
    await registered(payments)
    assert (await payments.post("/v1/sandbox/files", {}, f"bank:{BANK}")).status_code == 403
    assert (await payments.post("/v1/sandbox/files", {}, "maker#m")).status_code == 403
    await registered(payments, agency_code=CODE)
    assert (await payments.post("/v1/sandbox/files", {"payments": 101}, ME)).status_code == 422
    key = {"Idempotency-Key": "one"}
    first, again = [(await payments.post("/v1/sandbox/files", {}, ME, **key)).json() for _ in range(2)]
    assert first == again


async def test_real_payments_are_told_before_what_sandboxes_made_up_earlier(payments: Payments) -> None:
    await registered(payments, agency_code=CODE)
    for _ in range(8):
        file = await made(payments, 100)
    assert await payments.look.fetchval("select count(*) from payment_change") == 8 * 3, "told in groups"
    await people(payments)
    run = await payments.built()
    await payments.approve(run)
    await payments.work("run booker", "file writer")
    for report in await reports(payments, file, NOBODY_FAILS):
        await hand_in(payments, file, report)
    await payments.work("event teller")
    real = await payments.events("auditor#a")
    assert sorted(int(event["cursor"]) for event in real) == [1, 2, 3, 4, 5]
    places = await payments.look.fetch("select last_place, size from payment_change order by last_place")
    assert [row["last_place"] for row in places] == list(accumulate(row["size"] for row in places))
    theirs = await payments.events(ME, limit=500) + await payments.events(ME, limit=500, after="505")
    sequences: dict[str, list[int]] = {}
    for event in theirs:
        sequences.setdefault(event["data"]["payment_id"], []).append(event["data"]["sequence"])
    assert sorted(sequences.values()) == [[1]] * 700 + [[1, 2]] * 100


async def test_old_files_go(payments: Payments) -> None:
    await registered(payments, agency_code=CODE)
    for _ in range(21):
        await made(payments, 1)
    assert await payments.look.fetchval("select count(*) from sandbox_file") == 20


async def test_a_partner_makes_so_many_files_an_hour(
    payments: Payments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "FILES_MAX", 1)
    monkeypatch.setattr(sandbox, "FILES_HOUR_MAX", 3)
    for code in (CODE, "SBX1"):
        await registered(payments, agency_code=code)
    for _ in range(3):
        await made(payments, 1)
    refused = await payments.post("/v1/sandbox/files", {"payments": 1}, ME)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    await made(payments, 1, "bank:SBX1")
    await payments.look.execute("update payment_change set recorded_at = recorded_at - interval '1 hour'")
    await made(payments, 1)


async def test_the_role_that_serves_requests_can_tell_of_nothing_by_itself(payments: Payments) -> None:
    with pytest.raises(Exception, match="permission denied"):
        async with payments.parts.database.writing(None) as connection:
            await connection.execute(
                "insert into payment_change (agency_code, province_code, run_id, status, sequence,"
                " occurred_on, benefit_months, instruction_ids, amounts_dong, commune_codes) values"
                " ('970405', '01', uuidv7(), 'settled', 2, now(), '{}', '{}', '{}', '{}')"
            )
