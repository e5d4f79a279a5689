"""Webhooks: signed, in order for each payment, again and again until taken, and nobody waits for anybody."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from libs.common.kernel.ids import read
from services.payments.clients.webhooks.post import new_secret, signed
from services.payments.domain import webhooks
from services.payments.settings import PaymentsSettings
from services.payments.usecases.webhooks import SendWebhooks
from tests.services.payments.subscriber import Call, Subscriber, subscriber
from tests.services.payments.test_payment_events import people
from tests.services.payments.world import BANK, POST, Payments
from tests.support.postgres import TestCluster

ME = f"bank:{BANK}"


async def subscribe(payments: Payments, url: str, as_: str = ME, **more: Any) -> dict[str, Any]:
    answer = await payments.post("/v1/webhooks", {"url": url, **more}, as_)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def webhook(payments: Payments, made: dict[str, Any], as_: str = ME) -> dict[str, Any]:
    found: dict[str, Any] = (await payments.get(f"/v1/webhooks/{made['webhook_id']}", as_)).json()
    return found


async def deliveries(payments: Payments, made: dict[str, Any], **asked: str) -> list[dict[str, Any]]:
    answer = await payments.get(f"/v1/webhooks/{made['webhook_id']}/deliveries", ME, limit=500, **asked)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def pass_by(payments: Payments, **interval: int) -> None:
    """What was to be tried again within that time is due."""
    await payments.look.execute(
        "with w as (update webhook set next_at = next_at - $1::interval,"
        " failing_since = failing_since - $1::interval, former_until = former_until - $1::interval)"
        " update webhook_delivery set next_at = next_at - $1::interval",
        timedelta(**interval),
    )


async def test_a_change_is_delivered_with_the_id_it_has_everywhere_and_a_signature_that_holds(
    local: Payments, bank: Subscriber
) -> None:
    made = await subscribe(local, bank.url)
    await people(local)
    await local.instructed()
    await local.answered()
    events = await local.events()
    assert {call.id: call.data for call in bank.taken} == {item["id"]: item["data"] for item in events}
    assert len(bank.calls) == len(events) == 6
    for call in bank.calls:
        call.verify(made["secret"])
        with pytest.raises(WebhookVerificationError):
            call.verify(new_secret())
        with pytest.raises(WebhookVerificationError):
            Call(call.headers, call.body.replace(b"540000", b"940000") + b" ").verify(made["secret"])
    assert {item["status"] for item in await deliveries(local, made)} == {"delivered"}
    assert "secret" not in await webhook(local, made)
    stored = await local.look.fetchval("select secret from webhook")
    assert made["secret"].encode() not in stored, "a secret is encrypted at rest"


async def test_a_message_that_is_sent_again_later_by_somebody_else_is_refused() -> None:
    secret, body = new_secret(), b'{"type":"PaymentSettled"}'
    then = datetime.now(UTC) - timedelta(minutes=6)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(body, dict(signed([secret], "evt", then, body)))
    Webhook(secret).verify(body, dict(signed([secret], "evt", datetime.now(UTC), body)))


async def test_both_secrets_sign_until_the_former_ones_time_is_over(
    local: Payments, bank: Subscriber
) -> None:
    made = await subscribe(local, bank.url)
    path = f"/v1/webhooks/{made['webhook_id']}"
    changed = (await local.post(f"{path}/secret", {"overlap_hours": 2}, ME)).json()
    assert changed["secret"] != made["secret"]
    assert (await local.post(f"{path}/test", {}, ME)).json()["delivered"]
    for secret in (made["secret"], changed["secret"]):
        bank.calls[0].verify(secret)
    await pass_by(local, hours=3)
    await local.post(f"{path}/test", {}, ME)
    bank.calls[1].verify(changed["secret"])
    with pytest.raises(WebhookVerificationError):
        bank.calls[1].verify(made["secret"])


async def test_a_secret_changed_twice_still_signs_by_the_one_that_receivers_know(
    local: Payments, bank: Subscriber
) -> None:
    made = await subscribe(local, bank.url)
    path = f"/v1/webhooks/{made['webhook_id']}"
    lost, latest = [
        (await local.post(f"{path}/secret", {"overlap_hours": hours}, ME)).json() for hours in (2, 24)
    ]
    await local.post(f"{path}/test", {}, ME)
    for secret in (made["secret"], latest["secret"]):
        bank.calls[0].verify(secret)
    with pytest.raises(WebhookVerificationError):
        bank.calls[0].verify(lost["secret"])
    await pass_by(local, hours=3)
    await local.post(f"{path}/test", {}, ME)
    with pytest.raises(WebhookVerificationError):
        bank.calls[1].verify(made["secret"])
    await local.post(f"{path}/secret", {"overlap_hours": 2}, ME)
    await local.post(f"{path}/test", {}, ME)
    bank.calls[2].verify(latest["secret"])
    await local.post(f"{path}/secret", {"overlap_hours": 0}, ME)
    await local.post(f"{path}/test", {}, ME)
    with pytest.raises(WebhookVerificationError):
        bank.calls[3].verify(latest["secret"])


async def test_the_test_button_says_what_came_of_it(local: Payments, bank: Subscriber) -> None:
    made = await subscribe(local, bank.url)
    path = f"/v1/webhooks/{made['webhook_id']}/test"
    good = (await local.post(path, {}, ME)).json()
    assert (good["delivered"], good["http_status"]) == (True, 204)
    assert bank.calls[0].told["type"] == "WebhookTest"
    bank.answer = lambda _: 500
    bad = (await local.post(path, {}, ME)).json()
    assert (bad["delivered"], bad["http_status"], bad["fault"]) == (False, 500, "refused")


async def test_a_redirect_is_not_followed(local: Payments, bank: Subscriber) -> None:
    async with subscriber() as elsewhere:
        bank.answer, bank.location = lambda _: 307, elsewhere.url
        made = await subscribe(local, bank.url)
        told = (await local.post(f"/v1/webhooks/{made['webhook_id']}/test", {}, ME)).json()
        assert (told["delivered"], told["fault"]) == (False, "redirect")
        assert elsewhere.calls == []


async def test_a_dead_subscriber_hurts_no_other_and_loses_nothing(local: Payments, bank: Subscriber) -> None:
    async with subscriber() as closed:
        dead = await subscribe(local, closed.url)
    await subscribe(local, bank.url)
    await people(local, banked=30, in_cash=0)
    await local.instructed()
    await local.answered()
    assert len({call.id for call in bank.taken}) == len(bank.taken) == 60
    stands = await webhook(local, dead)
    assert stands["failing_since"] and stands["status"] == "active"
    (first, *_) = await deliveries(local, dead, status="pending")
    assert first["fault"] == "unreachable" and first["next_attempt_at"]
    async with subscriber() as back:
        await local.look.execute("update webhook set url = $1 where url = $2", back.url, dead["url"])
        for _ in range(3):
            await pass_by(local, days=1)
            await local.work()
        assert {call.id for call in back.taken} == {call.id for call in bank.taken}
    assert (await webhook(local, dead))["failing_since"] is None


async def test_a_failing_subscriber_is_probed_with_one_message_at_a_time(
    local: Payments, bank: Subscriber
) -> None:
    bank.answer = lambda _: 503
    await subscribe(local, bank.url)
    await people(local, banked=30, in_cash=0)
    await local.instructed()
    sent = len(bank.calls)
    assert sent == webhooks.WINDOW_MAX
    for tries in range(1, 4):
        await pass_by(local, days=1)
        await local.work()
        assert len(bank.calls) == sent + tries


async def test_a_slow_subscriber_keeps_nobody_waiting(local: Payments, bank: Subscriber) -> None:
    async with subscriber() as slow:
        slow.answer = lambda _: None
        await subscribe(local, slow.url)
        await subscribe(local, bank.url)
        await people(local, banked=3, in_cash=0)
        run = await local.built()
        await local.approve(run)
        await local.work("run booker", "file writer", "event teller")
        senders = [one for one in local.parts.workers if one.name.startswith("webhook sender")]
        began = time.monotonic()
        stuck = asyncio.ensure_future(senders[0].step())
        await asyncio.wait_for(slow.called.wait(), 10)
        await senders[1].step()
        assert time.monotonic() - began < 5
        assert len(bank.taken) == 3 and not stuck.done()
        assert await asyncio.wait_for(stuck, 30), "it is left after some seconds"
        assert (await local.get("/v1/webhooks", ME)).json()["items"][0]["failing_since"]


async def test_a_payments_later_change_waits_for_its_earlier_one_and_other_payments_do_not(
    local: Payments, bank: Subscriber
) -> None:
    made = await subscribe(local, bank.url)
    await people(local, banked=5, in_cash=0)
    refused: set[str] = set()

    def answer(call: Call) -> int:
        refused.add(refused.copy().pop() if refused else call.data["payment_id"])
        return 400 if call.data["payment_id"] in refused else 204

    bank.answer = answer
    await local.instructed()
    await local.answered()
    (poor,) = refused
    assert len(bank.taken) == 8 and not any(call.data["payment_id"] == poor for call in bank.taken)
    assert {call.data["sequence"] for call in bank.calls if call.data["payment_id"] == poor} == {1}
    assert len(await deliveries(local, made, status="pending")) == 2
    bank.answer = lambda _: 204
    await pass_by(local, minutes=1)
    await local.work()
    assert [call.data["sequence"] for call in bank.taken if call.data["payment_id"] == poor] == [1, 2]
    assert len(bank.taken) == 10


async def test_what_is_refused_for_days_is_given_up_and_said(local: Payments, bank: Subscriber) -> None:
    made = await subscribe(local, bank.url)
    await people(local, banked=2, in_cash=0)
    await local.instructed()
    (poor, *_) = bank.calls
    bank.answer = lambda call: 400 if call.id == poor.id else 204
    await local.post(f"/v1/webhooks/{made['webhook_id']}/replay", {"cursor": "0"}, ME)
    bank.calls.clear()
    await local.work()
    for _ in webhooks.RETRY_AFTER:
        await pass_by(local, days=2)
        await local.look.execute("update webhook set failing_since = null")
        await local.work()
    (failed,) = await deliveries(local, made, status="failed")
    assert failed["event_id"] == poor.id
    assert failed["attempts"] == len(webhooks.RETRY_AFTER) + 1
    assert sum(call.id == poor.id for call in bank.calls) == len(webhooks.RETRY_AFTER) + 1


async def test_after_days_of_nothing_it_is_disabled_with_a_notice_and_a_replay_wakes_it(
    local: Payments, bank: Subscriber
) -> None:
    bank.answer = lambda _: 500
    made = await subscribe(local, bank.url)
    await people(local, banked=25, in_cash=0)
    await local.instructed()
    await pass_by(local, days=6)
    await local.work()
    stands = await webhook(local, made)
    assert stands["status"] == "disabled" and "replay" in stands["notice_vi"] and stands["notice_en"]
    tried = len(bank.calls)
    await pass_by(local, days=6)
    await local.work()
    assert len(bank.calls) == tried, "nothing is sent to it any more"
    bank.answer = lambda _: 204
    answer = await local.post(f"/v1/webhooks/{made['webhook_id']}/replay", {}, ME)
    assert answer.status_code == 202
    await pass_by(local, days=1)
    await local.work()
    assert len({call.id for call in bank.taken}) == 25
    assert (await webhook(local, made))["notice_vi"] is None


async def test_all_is_delivered_again_from_any_place_or_time_with_the_same_ids(
    local: Payments, bank: Subscriber
) -> None:
    made = await subscribe(local, bank.url)
    await people(local, banked=25, in_cash=0)
    await local.instructed()
    then = datetime.now(UTC)
    await local.answered()
    first = [call.id for call in bank.taken]
    assert len(set(first)) == len(first) == 50
    path = f"/v1/webhooks/{made['webhook_id']}/replay"
    for wanted, count in (
        ({"cursor": "0"}, 50),
        ({"since": then.isoformat()}, 25),
        ({"cursor": (await local.events(limit=500))[39]["cursor"]}, 10),
    ):
        bank.taken.clear()
        assert (await local.post(path, wanted, ME)).status_code == 202
        await local.work()
        again = [call.id for call in bank.taken]
        assert len(again) == count and set(again) <= set(first)
    assert (await local.post(path, {"since": "2024-01-01T00:00:00"}, ME)).status_code == 422
    both = {"cursor": "0", "since": then.isoformat()}
    assert (await local.post(path, both, ME)).status_code == 422


async def test_a_sender_that_dies_before_it_took_note_sends_again_with_the_same_id(
    local: Payments, bank: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await subscribe(local, bank.url)
    await people(local, banked=3, in_cash=0)
    sender = next(one for one in local.parts.workers if one.name.startswith("webhook sender"))
    sending: SendWebhooks = sender.step.__self__  # type: ignore[attr-defined]

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(sending._queues, "keep", die)
        await local.instructed()
    first = [call.id for call in bank.calls]
    assert len(first) == 3 and await deliveries(local, made) == []
    assert not await sender.step(), "its lease still stands"
    await local.look.execute("update webhook set leased_until = now()")
    await local.work()
    assert sorted(call.id for call in bank.calls) == sorted(first * 2)
    assert len(await deliveries(local, made, status="delivered")) == 3


async def test_who_lost_its_lease_writes_nothing_over_a_replay(local: Payments, bank: Subscriber) -> None:
    made = await subscribe(local, bank.url)
    await people(local, banked=3, in_cash=0)
    await local.instructed()
    path = f"/v1/webhooks/{made['webhook_id']}/replay"
    sender = next(one for one in local.parts.workers if one.name.startswith("webhook sender"))
    sending: SendWebhooks = sender.step.__self__  # type: ignore[attr-defined]
    now = datetime.now(UTC) + timedelta(seconds=5)
    lease = await sending._queues.lease(now, now + timedelta(minutes=1))
    assert lease
    await local.post(path, {"cursor": "0"}, ME)
    await sending._queues.keep(lease, [], 999, webhooks.Standing("active", 0, None, now), now)
    assert (await webhook(local, made))["cursor"] == "0"


async def test_filters_say_what_is_heard(local: Payments, bank: Subscriber) -> None:
    await subscribe(local, bank.url, types=["PaymentReturned"])
    async with subscriber() as other:
        await subscribe(local, other.url, months=["2023-01"])
        await people(local)
        await local.instructed()
        await local.answered()
        assert bank.calls == [] == other.calls
        assert int((await local.get("/v1/webhooks", ME)).json()["items"][0]["cursor"]) > 0


async def test_a_partner_hears_and_sees_its_own_only(local: Payments, bank: Subscriber) -> None:
    post = f"bank:{POST}"
    theirs = await subscribe(local, bank.url, post)
    await people(local, banked=3, in_cash=2)
    await local.instructed()
    assert {call.data["paying_agency"] for call in bank.calls} == {POST}
    path = f"/v1/webhooks/{theirs['webhook_id']}"
    assert (await local.get("/v1/webhooks", ME)).json()["items"] == []
    for answer in (
        await local.get(path, ME),
        await local.get(f"{path}/deliveries", ME),
        await local.post(f"{path}/secret", {}, ME),
        await local.post(f"{path}/test", {}, ME),
        await local.post(f"{path}/replay", {}, ME),
        await local.client.delete(path, headers={"Authorization": f"Bearer {ME}"}),
        await local.get(path, f"{post}@79"),
    ):
        assert answer.status_code == 404, answer.url
    assert (await local.get(path, "maker#m")).status_code == 403
    gone = await local.client.delete(path, headers={"Authorization": f"Bearer {post}"})
    assert gone.status_code == 204
    assert (await local.get(path, post)).status_code == 404


async def test_there_is_one_webhook_to_an_address_and_not_too_many(local: Payments) -> None:
    for number in range(webhooks.WEBHOOKS_MAX):
        await subscribe(local, f"https://bank.example/{number}")
    more = await local.post("/v1/webhooks", {"url": "https://bank.example/more"}, ME)
    assert (more.status_code, more.json()["code"]) == (409, "webhooks_too_many")
    again = await local.post("/v1/webhooks", {"url": "https://bank.example/0"}, ME)
    assert (again.status_code, again.json()["code"]) == (409, "webhook_exists")
    assert (await local.post("/v1/webhooks", {"url": "https://x.example"}, f"bank:{POST}")).status_code == 201


def test_loopback_is_refused_where_it_is_no_local_platform(postgres_cluster: TestCluster) -> None:
    urls = {f"ANSINH_DATABASE_URL_PAYMENTS{role}": "postgresql://x/y" for role in ("", "_MIGRATOR", "_BULK")}
    with pytest.raises(ValueError, match="ANSINH_WEBHOOK_LOOPBACK"):
        PaymentsSettings.from_environment("payments", {**urls, "ANSINH_WEBHOOK_LOOPBACK": "true"})


async def test_webhooks_have_ids_of_their_own(local: Payments) -> None:
    made = await subscribe(local, "https://bank.example")
    assert read("whk", made["webhook_id"])
