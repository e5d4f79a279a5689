"""The relay: from the outbox to the broker, in order within a shard, and all of it again when the broker
has lost what it was given.

One transaction a batch: the rows are sent, acknowledged, and taken off `outbox_pending`. A relay that
dies in between sends them again; consumers drop what they have. `broker_mark` holds the last offset
acknowledged for each topic and shard: a broker that gives an offset twice has lost its log. A heartbeat
a second finds that out when there is nothing to send. Then the whole log becomes pending again under
the next epoch, and consumers that see a new epoch read the service's topics from their beginning.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata
from prometheus_client import Counter

from libs.common.kernel.ids import new_id
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import broker
from libs.common.runtime.logs import logger
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.settings import ServiceSettings

_BATCH_MAX = 2_000
#: Shards lock as (_LOCK_SPACE, shard), the heartbeat as (_LOCK_SPACE, SHARDS).
_LOCK_SPACE = 0x52454C
# Each by its key: where much is pending, the planner would rather merge, and read the log from its beginning.
_NEXT = """
    select o.* from (select id, recorded_at from outbox_pending where shard = $1 order by id limit $2) p
    cross join lateral (
        select * from outbox o where o.id = p.id and o.recorded_at = p.recorded_at limit 1
    ) o order by p.id
"""
_PUBLISHED = Counter("ansinh_events_published_total", "Events the broker acknowledged.", ["topic"])


class LogLost(Exception):
    """The broker gave an offset that it had given before: its log is not the one that we filled."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"epoch {epoch}")
        self.epoch = epoch


