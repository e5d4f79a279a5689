"""The Kafka side of a service: topics made, events out with their headers, events in from them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.structs import ConsumerRecord
from asyncpg.pgproto.pgproto import UUID as QuickUUID

from libs.common.kernel.sharding import SHARDS

#: CloudEvents extension: which incarnation of its publisher's log a record belongs to.
EPOCH_HEADER = "ce_logepoch"
#: What a relay writes every second to the heartbeat topic of its service.
HEARTBEAT_TYPE = "LogHeartbeat"
_REQUEST_TIMEOUT_MS = 10_000


def heartbeat_topic(service: str) -> str:
    return f"ansinh.{service}.heartbeat.v1"


def publisher_of(topic: str) -> str:
    """The service that a topic is named after."""
    return topic.split(".")[1]


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """An event as consumed. `data` is its JSON.

    Two ids for each of millions: the driver's class, which is a UUID and reads text ten times as fast.
    """

    topic: str
    shard: int
    key: UUID
    type: str
    event_id: UUID
    data: bytes


def headers(
    source: str, type_: str, event_id: UUID, epoch: int, recorded_at: datetime | None
) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, Kafka binary mode."""
    common = _headers_of_many(source, type_, epoch, recorded_at or datetime.now(UTC))
    return [*common, ("ce_id", str(event_id).encode())]


@lru_cache(maxsize=64)
def _headers_of_many(
    source: str, type_: str, epoch: int, recorded_at: datetime
) -> tuple[tuple[str, bytes], ...]:
    """What the events of one transaction have in common: thousands are written at a time."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_type", type_.encode()),
        ("ce_source", f"/ansinh/{source}".encode()),
        ("ce_time", recorded_at.astimezone(UTC).isoformat().encode()),
        (EPOCH_HEADER, str(epoch).encode()),
        ("content-type", b"application/json"),
    )


def read(record: "ConsumerRecord[bytes, bytes]") -> tuple[int, IncomingEvent]:
    """(log epoch, event). ValueError or KeyError when the record is no CloudEvent of this platform."""
    found = dict(record.headers)
    if record.key is None or record.value is None:
        raise ValueError("a record without key or value")
    event = IncomingEvent(
        topic=record.topic,
        shard=record.partition,
        key=QuickUUID(record.key.decode()),
        type=found["ce_type"].decode(),
        event_id=QuickUUID(found["ce_id"].decode()),
        data=record.value,
    )
    return int(found[EPOCH_HEADER]), event


async def ensure_topics(bootstrap: str, topics: Iterable[str], replicas: int) -> None:
    """Create what is not there, with one partition a shard. KafkaError when the broker refuses."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        there = set(await admin.list_topics())
        missing = [NewTopic(name, SHARDS, replicas) for name in topics if name not in there]
        if missing:
            answer = await admin.create_topics(missing)
            for topic, code, *_ in answer.topic_errors:
                # Another service's start may have been quicker.
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise for_code(code)(f"topic {topic}")
    finally:
        await admin.close()


async def producer(bootstrap: str, *, idempotent: bool) -> AIOKafkaProducer:
    made = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=idempotent,
        linger_ms=5,
        max_batch_size=262_144,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
    )
    try:
        await made.start()
    except BaseException:
        await made.stop()
        raise
    return made


@asynccontextmanager
async def reading(bootstrap: str, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that keeps its own positions, started and stopped. KafkaError when nobody answers."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, metadata_max_age_ms=5_000, **options
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
