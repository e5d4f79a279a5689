"""Who pays out for us is registered by two identities, narrowed by scopes, slowed down and stopped."""

import asyncio
from typing import Any

import pytest

from services.payments.usecases.partners import Rate
from tests.services.payments.subscriber import subscriber
from tests.services.payments.test_payment_events import people
from tests.services.payments.world import BANK, HCMC, POST, Payments, close_payments, open_payments
from tests.support.postgres import TestCluster

ME = f"bank:{BANK}"


def entry(**changed: Any) -> dict[str, Any]:
    return {
        "agency_code": BANK,
        "name": "Ngân hàng Thử",
        "contact_email": "chi-tra@bank.example",
        "contact_phone": "024 0000 0000",
        "channels": ["bank_account"],
    } | changed


async def registered(payments: Payments, **changed: Any) -> dict[str, Any]:
    proposed = (await payments.post("/v1/partners", entry(**changed), "maker#m")).json()
    path = f"/v1/partners/{proposed['agency_code']}/approval"
    answer = await payments.post(path, {"version": proposed["version"]}, "checker#c")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_entry_holds_once_a_second_identity_approved_that_version(payments: Payments) -> None:
    proposed = await payments.post("/v1/partners", entry(), "maker#m")
    assert proposed.status_code == 201
    assert (proposed.json()["status"], proposed.json()["version"]) == ("proposed", 1)
    path = f"/v1/partners/{BANK}/approval"
    own = await payments.post(path, {"version": 1}, "checker#m")
    assert (own.status_code, own.json()["code"]) == (403, "same_identity")
    await payments.post("/v1/partners", entry(name="Ngân hàng Khác"), "maker#m")
    stale = await payments.post(path, {"version": 1}, "checker#c")
    assert (stale.status_code, stale.json()["code"]) == (409, "partner_changed")
    assert (await payments.post(path, {"version": 2}, "checker#c")).json()["status"] == "active"
    twice = await payments.post(path, {"version": 2}, "checker#c")
    assert twice.status_code == 409
    (shown,) = (await payments.get("/v1/partners", "auditor#a")).json()["items"]
    assert (shown["name"], shown["sandbox"]) == ("Ngân hàng Khác", False)


async def test_only_makers_propose_and_checkers_approve_for_the_nation(payments: Payments) -> None:
    for who in ("checker#c", ME, f"maker#m@{HCMC}"):
        assert (await payments.post("/v1/partners", entry(), who)).status_code == 403
    await payments.post("/v1/partners", entry(), "maker#m")
    for who in ("maker#x", ME, f"checker#c@{HCMC}"):
        assert (await payments.post(f"/v1/partners/{BANK}/approval", {"version": 1}, who)).status_code == 403
    assert (await payments.get("/v1/partners", ME)).status_code == 403
    assert (await payments.post("/v1/partners/none/approval", {"version": 1}, "checker#c")).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"agency_code": "97/05"},
        {"channels": []},
        {"contact_email": "none"},
        {"contact_phone": "x"},
        {"more": 1},
    ],
)
async def test_a_wrong_entry_is_refused(payments: Payments, wrong: dict[str, Any]) -> None:
    assert (await payments.post("/v1/partners", entry(**wrong), "maker#m")).status_code == 422


async def test_what_was_proposed_is_changed_by_nobody(payments: Payments) -> None:
    await registered(payments)
    for statement in ("update partner_version set name = 'x'", "delete from partner_stop"):
        with pytest.raises(Exception, match="permission denied"):
            async with payments.parts.database.writing(None) as connection:
                await connection.execute(statement)


