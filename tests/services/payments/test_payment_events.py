"""Each change of a payment is told once: by its contract, in order, to whom it concerns, to nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from contracts import topics
from contracts.events import payments as contracts
from contracts.events.base import Event
from libs.common.kernel.ids import show
from libs.common.runtime.relay import Relay
from libs.common.runtime.worker import Worker
from services.payments.domain import instructions
from services.payments.domain.payment_events import event_id
from tests.services.payments.world import (
    BANK,
    EVERYBODY_FAILS,
    HCMC,
    MONTHS,
    NOBODY_FAILS,
    POST,
    Payments,
    close_payments,
    decision,
    open_payments,
)
from tests.support.broker import TestBroker
from tests.support.postgres import TestCluster

_MODELS: dict[str, type[Event]] = {
    "PaymentInstructed": contracts.PaymentInstructed,
    "PaymentSettled": contracts.PaymentSettled,
    "PaymentReturned": contracts.PaymentReturned,
    "PaymentUnknown": contracts.PaymentUnknown,
}


async def people(payments: Payments, banked: int = 3, in_cash: int = 2) -> None:
    """Some are paid by the bank, some at the post office, all for two months."""
    for number in range(1, banked + in_cash + 1):
        await payments.decide(decision(number, amount_dong=540_000 if number % 2 else 1_080_000))
        await (payments.account(number) if number <= banked else payments.cash(number))
    await payments.close(*MONTHS)


def test_every_status_that_an_instruction_can_have_has_its_fact_and_its_contract() -> None:
    reachable = {status for edge in instructions.TRANSITIONS for status in edge}
    assert set(instructions.FACTS) == reachable
    assert tuple(instructions.FACTS.values()) == topics.PUBLIC_PAYMENTS.types == tuple(_MODELS)


async def test_each_change_is_told_as_its_contract_says(payments: Payments) -> None:
    await people(payments)
    run = await payments.instructed()
    await payments.answered(NOBODY_FAILS, (BANK,))
    await payments.answered(EVERYBODY_FAILS, (POST,))
    for fact, count in (("PaymentInstructed", 5), ("PaymentSettled", 3), ("PaymentReturned", 2)):
        told = await payments.told(fact)
        assert len({data["payment_id"] for data in told}) == len(told) == count
        for data in told:
            event = _MODELS[fact].model_validate_json(orjson.dumps(data))
            assert event.model_dump(mode="json") == data
            assert data["run_id"] == run["run_id"] and data["benefit_months"] == list(MONTHS)
            assert data["amount_dong"] in (1_080_000, 2_160_000)
            assert (data["reason_code"] is not None) == (fact == "PaymentReturned")
            assert data["sequence"] == (1 if fact == "PaymentInstructed" else 2)
    assert {data["paying_agency"] for data in await payments.told("PaymentReturned")} == {POST}
    assert await payments.violations() == {}


async def test_months_are_told_of_a_run_that_was_built_before_they_were_kept(payments: Payments) -> None:
    await people(payments, banked=1, in_cash=0)
    run = await payments.built()
    await payments.look.execute("update instruction set benefit_months = null")
    assert (await payments.approve(run)).status_code == 200
    await payments.work()
    [file] = await payments.files()
    assert b"01/2024-02/2024" in await payments.content(file["payment_file_id"])
    await payments.answered(NOBODY_FAILS, (BANK,))
    assert [data["benefit_months"] for data in await payments.told("PaymentSettled")] == [list(MONTHS)]
    assert await payments.violations() == {}


async def test_a_change_that_is_not_told_yet_counts_as_waiting(payments: Payments) -> None:
    """Who waits until nothing is pending has every event in its count."""

    async def pending() -> int:
        return int((await payments.get("/v1/positions", "auditor#a")).json()["pending"])

    await people(payments, banked=3, in_cash=0)
    await payments.instructed()
    before = await pending()
    await payments.look.execute("update payment_change set last_place = null")
    assert await pending() == before + 3


async def test_a_page_has_the_events_of_the_log_with_their_ids(payments: Payments) -> None:
    await people(payments)
    await payments.instructed()
    await payments.answered()
    logged = await payments.look.fetch(
        "select event_id, type, data, recorded_at from outbox where topic = $1 order by id",
        topics.public_payments(BANK),
    )
    page = await payments.events()
    assert [(item["id"], item["type"], item["data"]) for item in page] == [
        (str(row["event_id"]), row["type"], orjson.loads(row["data"])) for row in logged
    ]
    assert len(page) == 6
    ids = {row["instruction_id"]: row for row in await payments.look.fetch("select * from instruction")}
    assert {item["id"] for item in page if item["data"]["sequence"] == 2} == {
        str(event_id(known, 2)) for known, row in ids.items() if row["agency_code"] == BANK
    }


async def test_a_return_after_settlement_is_the_third_change(payments: Payments) -> None:
    await people(payments, banked=1, in_cash=0)
    await payments.instructed()
    (file,) = await payments.files()
    for odds in (NOBODY_FAILS, EVERYBODY_FAILS):
        for report in await payments.reports(file["payment_file_id"], BANK, odds):
            await payments.hand_in(file["payment_file_id"], report.content)
        await payments.work()
    told = [(item["data"]["status"], item["data"]["sequence"]) for item in await payments.events()]
    assert told == [("instructed", 1), ("settled", 2), ("returned", 3)]


async def test_a_partner_sees_its_own_payments_and_an_office_those_of_its_territory(
    payments: Payments,
) -> None:
    await people(payments, banked=1, in_cash=1)
    await payments.decide(decision(9, province_code=HCMC, former_province_code=HCMC))
    await payments.account(9, province_code=HCMC)
    await payments.instructed()
    await payments.instructed(province=HCMC)
    mine = {item["data"]["paying_agency"] for item in await payments.events()}
    assert mine == {BANK}
    assert len(await payments.events()) == 2
    assert len(await payments.events(f"bank:{BANK}@{HCMC}")) == 1
    assert len(await payments.events("auditor#a")) == 3
    assert len(await payments.events(f"auditor#a@{HCMC}")) == 1
    assert (await payments.get("/v1/events", "bank:")).status_code == 403
    assert (await payments.get("/v1/events", "commune-chair#x")).status_code == 403


async def test_pages_follow_one_another_without_gap_or_double(payments: Payments) -> None:
    await people(payments, banked=5, in_cash=3)
    await payments.instructed()
    await payments.answered()
    whole = await payments.events("auditor#a", limit=500)
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await payments.get("/v1/events", "auditor#a", limit=3, **_given(after))).json()
        if not page["items"]:
            break
        found += page["items"]
        after = page["next_cursor"]
    assert found == whole and len(whole) == 16
    assert page["next_cursor"] == after == whole[-1]["cursor"]


async def test_events_are_filtered_by_type_and_month(payments: Payments) -> None:
    await people(payments)
    await payments.instructed()
    await payments.answered()
    settled = await payments.events(types="PaymentSettled")
    assert {item["type"] for item in settled} == {"PaymentSettled"} and len(settled) == 3
    assert len(await payments.events(types=["PaymentSettled", "PaymentInstructed"])) == 6
    assert len(await payments.events(months="2024-02")) == 6
    assert await payments.events(months="2023-12") == []
    skipped = (await payments.get("/v1/events", f"bank:{BANK}", months="2023-12")).json()
    assert await payments.events(after=skipped["next_cursor"]) == [], "all has been looked at"


@pytest.mark.parametrize(
    "bad", [{"after": "x"}, {"after": "-1"}, {"types": "Nothing"}, {"months": "2024-13"}]
)
async def test_a_wrong_question_is_refused(payments: Payments, bad: dict[str, str]) -> None:
    assert (await payments.get("/v1/events", f"bank:{BANK}", **bad)).status_code == 422


async def test_a_change_whose_transaction_ends_late_is_not_passed_over(payments: Payments) -> None:
    """A lower change_id that becomes visible behind a higher one gets its place behind it."""
    await people(payments, banked=2, in_cash=0)
    await payments.instructed()
    first, second = await payments.look.fetch("select instruction_id from instruction order by 1")
    move = "update instruction set status = 'settled', settled_on = '2024-02-05' where instruction_id = $1"
    other = await asyncpg.connect(payments.parts.settings.database_url_bulk.get_secret_value())
    late = other.transaction()
    await late.start()
    await other.execute(move, first["instruction_id"])
    await payments.look.execute(move, second["instruction_id"])
    await payments.work("event teller")
    cursor = (await payments.get("/v1/events", f"bank:{BANK}")).json()["next_cursor"]
    await late.commit()
    await other.close()
    await payments.work("event teller")
    (told,) = await payments.events(after=cursor)
    assert told["data"]["payment_id"] == show("pay", first["instruction_id"])
    assert len(await payments.events()) == 4


async def test_a_stream_goes_on_from_the_last_event_and_ends_with_the_token(payments: Payments) -> None:
    await people(payments)
    await payments.instructed()
    seen = await payments.events()
    reader = f"bank:{BANK}"
    headers = {"Authorization": f"Bearer {reader}", "Last-Event-ID": seen[0]["cursor"]}
    streaming = asyncio.create_task(payments.client.get("/v1/events/stream", headers=headers))
    await asyncio.sleep(0.3)
    await payments.answered()
    await asyncio.sleep(0.3)
    assert not streaming.done()
    payments.tokens.revoked.add(reader)
    answer = await asyncio.wait_for(streaming, 5)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    payments.tokens.revoked.clear()
    assert [orjson.loads(line) for line in told] == (await payments.events())[1:]
    assert f"id: {seen[1]['cursor']}" in answer.text


async def test_what_a_partner_writes_as_a_reason_is_told_as_a_code_or_not_at_all(payments: Payments) -> None:
    await people(payments, banked=1, in_cash=0)
    await payments.instructed()
    await payments.look.execute(
        "update instruction set status = 'returned', return_reason = 'ask Nguyen Thi Thu'"
    )
    await payments.work("event teller")
    assert (await payments.told("PaymentReturned"))[0]["reason_code"] == "other"


@pytest.fixture
async def on_a_broker(postgres_cluster: TestCluster, own_broker: TestBroker) -> AsyncIterator[Payments]:
    opened = await open_payments(
        await postgres_cluster.fresh_database("payments"),
        ANSINH_KAFKA_BOOTSTRAP=own_broker.bootstrap,
        ANSINH_KAFKA_IDEMPOTENT_PRODUCER="false",
    )
    yield opened
    await close_payments(opened)


@asynccontextmanager
async def relaying(payments: Payments) -> AsyncIterator[None]:
    """A relay at work, killed at the end of the block wherever it stands."""
    relay = Relay(payments.parts.database, payments.parts.settings, [topics.RUN.name])
    workers = (Worker("relay", relay.step, 0.02), Worker("heartbeat", relay.beat, 0.3))
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await relay.close()


async def test_a_bank_hears_all_in_order_on_its_topic_though_relay_and_broker_die(
    on_a_broker: Payments, own_broker: TestBroker
) -> None:
    payments = on_a_broker
    await people(payments, banked=40, in_cash=5)
    async with relaying(payments):
        await payments.instructed()
    async with relaying(payments):
        await payments.answered()
        await asyncio.sleep(0.1)
    own_broker.kill()
    own_broker.start()
    async with relaying(payments):
        for _ in range(600):
            if await payments.look.fetchval("select epoch > 1 from log_epoch") and not (
                await payments.look.fetchval("select count(*) from outbox_pending")
            ):
                break
            await asyncio.sleep(0.05)
    heard = await _heard(own_broker, topics.public_payments(BANK))
    sequences: dict[str, list[int]] = {}
    for event in {one["id"]: one for one in reversed(heard)}.values():
        sequences.setdefault(event["data"]["payment_id"], []).insert(0, event["data"]["sequence"])
    assert len(sequences) == 40
    assert all(found == [1, 2] for found in sequences.values())
    assert {one["id"] for one in heard} == {item["id"] for item in await payments.events(limit=500)}


async def _heard(broker: TestBroker, topic: str) -> list[dict[str, Any]]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    found = []
    try:
        while batches := await consumer.getmany(timeout_ms=1_500):
            for records in batches.values():
                for record in records:
                    id_ = dict(record.headers)["ce_id"].decode()
                    found.append({"id": str(UUID(id_)), "data": orjson.loads(record.value)})
    finally:
        await consumer.stop()
    return found


def _given(after: str | None) -> dict[str, str]:
    return {} if after is None else {"after": after}
