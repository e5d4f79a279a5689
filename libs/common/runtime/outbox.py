"""Appending events in the transaction of the state that they tell, and the relay that publishes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.ids import new_id
from libs.common.kernel.sharding import SHARDS, shard_of
from libs.common.runtime import binary_copy
from libs.common.runtime.postgres import Connection

#: Writers hold it shared, closing a month holds it alone: a month marker comes after all that it closes.
CLOSING_LOCK = 0x616E73696E68


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """An event before it is published. `data` is its JSON."""

    topic: str
    key: UUID
    type: str
    data: bytes
    event_id: UUID


@dataclass(frozen=True, slots=True, eq=False)
class EventRows:
    """Events of one topic and type whose JSON has one width: `keys` and `event_ids` are (N, 16)."""

    topic: str
    type: str
    keys: Bytes
    event_ids: Bytes
    data: Bytes


def event(topic: str, key: UUID, type_: str, data: bytes) -> OutgoingEvent:
    return OutgoingEvent(topic, key, type_, data, new_id())


async def append(connection: Connection, events: Sequence[OutgoingEvent]) -> None:
    """Write events to the log, in order, inside the caller's transaction."""
    if not events:
        return
    await connection.execute("select pg_advisory_xact_lock_shared($1)", CLOSING_LOCK)
    await append_unlocked(
        connection, [(e.topic, shard_of(e.key), e.key, e.event_id, e.type, e.data) for e in events]
    )


async def append_unlocked(
    connection: Connection,
    rows: Sequence[tuple[str, int, UUID, UUID, str, bytes]],
) -> None:
    """Rows of (topic, shard, key, event_id, type, data), for a caller that holds CLOSING_LOCK."""
    await connection.execute(
        """
        with appended as (
            insert into outbox (topic, shard, key, event_id, type, data)
            select * from unnest($1::text[], $2::smallint[], $3::uuid[], $4::uuid[], $5::text[], $6::bytea[])
            returning id, recorded_at, shard
        )
        insert into outbox_pending (id, recorded_at, shard) select id, recorded_at, shard from appended
        """,
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def append_rows(connection: Connection, groups: Sequence[EventRows]) -> None:
    """Write very many events to the log, as `append` does few; those of one key are in one group."""
    count = sum(len(group.keys) for group in groups)
    if not count:
        return
    await connection.execute("select pg_advisory_xact_lock_shared($1)", CLOSING_LOCK)
    given = await connection.fetchrow(
        "select array(select nextval(pg_get_serial_sequence('outbox', 'id')) from generate_series(1, $1))"
        " as ids, (extract(epoch from now() - timestamptz '2000-01-01 00:00+00') * 1000000)::bigint as now",
        count,
    )
    assert given is not None
    now, first = binary_copy.number(given["now"], 8), 0
    ids = binary_copy.numbers(np.array(given["ids"], np.int64), 8)
    events, pending = [], []
    for group in groups:
        size = len(group.keys)
        these, first = ids[first : first + size], first + size
        shards = binary_copy.numbers(group.keys[:, 15] % SHARDS, 2)
        told = (group.keys, group.event_ids, group.type.encode(), group.data)
        events.append(binary_copy.rows([these, now, group.topic.encode(), shards, *told], size))
        pending.append(binary_copy.rows([these, now, shards], size))
    columns = ("id", "recorded_at", "topic", "shard", "key", "event_id", "type", "data")
    await binary_copy.copy_in(connection, "outbox", columns, events)
    await binary_copy.copy_in(connection, "outbox_pending", ("id", "recorded_at", "shard"), pending)
