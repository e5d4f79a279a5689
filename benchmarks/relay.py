"""Events from the outbox to the broker, and from there into an inbox, each beside the bare Kafka client.

One process of each, on a durable database as `make up` has it, and the embedded broker. The consumer's
handler keeps nothing: what is timed is what every service pays for each event, whatever it does with it.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.bench import Line, Side, Target
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import broker
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.consumer import Consumer
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.relay import Relay
from libs.common.runtime.settings import ServiceSettings
from tests.support.broker import test_broker
from tests.support.postgres import test_cluster

_SIZE, _SIZE_QUICK = 200_000, 20_000
_SERVICE, _TOPIC, _TYPE = "eligibility", "ansinh.eligibility.decision.v1", "DecisionRecorded"
_BARE_TOPIC = "bare"
#: As long as a decision's event.
_DATA = b'{"told":"' + b"x" * 700 + b'"}'
_BATCH = 2_000
_FILL = """
    insert into outbox (topic, shard, key, event_id, type, data)
    select $1, get_byte(uuid_send(key), 15) % $2, key, uuidv7(), $3, $4
    from (select gen_random_uuid() as key from generate_series(1, $5::int)) made
"""


def lines(quick: bool) -> Iterator[Line]:
    size = _SIZE_QUICK if quick else _SIZE
    with _log(size) as log:
        yield Line(
            f"{size:,} events relayed",
            "events",
            size,
            Side("one relay: from the outbox to acknowledged offsets, marks, and off the list", log.relayed),
            Side("one bare producer: the same records from memory, acknowledged", log.produced),
            Target(rate_min=20_000),
        )
    with _log(size) as log:
        log.relayed()
        yield Line(
            f"{size:,} events consumed",
            "events",
            size,
            Side(
                "one consumer: each record once into the inbox, position; a handler that keeps nothing",
                log.consumed,
            ),
            Side("one bare consumer: the same records, dropped", log.dropped),
            Target(rate_min=10_000),
        )


def peers() -> dict[str, str]:
    return {}


@dataclass
class Log:
    """A service's database with a broker. The service reads what it published itself."""

    size: int
    settings: ServiceSettings
    database: Database
    look: "asyncpg.Connection[asyncpg.Record]"
    loop: asyncio.AbstractEventLoop

    def relayed(self) -> float:
        return self.loop.run_until_complete(self._relayed())

    def produced(self) -> float:
        return self.loop.run_until_complete(self._produced())

    def consumed(self) -> float:
        return self.loop.run_until_complete(self._consumed())

    def dropped(self) -> float:
        return self.loop.run_until_complete(self._dropped())

    async def _relayed(self) -> float:
        await self.look.execute("truncate outbox, outbox_pending")
        await self.look.execute(_FILL, _TOPIC, SHARDS, _TYPE, _DATA, self.size)
        await self.look.execute("insert into outbox_pending select id, recorded_at, shard from outbox")
        await self.look.execute("analyze outbox; analyze outbox_pending")
        await self.look.execute("checkpoint")
        relay = Relay(self.database, self.settings, [_TOPIC])
        # Connected, with topics made.
        await relay.beat()
        began = time.perf_counter()
        while await relay.step():
            pass
        seconds = time.perf_counter() - began
        await relay.close()
        return seconds

    async def _produced(self) -> float:
        await broker.ensure_topics(self.settings.kafka_bootstrap, [_BARE_TOPIC], 1)
        rows = await self.look.fetch("select key, event_id, shard, recorded_at from outbox order by id")
        producer = await broker.producer(self.settings.kafka_bootstrap, idempotent=False)
        began = time.perf_counter()
        for first in range(0, len(rows), _BATCH):
            sent = [
                await producer.send(
                    _BARE_TOPIC,
                    _DATA,
                    key=str(row["key"]).encode(),
                    partition=row["shard"],
                    headers=broker.headers(_SERVICE, _TYPE, row["event_id"], 1, row["recorded_at"]),
                )
                for row in rows[first : first + _BATCH]
            ]
            await asyncio.gather(*sent)
        seconds = time.perf_counter() - began
        await producer.stop()
        return seconds

    async def _consumed(self) -> float:
        await self.look.execute("truncate inbox, consumer_position, consumer_epoch")
        await self.look.execute("checkpoint")
        taken, all_taken = 0, asyncio.Event()

        async def keep_nothing(_: Connection, events: Sequence[IncomingEvent]) -> None:
            nonlocal taken
            taken += len(events)
            if taken == self.size:
                all_taken.set()

        consumer = Consumer(self.database, self.settings, {_TOPIC: keep_nothing})
        began = time.perf_counter()
        running = asyncio.create_task(consumer.run())
        await all_taken.wait()
        # Its last batch is committed when its positions are free.
        await self.look.execute("select from consumer_position for update")
        seconds = time.perf_counter() - began
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await self.look.fetchval("select count(*) from inbox") == self.size
        return seconds

    async def _dropped(self) -> float:
        began = time.perf_counter()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        consumer.assign([TopicPartition(_TOPIC, shard) for shard in range(SHARDS)])
        found = 0
        while found < self.size:
            batches = await consumer.getmany(timeout_ms=500, max_records=_BATCH)
            found += sum(len(records) for records in batches.values())
        seconds = time.perf_counter() - began
        await consumer.stop()
        return seconds


@contextmanager
def _log(size: int) -> Iterator[Log]:
    loop = asyncio.new_event_loop()
    with test_cluster({}) as cluster, test_broker() as running:
        place = loop.run_until_complete(cluster.fresh_database(_SERVICE))
        settings = place.settings(
            ANSINH_KAFKA_BOOTSTRAP=running.bootstrap, ANSINH_KAFKA_IDEMPOTENT_PRODUCER="false"
        )
        database = Database(settings)
        loop.run_until_complete(database.open())
        look = loop.run_until_complete(asyncpg.connect(place.url_superuser))
        try:
            yield Log(size, settings, database, look, loop)
        finally:
            loop.run_until_complete(look.close())
            loop.run_until_complete(database.close())
            loop.close()