async def test_a_stopped_partner_is_refused_its_stream_cut_its_webhook_silent_until_two_let_it_in(
    postgres_cluster: TestCluster,
) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_WEBHOOK_LOOPBACK="true"
    )
    async with subscriber() as bank:
        await payments.post("/v1/webhooks", {"url": bank.url}, ME)
        await registered(payments)
        await people(payments)
        headers = {"Authorization": f"Bearer {ME}"}
        stream = asyncio.create_task(payments.client.get("/v1/events/stream", headers=headers))
        await asyncio.sleep(0.1)
        stopped = await payments.post(f"/v1/partners/{BANK}/suspension", {}, "checker#c")
        assert stopped.json()["status"] == "suspended"
        await asyncio.wait_for(stream, 5)
        await payments.instructed()
        assert bank.calls == []
        for path in ("/v1/payment-files", "/v1/events", "/v1/webhooks"):
            answer = await payments.get(path, ME)
            assert (answer.status_code, answer.json()["code"]) == (403, "partner_suspended")
            assert (await payments.get(path, f"bank:{POST}")).status_code == 200
        await payments.post("/v1/partners", entry(), "maker#m")
        assert (await payments.get("/v1/events", ME)).status_code == 403, "one identity does not let it in"
        await registered(payments)
        await payments.work()
        assert len(bank.taken) == len(await payments.events()) == 3, "nothing was lost"
    await close_payments(payments)


async def test_what_was_proposed_before_a_stop_does_not_undo_it(payments: Payments) -> None:
    await registered(payments)
    await payments.post("/v1/partners", entry(), "maker#m")
    await payments.post(f"/v1/partners/{BANK}/suspension", {}, "checker#c")
    refused = await payments.post(f"/v1/partners/{BANK}/approval", {"version": 2}, "checker#d")
    assert (refused.status_code, refused.json()["code"]) == (409, "partner_changed")
    assert (await payments.get("/v1/events", ME)).status_code == 403
    assert (await registered(payments))["status"] == "active"
    assert (await payments.get("/v1/events", ME)).status_code == 200
    again = (await payments.post("/v1/partners", entry(), "maker#m")).json()
    assert again["status"] == "proposed", "a stop that is over is no stop"


async def test_a_partner_that_nobody_approved_yet_is_stopped_too(postgres_cluster: TestCluster) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_WEBHOOK_LOOPBACK="true"
    )
    async with subscriber() as bank:
        await payments.post("/v1/webhooks", {"url": bank.url}, ME)
        await payments.post("/v1/partners", entry(), "maker#m")
        assert (await payments.get("/v1/events", ME)).status_code == 200
        stopped = await payments.post(f"/v1/partners/{BANK}/suspension", {}, "checker#c")
        assert stopped.json()["status"] == "suspended"
        assert (await payments.get("/v1/events", ME)).json()["code"] == "partner_suspended"
        await people(payments)
        await payments.instructed()
        assert bank.calls == []
    await close_payments(payments)


async def test_who_asks_too_fast_is_told_when_to_come_again_and_others_are_not_slowed(
    postgres_cluster: TestCluster,
) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"),
        ANSINH_PARTNER_REQUESTS_PER_SECOND="0.2",
        ANSINH_PARTNER_REQUESTS_BURST="3",
    )
    answers = [await payments.get("/v1/events", ME) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["code"] == "too_many_requests"
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 5
    assert (await payments.get("/v1/events", f"bank:{POST}")).status_code == 200
    assert (await payments.get("/v1/events", "auditor#a")).status_code == 200
    await close_payments(payments)


async def test_a_client_holds_so_many_streams_open_and_may_open_another_once_one_has_ended(
    postgres_cluster: TestCluster,
) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_STREAMS_OF_ONE_MAX="1"
    )

    def stream(as_: str) -> asyncio.Task[Any]:
        return asyncio.create_task(payments.get("/v1/events/stream", as_))

    first, other = stream(ME), stream(f"bank:{POST}")
    await asyncio.sleep(0.3)
    second = await payments.get("/v1/events/stream", ME)
    assert (second.status_code, second.headers["Retry-After"]) == (429, "30")
    payments.tokens.revoked |= {ME, f"bank:{POST}"}
    assert [answer.status_code for answer in await asyncio.gather(first, other)] == [200, 200]
    payments.tokens.revoked.clear()
    again = stream(ME)
    await asyncio.sleep(0.3)
    assert not again.done()
    payments.tokens.revoked.add(ME)
    await again
    await close_payments(payments)


def test_a_bucket_fills_again_and_no_further_than_its_burst() -> None:
    clock = [0.0]
    rate = Rate(2.0, 3, lambda: clock[0])
    assert [rate.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock[0] = 0.5
    assert (rate.take("a"), rate.take("a")) == (0, 0.5)
    clock[0] = 100
    assert [bool(rate.take("a")) for _ in range(4)] == [False, False, False, True]
