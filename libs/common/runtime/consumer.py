"""The consumer: batches from the broker, each applied once.

Inbox rows, effect and position are one transaction in this service's own database; nothing depends on
what the broker remembers of us. What comes twice is dropped by the inbox. When a publisher's log shows a
new epoch, or is shorter than our position, its topics are read again from their beginning.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from prometheus_client import Counter

from libs.common.kernel.errors import Outage
from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import broker
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.logs import fault_name, logger
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.settings import ServiceSettings

#: `async (connection, events)`: new events only, in shard order, inside the inbox transaction.
Handler = Callable[[Connection, Sequence[IncomingEvent]], Awaitable[None]]
#: `async (connection, topic, shard, month)`: all facts of the month on that topic and shard are applied.
MonthClosed = Callable[[Connection, str, int, Month], Awaitable[None]]
Records = Sequence[ConsumerRecord[bytes, bytes]]

MONTH_MARKER_TYPE = "MonthFactsClosed"
#: The type under which a record that is no event of this platform is set aside.
UNREADABLE_TYPE = "unreadable"
_BATCH_MAX = 2_000
_ATTEMPTS_MAX = 4
_BACK_OFF_SECONDS_MAX = 5.0
_DOUBLINGS_MAX = 10
_CONSUMED = Counter("ansinh_events_applied_total", "Events applied, without duplicates.", ["topic"])
_AWAY = (Outage, OSError, KafkaError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


class Taken(Enum):
    """What became of a batch."""

    APPLIED = auto()
    #: Another consumer of this service is further on: go to its position.
    BEHIND = auto()
    #: The publisher's log began anew: its topics must be read from their beginning.
    NEW_EPOCH = auto()


async def nothing_on_month_closed(*_: object) -> None:
    """For a service that does nothing when a month's facts are in."""


