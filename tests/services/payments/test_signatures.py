"""What is handed out is signed by our published keys; what a partner with keys hands in, by one of them."""

from typing import Any

import httpx
import orjson
import pytest

from libs.common.runtime.signatures import HEADER, Signer, is_signed, new_signing_keys
from services.payments.settings import PaymentsSettings
from simulators.bank import desk as bank
from tests.services.payments.test_partners import entry, registered
from tests.services.payments.test_reports import booked
from tests.services.payments.world import (
    BANK,
    MONTHS,
    NOBODY_FAILS,
    POST,
    Payments,
    close_payments,
    decision,
    open_payments,
    token,
)
from tests.support.postgres import ServiceDatabase, TestCluster

OLD, NEW = new_signing_keys(), new_signing_keys()


@pytest.fixture
async def database(postgres_cluster: TestCluster) -> ServiceDatabase:
    return await postgres_cluster.fresh_database("payments")


async def instructed(payments: Payments) -> str:
    await payments.decide(decision(1, pays_from="2024-02"), decision(2, pays_from="2024-02"))
    await payments.account(1)
    await payments.cash(2)
    await payments.close(*MONTHS)
    await payments.instructed("2024-02")
    file_id, _ = await booked(payments)
    return file_id


def both(first: str, second: str) -> str:
    return orjson.dumps({"keys": orjson.loads(first)["keys"] + orjson.loads(second)["keys"]}).decode()


async def fetched(payments: Payments, file_id: str) -> tuple[httpx.Response, list[dict[str, Any]]]:
    answer = await payments.get(f"/v1/payment-files/{file_id}/content", f"bank:{BANK}")
    published: list[dict[str, Any]] = (await payments.client.get("/.well-known/jwks.json")).json()["keys"]
    return answer, published


async def test_a_file_is_signed_by_a_published_key_through_a_change_of_keys(
    database: ServiceDatabase,
) -> None:
    keys = database.environment
    before = await open_payments(database, **keys, ANSINH_SIGNING_KEYS=OLD)
    file_id = await instructed(before)
    answer, published = await fetched(before, file_id)
    assert is_signed(answer.content, answer.headers[HEADER], published)
    assert not is_signed(answer.content + b" ", answer.headers[HEADER], published)
    [listed] = await before.files(POST)
    workbook = await before.get(f"/v1/payment-files/{listed['payment_file_id']}/content", f"bank:{POST}")
    assert is_signed(workbook.content, workbook.headers[HEADER], published)
    assert all(set(key) <= {"kty", "crv", "x", "kid"} for key in published)
    await close_payments(before)
    after = await open_payments(database, **keys, ANSINH_SIGNING_KEYS=both(NEW, OLD))
    again, published = await fetched(after, file_id)
    assert again.content == answer.content and again.headers[HEADER] != answer.headers[HEADER]
    assert is_signed(again.content, again.headers[HEADER], Signer(NEW).public()["keys"])
    # Whoever kept what was signed before the change can still prove it.
    assert is_signed(answer.content, answer.headers[HEADER], published)
    await close_payments(after)


async def hand_in(payments: Payments, file_id: str, content: bytes, signature: str | None) -> httpx.Response:
    headers = token(f"bank:{BANK}") | ({HEADER: signature} if signature else {})
    return await payments.client.post(
        "/v1/partner-reports",
        params={"payment_file_id": file_id},
        files={"file": ("report", content)},
        headers=headers,
    )


async def test_what_no_key_of_the_partner_signed_is_refused_whole(payments: Payments) -> None:
    file_id = await instructed(payments)
    theirs, others = Signer(OLD), Signer(NEW)
    await registered(payments, keys=theirs.public()["keys"])
    made = bank.answer(await payments.content(file_id), file_id, BANK, NOBODY_FAILS)
    content = made.reports[-1].content
    signed = theirs.sign(content)
    for wrong in (None, others.sign(content), theirs.sign(content + b" "), f"{signed}x", "none", ".."):
        refused = await hand_in(payments, file_id, content, wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "signature_invalid"), wrong
    assert await payments.look.fetchval("select count(*) from partner_report") == 0
    assert (await hand_in(payments, file_id, content, signed)).status_code == 202
    await payments.work()
    assert await payments.look.fetchval("select count(*) from instruction where status = 'settled'") == 1
    assert await payments.look.fetchval("select signature from partner_report") == signed
    # Whoever has no key in the register hands in as before.
    await payments.answered(agencies=(POST,))
    assert await payments.violations() == {}


