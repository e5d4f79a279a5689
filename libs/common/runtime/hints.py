"""Workers told over Kafka that there is work: any number of them, in any processes.

A message is a hint; whose a piece of work is, and that it is done once, the database says (a row claimed by
`for update skip locked`). What was told and is neither done nor held is told again: neither a broker that
lost everything nor a worker that was killed leaves a piece behind (docs/decisions/0014).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from libs.common.kernel.ids import new_id
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import broker
from libs.common.runtime.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Hint:
    """`data` is its JSON; `shard`: of the topic's."""

    key: bytes
    shard: int
    data: bytes


Send = Callable[[Sequence[Hint]], Awaitable[None]]
#: Sends what is to be done; it counts as told when that ends well. False: there is nothing.
ToTell = Callable[[Send], Awaitable[bool]]

_IDLE_SECONDS = 0.2


class Teller:
    """Tells all workers that listen to the topic."""

    def __init__(self, settings: ServiceSettings, topic: str, type_: str, to_tell: ToTell) -> None:
        self._settings = settings
        self._topic = topic
        self._type = type_
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

    async def _send(self, due: Sequence[Hint]) -> None:
        producer = await self._connected()
        sent = [
            await producer.send(
                self._topic,
                hint.data,
                key=hint.key,
                partition=hint.shard,
                headers=broker.headers(self._settings.service, self._type, new_id(), 0, None),
            )
            for hint in due
        ]
        await asyncio.gather(*sent)

    async def _connected(self) -> AIOKafkaProducer:
        settings = self._settings
        # Each time: a broker that lost everything has lost the topic too.
        await broker.ensure_topics(settings.kafka_bootstrap, [self._topic], settings.kafka_replicas)
        if self._producer is None:
            self._producer = await broker.producer(
                settings.kafka_bootstrap, idempotent=settings.kafka_idempotent_producer
            )
        return self._producer


class Listener:
    """One of any number of workers: each hears every hint. `begin` does what was told before it listened."""

    def __init__(
        self,
        settings: ServiceSettings,
        topic: str,
        begin: Callable[[], Awaitable[None]],
        heard: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._begin = begin
        self._heard = heard

    async def run(self) -> None:
        """Until cancelled, or until something breaks: the caller starts it again."""
        settings = self._settings
        await broker.ensure_topics(settings.kafka_bootstrap, [self._topic], settings.kafka_replicas)
        async with broker.reading(settings.kafka_bootstrap) as consumer:
            partitions = [TopicPartition(self._topic, shard) for shard in range(SHARDS)]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            await self._begin()
            while True:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        await self._heard(record.value or b"{}")
                await _notice_shorter_logs(consumer)


async def _notice_shorter_logs(consumer: AIOKafkaConsumer) -> None:
    """A log that ends before our position is not the one that we read: begin it again."""
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        if end is not None and end < await consumer.position(partition):
            await consumer.seek_to_beginning(partition)