@dataclass
class Consumer:
    """All topics that a service consumes, and the heartbeats of their publishers."""

    database: Database
    settings: ServiceSettings
    handlers: Mapping[str, Handler]
    on_month_closed: MonthClosed = nothing_on_month_closed
    _failures: dict[TopicPartition, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled, or until something breaks: the caller starts it again."""
        bootstrap = self.settings.kafka_bootstrap
        heartbeats = {broker.heartbeat_topic(broker.publisher_of(topic)) for topic in self.handlers}
        await broker.ensure_topics(bootstrap, [*self.handlers, *heartbeats], self.settings.kafka_replicas)
        async with broker.reading(bootstrap, auto_offset_reset="earliest") as consumer:
            partitions = [TopicPartition(topic, shard) for topic in self.handlers for shard in range(SHARDS)]
            consumer.assign(partitions + [TopicPartition(topic, 0) for topic in heartbeats])
            await self._go_to_positions(consumer)
            while True:
                batches = await consumer.getmany(timeout_ms=500, max_records=_BATCH_MAX)
                for partition, records in batches.items():
                    if not await self._take(consumer, partition, records):
                        break  # positions moved: what was fetched from the old ones is void
                await self._notice_shorter_logs(consumer)

    async def _go_to_positions(self, consumer: AIOKafkaConsumer) -> None:
        async with self.database.bulk() as connection:
            rows = await connection.fetch("select topic, shard, next_offset from consumer_position")
        positions = {TopicPartition(row["topic"], row["shard"]): row["next_offset"] for row in rows}
        for partition in consumer.assignment():
            if positions.get(partition):
                consumer.seek(partition, positions[partition])
            else:
                await consumer.seek_to_beginning(partition)

    async def _take(self, consumer: AIOKafkaConsumer, partition: TopicPartition, records: Records) -> bool:
        """False when the positions of other shards moved too."""
        isolate = self._failures.get(partition, 0) >= _ATTEMPTS_MAX
        try:
            taken = await self.apply(records, isolate=isolate)
        except Exception as error:  # noqa: BLE001 - loop of the runtime: nothing may end it
            if not isinstance(error, _AWAY):
                self._failures[partition] = self._failures.get(partition, 0) + 1
            logger().error("batch failed", topic=partition.topic, fault=fault_name(error))
            consumer.seek(partition, records[0].offset)
            doublings = min(self._failures.get(partition, 2), _DOUBLINGS_MAX)
            await asyncio.sleep(min(0.2 * 2**doublings, _BACK_OFF_SECONDS_MAX))
            return True
        self._failures.pop(partition, None)
        if taken is Taken.APPLIED:
            return True
        await self._go_to_positions(consumer)
        return False

    async def _notice_shorter_logs(self, consumer: AIOKafkaConsumer) -> None:
        """A log that ends before our position is not the one that we read: begin it again."""
        for partition in consumer.assignment():
            end = consumer.highwater(partition)
            if end is not None and end < await consumer.position(partition):
                async with self.database.bulk() as connection:
                    await _forget_positions(connection, [partition.topic])
                await consumer.seek_to_beginning(partition)

    async def apply(self, records: Records, *, isolate: bool = False) -> Taken:
        """Apply one shard's records, all or none.

        `isolate` applies the events one by one and puts those that fail into `dead_letter`.
        """
        read = await self._readable(records) if isolate else [broker.read(record) for record in records]
        events = [event for _, event in read if event.type != broker.HEARTBEAT_TYPE]
        first, last = records[0], records[-1]
        async with self.database.bulk() as connection:
            epoch = max((epoch for epoch, _ in read), default=0)
            if await _starts_epoch(connection, broker.publisher_of(first.topic), epoch, self.handlers):
                return Taken.NEW_EPOCH
            if first.topic not in self.handlers or not (events or isolate):
                return Taken.APPLIED
            if not isolate:
                if not await _move_on(connection, first, last.offset + 1):
                    return Taken.BEHIND
                await self._apply_new(connection, events)
                return Taken.APPLIED
        await self._apply_one_by_one(events)
        async with self.database.bulk() as connection:
            return Taken.APPLIED if await _move_on(connection, first, last.offset + 1) else Taken.BEHIND

    async def _apply_new(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        topic, shard = events[0].topic, events[0].shard
        rows = await connection.fetch(
            "insert into inbox (event_id, topic, shard) select unnest($1::uuid[]), $2, $3"
            " on conflict do nothing returning event_id",
            [event.event_id for event in events],
            topic,
            shard,
        )
        unseen = {row["event_id"] for row in rows}
        fresh = []
        for event in events:
            if event.event_id in unseen:
                unseen.discard(event.event_id)
                fresh.append(event)
        facts = [event for event in fresh if event.type != MONTH_MARKER_TYPE]
        if facts:
            await self.handlers[topic](connection, facts)
        for at, event in enumerate(fresh, 1):
            if event.type == MONTH_MARKER_TYPE:
                await self._close_month(connection, event, behind=len(fresh) - at)
        _CONSUMED.labels(topic).inc(len(fresh))

    async def _close_month(self, connection: Connection, event: IncomingEvent, behind: int) -> None:
        """`behind`: events of this batch that follow the marker; the inbox holds them already."""
        if not await _follows_its_facts(connection, event, behind):
            # A broker that lost its log gave it to us too early; it comes again, in its place, with the
            # log's next epoch.
            await connection.execute("delete from inbox where event_id = $1", event.event_id)
        elif await _is_held_up(connection, event, None):
            await _keep_aside(connection, event, "facts before it are set aside")
        else:
            await self._month_closed(connection, event)

    async def take_again(self, connection: Connection, event: IncomingEvent, set_aside_at: datetime) -> bool:
        """Apply an event that was set aside, in the caller's transaction; the inbox holds it already.

        False for a month's marker while something before it is set aside. What the handler raises, this
        raises.
        """
        if event.type != MONTH_MARKER_TYPE:
            await self.handlers[event.topic](connection, [event])
        elif await _is_held_up(connection, event, set_aside_at) or not await _follows_its_facts(
            connection, event, behind=0
        ):
            return False
        else:
            await self._month_closed(connection, event)
        _CONSUMED.labels(event.topic).inc()
        return True

    async def _month_closed(self, connection: Connection, event: IncomingEvent) -> None:
        month = Month.parse(orjson.loads(event.data)["month"])
        await record_marker(connection, event.topic, event.shard, month.first_day)
        await self.on_month_closed(connection, event.topic, event.shard, month)

    async def _apply_one_by_one(self, events: Sequence[IncomingEvent]) -> None:
        for event in events:
            try:
                async with self.database.bulk() as connection:
                    await self._apply_new(connection, [event])
            except _AWAY:
                raise
            except Exception as error:  # noqa: BLE001 - loop of the runtime: a poison message is set aside
                await self._set_aside(event, fault_name(error))

    async def _readable(self, records: Records) -> list[tuple[int, IncomingEvent]]:
        """What is an event of this platform; all else is set aside, and was never in anybody's log."""
        found = []
        for record in records:
            try:
                found.append(broker.read(record))
            except (KeyError, ValueError) as error:
                place = (record.topic, str(record.partition), str(record.offset))
                logger().error("no event, set aside", topic=record.topic, fault=fault_name(error))
                async with self.database.bulk() as connection:
                    await connection.execute(
                        "insert into dead_letter (event_id, topic, shard, type, data, problem)"
                        " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
                        derived_id("unreadable", *place),
                        record.topic,
                        record.partition,
                        UNREADABLE_TYPE,
                        record.value or b"",
                        fault_name(error),
                    )
        return found

    async def _set_aside(self, event: IncomingEvent, problem: str) -> None:
        logger().error(
            "poison event set aside", topic=event.topic, event_id=str(event.event_id), fault=problem
        )
        async with self.database.bulk() as connection:
            await connection.execute(
                "insert into inbox (event_id, topic, shard) values ($1, $2, $3) on conflict do nothing",
                event.event_id,
                event.topic,
                event.shard,
            )
            await _keep_aside(connection, event, problem)


async def _keep_aside(connection: Connection, event: IncomingEvent, problem: str) -> None:
    await connection.execute(
        "insert into dead_letter (event_id, topic, shard, key, type, data, problem)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        event.event_id,
        event.topic,
        event.shard,
        event.key,
        event.type,
        event.data,
        problem,
    )


async def _follows_its_facts(connection: Connection, marker: IncomingEvent, behind: int) -> bool:
    """Whether as many events of its topic and shard came before the marker as it says."""
    applied = await connection.fetchval(
        "select count(*) from inbox where topic = $1 and shard = $2", marker.topic, marker.shard
    )
    return bool(applied - behind > orjson.loads(marker.data)["preceding"])


async def _is_held_up(connection: Connection, marker: IncomingEvent, set_aside_at: datetime | None) -> bool:
    """Whether a fact of the marker's topic and shard, or an earlier marker, is set aside: what is decided
    for the month would miss it."""
    return bool(
        await connection.fetchval(
            "select exists (select from dead_letter where topic = $1 and shard = $2 and type <> $3"
            " and (type <> $4 or recorded_at < coalesce($5, now())))",
            marker.topic,
            marker.shard,
            UNREADABLE_TYPE,
            MONTH_MARKER_TYPE,
            set_aside_at,
        )
    )


async def record_marker(connection: Connection, topic: str, shard: int, month: date) -> None:
    await connection.execute(
        "insert into month_marker (topic, shard, month) values ($1, $2, $3) on conflict do nothing",
        topic,
        shard,
        month,
    )


async def _starts_epoch(
    connection: Connection, publisher: str, epoch: int, topics: Mapping[str, Handler]
) -> bool:
    """True when the publisher's log is a newer one than we followed: positions are back at 0 then."""
    known = await connection.fetchval("select epoch from consumer_epoch where publisher = $1", publisher)
    if known is not None and epoch <= known:
        return False
    await connection.execute(
        "insert into consumer_epoch (publisher, epoch) values ($1, $2)"
        " on conflict (publisher) do update set epoch = excluded.epoch",
        publisher,
        epoch,
    )
    forgot = await _forget_positions(
        connection, [topic for topic in topics if broker.publisher_of(topic) == publisher]
    )
    return known is not None or forgot


async def _forget_positions(connection: Connection, topics: Sequence[str]) -> bool:
    """Read these topics from their beginning. False when we had no position in them."""
    done = await connection.execute("delete from consumer_position where topic = any($1::text[])", topics)
    return bool(done != "DELETE 0")


async def _move_on(connection: Connection, first: "ConsumerRecord[bytes, bytes]", next_offset: int) -> bool:
    """Take the batch that starts with `first`; False when another consumer has taken it."""
    await connection.execute(
        "insert into consumer_position (topic, shard, next_offset) values ($1, $2, 0) on conflict do nothing",
        first.topic,
        first.partition,
    )
    moved = await connection.execute(
        "update consumer_position set next_offset = $3 where topic = $1 and shard = $2 and next_offset <= $4",
        first.topic,
        first.partition,
        next_offset,
        first.offset,
    )
    return bool(moved == "UPDATE 1")
