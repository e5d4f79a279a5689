"""Changes of payments: told to the log of events in the order in which they came about, and read again."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.outbox import EventRows
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain.payment_events import PaymentChange, PaymentEvent
from services.payments.usecases.telling import Asked, EventPage

#: Wiring passes events.outgoing.payments_changed.
ToRows = Callable[[PaymentChange], EventRows]

#: How many events have no place yet; a sandbox's may wait.
UNTOLD = """
    select coalesce(sum(size), 0) from payment_change where last_place is null and agency_code not like 'SBX%'
"""
_TELLERS_LOCK = 0x74656C6C
_COLUMNS = (
    "last_place, told_at, agency_code, run_id, status, sequence, reason, occurred_on, benefit_months,"
    " instruction_ids, amounts_dong, commune_codes"
)
# A change of a payment that follows another one has the greater change_id: it was kept after the first one's
# transaction had ended. Places are given under one lock, so what has a place precedes all that has none yet.
# A sandbox's changes come behind all real ones: however many it makes, no real payment is told later for it.
_TELL = f"""
    with told as (select coalesce(max(last_place), 0) as places from payment_change),
    next as (
        select change_id, size, agency_code like 'SBX%' as made_up from payment_change
        where last_place is null order by made_up, change_id limit $1
    ), placed as (
        select change_id, places + sum(size) over (order by made_up, change_id) as last_place
        from next, told
    )
    update payment_change c set last_place = p.last_place, told_at = now()
    from placed p where c.change_id = p.change_id
    returning {", ".join(f"c.{name}" for name in _COLUMNS.split(", "))}
"""
_AFTER = f"""
    with found as (
        select {_COLUMNS}, size from payment_change
        where last_place > $1 and last_place <= $2
          and (agency_code = $3 or $3::text is null and agency_code not like 'SBX%')
          and ($4::text[] is null or status = any($4)) and ($5::date[] is null or benefit_months && $5)
        order by last_place limit $6
    ), counted as (
        select *, sum(least(size, last_place - $1)) over (order by last_place) - size as before from found
    )
    select {_COLUMNS} from counted where before < $6 order by last_place
"""
_AT = f"""
    select place, {_COLUMNS} from unnest($1::bigint[]) with ordinality as asked (place, nth)
    cross join lateral (
        select {_COLUMNS} from payment_change where last_place >= place order by last_place limit 1
    ) as c order by nth
"""


class Telling:
    """Transactions of telling, for the worker."""

    def __init__(self, database: Database, to_rows: ToRows) -> None:
        self._database = database
        self._to_rows = to_rows

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._to_rows)


class _Work:
    def __init__(self, connection: Connection, to_rows: ToRows) -> None:
        self._connection = connection
        self._to_rows = to_rows

    async def tell(self, changes_max: int) -> bool:
        if not await self._connection.fetchval("select pg_try_advisory_xact_lock($1)", _TELLERS_LOCK):
            return False
        rows = await self._connection.fetch(_TELL, changes_max)
        changes = sorted((_change(row) for row in rows), key=lambda change: change.last_place)
        await outbox.append_rows(self._connection, [self._to_rows(change) for change in changes])
        return bool(changes)


class ToldPayments:
    """The same events as on Kafka, read in the caller's territory by the app role."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, asked: Asked, after: int, limit: int) -> EventPage:
        async with self._database.reading(asked.territory) as connection:
            upto = await _last_place(connection)
            rows = await connection.fetch(
                _AFTER,
                after,
                upto,
                asked.agency,
                None if asked.statuses is None else list(asked.statuses),
                None if asked.months is None else [month.first_day for month in asked.months],
                limit,
            )
        events = [event for row in rows for event in _change(row).events(after)]
        if len(events) < limit:
            return EventPage(events, max(upto, after))
        return EventPage(events[:limit], events[limit - 1].place)

    async def at(self, places: Sequence[int]) -> list[PaymentEvent]:
        async with self._database.bulk() as connection:
            rows = await connection.fetch(_AT, list(places))
        return [next(_change(row).events(row["place"] - 1)) for row in rows]

    async def place_before(self, at: datetime) -> int:
        async with self._database.reading(None) as connection:
            place: int = await connection.fetchval(
                "select coalesce(max(last_place), 0) from payment_change where told_at < $1", at
            )
        return place

    async def last_place(self) -> int:
        async with self._database.reading(None) as connection:
            return await _last_place(connection)


async def _last_place(connection: Connection) -> int:
    last: int = await connection.fetchval("select coalesce(max(last_place), 0) from payment_change")
    return last


def _change(row: asyncpg.Record) -> PaymentChange:
    return PaymentChange(
        last_place=row["last_place"],
        told_at=row["told_at"],
        agency_code=row["agency_code"],
        run_id=row["run_id"],
        status=row["status"],
        sequence=row["sequence"],
        reason=row["reason"],
        occurred_on=row["occurred_on"],
        months=tuple(Month.of(day) for day in row["benefit_months"]),
        instruction_ids=row["instruction_ids"],
        amounts=row["amounts_dong"],
        communes=row["commune_codes"],
    )
