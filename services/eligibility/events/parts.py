"""Which part is to be determined, told over Kafka to as many workers as there are.

A message is a hint; whose a part is, and that it is done once, the database says (store/jobs.py). What was
told and is neither done nor held is told again: neither a broker that lost everything nor a worker that was
killed leaves a part behind.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.topics import DETERMINATION_PART
from libs.common.kernel.ids import new_id, show
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import broker
from libs.common.runtime.settings import ServiceSettings

Send = Callable[[Sequence[tuple[UUID, int]]], Awaitable[None]]
#: Sends (job, part) of what is to be done; it counts as told when that ends well. False: there is nothing.
ToTell = Callable[[Send], Awaitable[bool]]
#: Does all that is to be done of a part.
Determine = Callable[[int], Awaitable[None]]

_TYPE = "DeterminationPartDue"
_IDLE_SECONDS = 0.2


class Teller:
    """Tells all workers of parts."""

    def __init__(self, settings: ServiceSettings, to_tell: ToTell) -> None:
        self._settings = settings
        self._to_tell = to_tell
        self._producer: AIOKafkaProducer | None = None

    async def run(self) -> None:
        """Until cancelled, or until something breaks: the caller starts it again."""
        try:
            while True:
                if not await self._to_tell(self._send):
                    await asyncio.sleep(_IDLE_SECONDS)
        finally:
            if self._producer:
                producer, self._producer = self._producer, None
                await producer.stop()

    async def _send(self, due: Sequence[tuple[UUID, int]]) -> None:
        producer = await self._connected()
        sent = [
            await producer.send(
                DETERMINATION_PART,
                orjson.dumps({"job_id": show("job", job_id), "part": part}),
                key=str(job_id).encode(),
                partition=part % SHARDS,
                headers=broker.headers(self._settings.service, _TYPE, new_id(), 0, None),
            )
            for job_id, part in due
        ]
        await asyncio.gather(*sent)

    async def _connected(self) -> AIOKafkaProducer:
        settings = self._settings
        # Each time: a broker that lost everything has lost the topic too.
        await _ensure_topic(settings)
        if self._producer is None:
            self._producer = await broker.producer(
                settings.kafka_bootstrap, idempotent=settings.kafka_idempotent_producer
            )
        return self._producer


class Claims:
    """One of any number of workers. Each hears of every part and determines those that no other holds."""

    def __init__(self, settings: ServiceSettings, parts: int, determine: Determine) -> None:
        self._settings = settings
        self._parts = parts
        self._determine = determine

    async def run(self) -> None:
        """Until cancelled, or until something breaks: the caller starts it again."""
        await _ensure_topic(self._settings)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            enable_auto_commit=False,
            metadata_max_age_ms=5_000,
        )
        await consumer.start()
        try:
            partitions = [TopicPartition(DETERMINATION_PART, shard) for shard in range(SHARDS)]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            # What was told before we listened.
            for part in range(self._parts):
                await self._determine(part)
            while True:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        await self._determine(orjson.loads(record.value or b"{}")["part"])
                await _notice_shorter_logs(consumer)
        finally:
            await consumer.stop()


async def _ensure_topic(settings: ServiceSettings) -> None:
    await broker.ensure_topics(settings.kafka_bootstrap, [DETERMINATION_PART], settings.kafka_replicas)


async def _notice_shorter_logs(consumer: AIOKafkaConsumer) -> None:
    """A log that ends before our position is not the one that we read: begin it again."""
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        if end is not None and end < await consumer.position(partition):
            await consumer.seek_to_beginning(partition)
