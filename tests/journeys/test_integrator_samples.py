"""The samples of docs/integrators do what their page says, against a real service, issuer and broker."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn

from contracts import topics
from deploy.local import issuer
from libs.common.runtime.relay import Relay
from libs.common.runtime.tokens import TokenVerifier
from services.payments import wiring
from tests.services.payments.test_payment_events import people
from tests.services.payments.world import BANK, Payments, close_payments, open_payments
from tests.support.broker import TestBroker
from tests.support.postgres import TestCluster, free_port

SAMPLES = Path(__file__).parents[2] / "docs" / "integrators"
_SECRET = "a secret of this machine"
_LINES_MAX = 10


@asynccontextmanager
async def sample(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE, cwd=SAMPLES
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def lines(process: asyncio.subprocess.Process, count: int) -> list[str]:
    assert process.stdout
    return [(await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip() for _ in range(count)]


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    for _ in range(1_000):
        if server.started:
            break
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def payments(postgres_cluster: TestCluster, own_broker: TestBroker) -> AsyncIterator[Payments]:
    opened = await open_payments(
        await postgres_cluster.fresh_database("payments"),
        ANSINH_KAFKA_BOOTSTRAP=own_broker.bootstrap,
        ANSINH_KAFKA_IDEMPOTENT_PRODUCER="false",
        ANSINH_WEBHOOK_LOOPBACK="true",
    )
    yield opened
    await close_payments(opened)


def test_the_samples_are_as_short_as_their_page_says() -> None:
    """Lines that do something; imports, blank ones and the first docstring aside."""
    for name in ("consumer.py", "webhook_receiver.py"):
        told = [line.strip() for line in (SAMPLES / name).read_text().splitlines()]
        doing = [
            line for line in told if line and not line.startswith(("import", "from", '"""', "#", "class"))
        ]
        assert len(doing) <= _LINES_MAX + 1, name


async def test_the_consumer_prints_each_change_of_its_agency(
    payments: Payments, own_broker: TestBroker
) -> None:
    await people(payments)
    await payments.instructed()
    await payments.answered()
    relay = Relay(payments.parts.database, payments.parts.settings, [topics.RUN.name])
    while await relay.step():
        pass
    await relay.close()
    environment = {"KAFKA": own_broker.bootstrap, "AGENCY": BANK}
    async with sample(sys.executable, "consumer.py", **environment) as consumer:
        told = [line.split() for line in await lines(consumer, 6)]
    events = await payments.events()
    assert sorted(told) == sorted(
        [event["id"], event["data"]["payment_id"], str(event["data"]["sequence"]), event["data"]["status"]]
        for event in events
    )


async def test_the_receiver_takes_what_is_signed_and_nothing_else(payments: Payments) -> None:
    port, me = free_port(), f"bank:{BANK}"
    answer = await payments.post("/v1/webhooks", {"url": f"http://127.0.0.1:{port}/"}, me)
    made = answer.json()
    environment = {"SECRET": made["secret"], "PORT": str(port)}
    async with sample(sys.executable, "webhook_receiver.py", **environment) as receiver:
        await _until_open(port)
        await people(payments, banked=1, in_cash=0)
        await payments.instructed()
        (line,) = await lines(receiver, 1)
        (event,) = await payments.events()
        assert line.startswith(f"{event['id']} PaymentInstructed")
        await payments.post(f"/v1/webhooks/{made['webhook_id']}/secret", {"overlap_hours": 0}, me)
        told = await payments.post(f"/v1/webhooks/{made['webhook_id']}/test", {}, me)
        assert told.json()["http_status"] == 400, "signed by a secret that the receiver does not have"


async def test_curl_signs_in_pages_streams_and_subscribes(payments: Payments, tmp_path: Path) -> None:
    await people(payments, banked=3, in_cash=0)
    await payments.instructed()
    await payments.answered()
    app = wiring.service(payments.parts)
    at = f"http://127.0.0.1:{(issuer_port := free_port())}"
    app.state.verifier = TokenVerifier(at, "ansinh")
    key = issuer.load_or_make_key(tmp_path / "key.json")
    async with (
        serving(issuer.build(at, key, _SECRET), issuer_port),
        serving(app, free_port()) as payments_at,
        sample(
            "sh",
            "curl.sh",
            ISSUER=at,
            PAYMENTS=payments_at,
            CLIENT_ID=f"bank-{BANK}",
            CLIENT_SECRET=issuer.client_secret(_SECRET, f"bank-{BANK}"),
            HOOK="https://bank.example/an-sinh",
        ) as curl,
    ):
        told, _ = await asyncio.wait_for(curl.communicate(), 60)
    assert curl.returncode == 0
    answers = [line for line in told.decode().splitlines() if line.startswith("{")]
    page, hook = orjson.loads(answers[0]), orjson.loads(answers[-1])
    assert [item["type"] for item in page["items"]] == ["PaymentSettled"] * 2
    assert told.decode().count("event: Payment") == 6
    assert hook["secret"].startswith("whsec_")


async def _until_open(port: int) -> None:
    for _ in range(500):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
    raise AssertionError("nothing listens")