async def test_keys_change_by_maker_and_checker_and_overlap_as_long_as_both_stand(payments: Payments) -> None:
    file_id = await instructed(payments)
    old, new = Signer(OLD), Signer(NEW)
    content = bank.answer(await payments.content(file_id), file_id, BANK, NOBODY_FAILS).reports[0].content

    async def taken(signer: Signer) -> bool:
        return (await hand_in(payments, file_id, content, signer.sign(content))).status_code == 202

    await registered(payments, keys=old.public()["keys"])
    proposed = await payments.post("/v1/partners", entry(keys=new.public()["keys"]), "maker#m")
    assert proposed.status_code == 201
    assert (await taken(old), await taken(new)) == (True, False), "nobody approved the new key"
    await registered(payments, keys=old.public()["keys"] + new.public()["keys"])
    assert (await taken(old), await taken(new)) == (True, True)
    await registered(payments, keys=new.public()["keys"])
    assert (await taken(old), await taken(new)) == (False, True)


async def test_an_entry_proposed_without_keys_keeps_those_in_force_until_none_is_said(
    payments: Payments,
) -> None:
    file_id = await instructed(payments)
    theirs, others = Signer(OLD), Signer(NEW)
    content = bank.answer(await payments.content(file_id), file_id, BANK, NOBODY_FAILS).reports[0].content
    await payments.post("/v1/partners", entry(keys=theirs.public()["keys"]), "maker#m")
    await registered(payments, contact_phone="024 1111 1111")
    assert (await hand_in(payments, file_id, content, None)).status_code == 422
    # A key that nobody approved does not come in with another phone number.
    await payments.post("/v1/partners", entry(keys=others.public()["keys"]), "maker#m")
    again = await registered(payments, contact_phone="024 2222 2222")
    assert [key["kid"] for key in again["keys"]] == [key["kid"] for key in theirs.public()["keys"]]
    for signature in (None, others.sign(content)):
        refused = await hand_in(payments, file_id, content, signature)
        assert (refused.status_code, refused.json()["code"]) == (422, "signature_invalid")
    assert (await hand_in(payments, file_id, content, theirs.sign(content))).status_code == 202
    assert (await registered(payments, keys=[]))["keys"] == []
    assert (await hand_in(payments, file_id, content, None)).status_code == 202


async def test_only_public_keys_of_a_strong_kind_stand_in_the_register(payments: Payments) -> None:
    [private] = orjson.loads(OLD)["keys"]
    [public] = Signer(OLD).public()["keys"]
    for wrong in (
        [private],
        [public, public],
        [public | {"crv": "P-256"}],
        [{"kty": "oct", "k": "AAAA", "kid": "1"}],
        [{"kty": "RSA", "n": "AAAA", "e": "AQAB", "kid": "1"}],
        [{name: part for name, part in public.items() if name != "kid"}],
    ):
        answer = await payments.post("/v1/partners", entry(keys=wrong), "maker#m")
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), wrong
        assert private["d"] not in answer.text


async def test_a_post_office_s_receipts_are_signed_as_well(payments: Payments) -> None:
    await instructed(payments)
    theirs = Signer(OLD)
    await registered(payments, agency_code=POST, channels=["post_office"], keys=theirs.public()["keys"])
    body = orjson.dumps(
        {
            "items": [
                {
                    "receipt": "BN-1",
                    "payment_id": "pay_1",
                    "amount_dong": 1,
                    "paid_to": "self",
                    "paid_at": "2024-02-05T08:00:00Z",
                    "teller": "T1",
                }
            ]
        }
    )
    headers = token(f"bank:{POST}") | {"Content-Type": "application/json"}
    refused = await payments.client.post("/v1/post/collections", content=body, headers=headers)
    assert refused.json()["code"] == "signature_invalid"
    headers[HEADER] = theirs.sign(body) or ""
    taken = await payments.client.post("/v1/post/collections", content=body, headers=headers)
    assert taken.json()["code"] == "not_found", "it is read, and names no payment"


def test_an_office_does_not_start_without_a_key_to_sign_with(database: ServiceDatabase) -> None:
    environment = {name: value for name, value in database.environment.items() if name != "ANSINH_LOCAL"}
    with pytest.raises(ValueError, match="ANSINH_SIGNING_KEYS"):
        PaymentsSettings.from_environment("payments", environment)
