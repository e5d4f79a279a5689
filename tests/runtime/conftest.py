"""One service's database with the frame's tables, a broker to kill, and an effect to count."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest

from libs.common.kernel.ids import new_id
from libs.common.runtime import outbox
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.consumer import Consumer
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.relay import Relay
from tests.support.broker import TestBroker
from tests.support.postgres import TestCluster

TOPIC = "ansinh.eligibility.decision.v1"


@dataclass
class Frame:
    """The publisher and the consumer share one database here; nothing else is special."""

    database: Database
    broker: TestBroker
    relay: Relay
    consumer: Consumer
    superuser_url: str
    poison: set[bytes] = field(default_factory=set)

    async def append(self, count: int, data: bytes = b"{}") -> list[outbox.OutgoingEvent]:
        events = [outbox.event(TOPIC, new_id(), "Happened", data) for _ in range(count)]
        async with self.database.bulk() as connection:
            await outbox.append(connection, events)
        return events

    async def value(self, query: str, *arguments: object) -> int:
        async with self.database.bulk() as connection:
            return int(await connection.fetchval(query, *arguments) or 0)

    async def effects(self) -> int:
        return await self.value("select count(*) from effect")

    async def handle(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        if any(event.data in self.poison for event in events):
            raise ValueError("a poison message")
        await connection.execute(
            "insert into effect (event_id) select unnest($1::uuid[])", [event.event_id for event in events]
        )


@pytest.fixture
async def frame(postgres_cluster: TestCluster, own_broker: TestBroker) -> AsyncIterator[Frame]:
    made = await postgres_cluster.fresh_database("eligibility")
    superuser = await asyncpg.connect(made.url_superuser)
    # No unique key: an effect that happens twice must show.
    await superuser.execute("create table effect (event_id uuid)")
    await superuser.execute("grant all on effect to eligibility_bulk")
    await superuser.close()
    settings = made.settings(
        ANSINH_KAFKA_BOOTSTRAP=own_broker.bootstrap, ANSINH_KAFKA_IDEMPOTENT_PRODUCER="false"
    )
    database = Database(settings)
    await database.open()
    relay = Relay(database, settings, [TOPIC])
    frame = Frame(database, own_broker, relay, Consumer(database, settings, {}), made.url_superuser)
    frame.consumer = Consumer(database, settings, {TOPIC: frame.handle})
    yield frame
    await relay.close()
    await database.close()
