"""What a partner posts again with its Idempotency-Key happens once, and is answered as the first time."""

from typing import Any

from tests.services.payments.test_payment_events import people
from tests.services.payments.world import BANK, EVERYBODY_FAILS, NOBODY_FAILS, POST, Payments

ME = f"bank:{BANK}"


async def test_the_same_key_and_body_get_the_first_answer_and_another_body_is_refused(
    payments: Payments,
) -> None:
    key, wanted = {"Idempotency-Key": "k1"}, {"url": "https://bank.example/hook"}
    first = await payments.post("/v1/webhooks", wanted, ME, **key)
    again = await payments.post("/v1/webhooks", wanted, ME, **key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json() and first.json()["secret"].startswith("whsec_")
    other = await payments.post("/v1/webhooks", {"url": "https://bank.example/other"}, ME, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    someone = await payments.post("/v1/webhooks", wanted, f"bank:{POST}", **key)
    assert someone.json()["webhook_id"] != first.json()["webhook_id"], "a key is its sender's own"
    kept = await payments.look.fetchval("select answer from idempotent_answer limit 1")
    assert b"whsec_" not in kept


async def test_a_change_of_secret_sent_again_by_its_key_changes_it_once(payments: Payments) -> None:
    made = (await payments.post("/v1/webhooks", {"url": "https://bank.example"}, ME)).json()
    path, key = f"/v1/webhooks/{made['webhook_id']}/secret", {"Idempotency-Key": "secret 1"}
    first, again = [(await payments.post(path, {}, ME, **key)).json() for _ in range(2)]
    assert first == again and first["secret"] != made["secret"]


async def test_a_report_handed_in_again_by_its_key_is_one_report_and_another_under_it_is_refused(
    payments: Payments,
) -> None:
    await people(payments, banked=1, in_cash=0)
    await payments.instructed()
    (file,) = await payments.files()
    one = await payments.reports(file["payment_file_id"], BANK, NOBODY_FAILS)
    other = await payments.reports(file["payment_file_id"], BANK, EVERYBODY_FAILS)

    async def hand_in(content: bytes) -> Any:
        return await payments.client.post(
            "/v1/partner-reports",
            params={"payment_file_id": file["payment_file_id"]},
            files={"file": ("report", content)},
            headers={"Authorization": f"Bearer {ME}", "Idempotency-Key": "report 1"},
        )

    first, again = await hand_in(one[0].content), await hand_in(one[0].content)
    assert first.status_code == again.status_code == 202 and first.json() == again.json()
    assert (await hand_in(other[0].content)).json()["code"] == "idempotency_key_reused"


async def test_a_refusal_is_not_kept_and_a_request_that_died_is_taken_up_again(payments: Payments) -> None:
    key = {"Idempotency-Key": "k2"}
    refused = await payments.post("/v1/webhooks", {"url": "http://bank.example"}, ME, **key)
    assert (refused.status_code, refused.json()["code"]) == (422, "webhook_url_refused")
    wanted = {"url": "https://bank.example"}
    assert (await payments.post("/v1/webhooks", wanted, ME, **key)).status_code == 201
    await payments.look.execute("update idempotent_answer set answer = null; delete from webhook")
    busy = await payments.post("/v1/webhooks", wanted, ME, **key)
    assert (busy.status_code, busy.json()["code"]) == (409, "idempotency_key_busy")
    await payments.look.execute("update idempotent_answer set asked_at = now() - interval '2 minutes'")
    assert (await payments.post("/v1/webhooks", wanted, ME, **key)).status_code == 201
