"""Appending events in the transaction of the state that they tell, and the relay that publishes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common.kernel.ids import new_id
from libs.common.kernel.sharding import shard_of
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