class Relay:
    """Publishes what a service's transactions have appended. Any number may run; a shard has one."""

    def __init__(self, database: Database, settings: ServiceSettings, topics: Sequence[str]) -> None:
        self._database = database
        self._settings = settings
        self._topics = topics
        self._heartbeat = broker.heartbeat_topic(settings.service)
        self._producer: AIOKafkaProducer | None = None
        #: Topics that are there as far as we know; a broker that lost its log has lost them too.
        self._made: set[str] = set()
        #: A step and a heartbeat share the producer: neither may close it beneath the other, which would
        #: then wait for ever for what a closed client no longer hears.
        self._at_work = asyncio.Lock()

    async def step(self) -> bool:
        """One batch of every shard. True when anything was published."""
        return await self._work(self._publish_waiting)

    async def beat(self) -> bool:
        """One heartbeat, so that a loss is found while nothing is published. Always False: wait a while."""
        await self._work(self._beat)
        return False

    async def _work(self, work: Callable[[AIOKafkaProducer], Awaitable[bool]]) -> bool:
        async with self._at_work:
            try:
                return await work(await self._connected())
            except LogLost as lost:
                await self._rebuild(lost.epoch)
                return True
            except KafkaError:
                await self.close()
                raise

    async def _publish_waiting(self, producer: AIOKafkaProducer) -> bool:
        shards = await self._waiting()
        if shards and not await self._watched(producer):
            return False
        # At once: while one waits for the disk or the broker, another works. All are over before any
        # failure is looked at.
        published = await asyncio.gather(
            *(self._publish(producer, shard) for shard in shards), return_exceptions=True
        )
        failures = [one for one in published if isinstance(one, BaseException)]
        for failure in sorted(failures, key=lambda one: not isinstance(one, LogLost)):
            raise failure
        return any(published)

    async def close(self) -> None:
        if self._producer:
            producer, self._producer = self._producer, None
            self._made = set()
            await producer.stop()

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            settings = self._settings
            await self._make({*self._topics, self._heartbeat})
            self._producer = await broker.producer(
                settings.kafka_bootstrap, idempotent=settings.kafka_idempotent_producer
            )
        return self._producer

    async def _watched(self, producer: AIOKafkaProducer) -> bool:
        """Whether a heartbeat stands in the log's epoch; the first one is sent from here.

        What is published before it could be lost unseen: the next heartbeat would be the first.
        """
        async with self._database.bulk() as connection:
            marked = await connection.fetchval(
                "select exists (select from broker_mark where topic = $1)", self._heartbeat
            )
        return marked or await self._beat(producer)

    async def _beat(self, producer: AIOKafkaProducer) -> bool:
        """False when another relay is at it."""
        async with self._database.bulk() as connection:
            if not await _only_one(connection, SHARDS):
                return False
            marks, epoch = await _marks(connection, 0)
            headers = broker.headers(self._settings.service, broker.HEARTBEAT_TYPE, new_id(), epoch, None)
            sent = await producer.send_and_wait(
                self._heartbeat, b"{}", key=str(new_id()).encode(), partition=0, headers=headers
            )
            await _advance(connection, 0, {self._heartbeat: [sent.offset]}, marks, epoch)
            return True

    async def _make(self, topics: set[str]) -> None:
        """See that the topics are there. Some are known by their first event only."""
        if missing := topics - self._made:
            settings = self._settings
            await broker.ensure_topics(settings.kafka_bootstrap, missing, settings.kafka_replicas)
            self._made |= missing

    async def _waiting(self) -> Sequence[int]:
        """Shards of which something is to be published: one question where mostly nothing is."""
        async with self._database.bulk() as connection:
            rows = await connection.fetch(
                "select one.shard from generate_series(0, $1) as one (shard)"
                " where exists (select from outbox_pending p where p.shard = one.shard::smallint)",
                SHARDS - 1,
            )
        return [row["shard"] for row in rows]

    async def _publish(self, producer: AIOKafkaProducer, shard: int) -> int:
        async with self._database.bulk() as connection:
            if not await _only_one(connection, shard):
                return 0
            rows = await connection.fetch(_NEXT, shard, _BATCH_MAX)
            if not rows:
                return 0
            await self._make({row["topic"] for row in rows})
            marks, epoch = await _marks(connection, shard)
            given = await self._send(producer, shard, rows, epoch)
            await _advance(connection, shard, given, marks, epoch)
            await connection.execute(
                "delete from outbox_pending where shard = $1 and id = any($2::bigint[])",
                shard,
                [row["id"] for row in rows],
            )
        for topic, offsets in given.items():
            _PUBLISHED.labels(topic).inc(len(offsets))
        return len(rows)

    async def _send(
        self, producer: AIOKafkaProducer, shard: int, rows: Sequence[asyncpg.Record], epoch: int
    ) -> dict[str, list[int]]:
        """The offsets that the broker gave, by topic.

        Batches are filled here: to send each record by itself costs several times as much.
        """
        sent: list[asyncio.Future[RecordMetadata]] = []
        counts: list[int] = []
        filling: dict[str, BatchBuilder] = {}

        async def send(topic: str) -> None:
            batch = filling.pop(topic)
            batch.close()
            counts.append(batch.record_count())
            sent.append(await producer.send_batch(batch, topic, partition=shard))

        for row in rows:
            topic = row["topic"]
            record = {
                "timestamp": None,
                "key": str(row["key"]).encode(),
                "value": row["data"],
                "headers": broker.headers(
                    self._settings.service, row["type"], row["event_id"], epoch, row["recorded_at"]
                ),
            }
            if topic in filling and filling[topic].append(**record) is None:
                await send(topic)
            if topic not in filling:
                filling[topic] = producer.create_batch()
                if filling[topic].append(**record) is None:
                    raise RuntimeError("an empty batch takes any record")
        for topic in list(filling):
            await send(topic)
        given: dict[str, list[int]] = {}
        for count, metadata in zip(counts, await asyncio.gather(*sent), strict=True):
            given.setdefault(metadata.topic, []).extend(range(metadata.offset, metadata.offset + count))
        return given

    async def _rebuild(self, lost_epoch: int) -> None:
        """Make the whole log pending under the next epoch, unless somebody has done so already."""
        self._made = set()
        async with self._database.bulk() as connection:
            bumped = await connection.execute(
                "update log_epoch set epoch = epoch + 1 where epoch = $1", lost_epoch
            )
            if bumped == "UPDATE 0":
                return
            again = await connection.fetchval(
                """
                with forgotten as (delete from broker_mark),
                again as (
                    insert into outbox_pending (id, recorded_at, shard)
                    select id, recorded_at, shard from outbox on conflict do nothing returning 1
                )
                select count(*) from again
                """
            )
        logger().warning("the broker lost its log; publishing all of it again", events=again)


async def _only_one(connection: Connection, part: int) -> bool:
    """Two relays on one shard would break the order of a key."""
    return bool(await connection.fetchval("select pg_try_advisory_xact_lock($1, $2)", _LOCK_SPACE, part))


async def _marks(connection: Connection, shard: int) -> tuple[dict[str, int], int]:
    # Held to the end: a rebuild waits for what is under way, and makes it pending again too. Overtaken by a
    # rebuild it would go out in the old epoch alone, and who had dropped it would wait for ever.
    epoch = await connection.fetchval("select epoch from log_epoch for share")
    rows = await connection.fetch("select topic, last_offset from broker_mark where shard = $1", shard)
    return {row["topic"]: row["last_offset"] for row in rows}, epoch


async def _advance(
    connection: Connection, shard: int, given: dict[str, list[int]], marks: dict[str, int], epoch: int
) -> None:
    """Move the marks on; LogLost when an offset is not beyond its mark."""
    if any(min(offsets) <= marks.get(topic, -1) for topic, offsets in given.items()):
        raise LogLost(epoch)
    await connection.executemany(
        "insert into broker_mark (topic, shard, last_offset) values ($1, $2, $3)"
        " on conflict (topic, shard) do update set last_offset = excluded.last_offset",
        [(topic, shard, max(offsets)) for topic, offsets in given.items()],
    )
