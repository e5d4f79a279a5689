"""Overpayments found and ended in sets: what stands of a recalculated month, once all of it is answered,
against what it comes to.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record

from libs.common.kernel.ids import new_id
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain.instructions import SETTLED
from services.payments.domain.ledger import POSTINGS, Account
from services.payments.store import ledger
from services.payments.store.overpayments import close
from services.payments.store.province_lock import BEING_BUILT, alone_with

_AT_ONCE = 1000

_OPEN_LINE = f"""
    select from instruction_line l join instruction i using (instruction_id)
    where l.person_id = d.person_id and l.programme = d.programme and l.month = d.month
      and l.campaign_id is null and not l.returned and i.status <> '{SETTLED}'
"""
_HELD_LINE = _OPEN_LINE.replace(f"i.status <> '{SETTLED}'", "i.file_id <> all($3::uuid[])")
_DUE = "d.weighed_on is null and d.next_look_at <= now()"
_PROVINCE = f"""
    select province_code from difference d where {_DUE} and province_code not in ({BEING_BUILT})
    order by next_look_at limit 1
"""
# Held before it is asked what stands: whoever moves a payment of the month meanwhile has it weighed again.
_LOOK = f"""
    select difference_id from difference d
    where {_DUE} and province_code = $1 and $1 not in ({BEING_BUILT})
    order by next_look_at limit $2 for update skip locked
"""
# A report that is being taken holds its files, and may have moved a payment of the month before its
# difference was heard: what stands is asked of files that nobody holds, once all that was taken is seen.
_FREE_FILES = """
    select file_id from payment_file where file_id in (
        select i.file_id from difference d join instruction_line l using (person_id, programme, month)
        join instruction i using (instruction_id)
        where d.difference_id = any($1::uuid[]) and l.campaign_id is null and not l.returned)
    order by file_id for share skip locked
"""
# What may still be paid or come back, nobody knows: it waits for an hour, or until an answer brings it
# forward (moving.py); while somebody holds its file, for seconds. Lines of decisions and of differences have
# an index each. Of a month that has several differences, the latest holds what all of them come to.
_WEIGH = f"""
    with asked as (
        select d.*, not exists ({_OPEN_LINE} and l.difference_id is null)
                and not exists ({_OPEN_LINE} and l.difference_id is not null) as told,
               exists ({_HELD_LINE} and l.difference_id is null)
                or exists ({_HELD_LINE} and l.difference_id is not null) as held
        from difference d where difference_id = any($1::uuid[])
    ), looked as (
        select *, told and not held as answered from asked
    ), moved as (
        update difference d set weighed_on = case when answered then $2::date end,
            next_look_at = case when answered then d.next_look_at
                                when held then now() + interval '5 seconds'
                                else now() + interval '1 hour' end
        from looked where d.difference_id = looked.difference_id
    ), latest as (
        select distinct on (person_id, programme, month) difference_id, person_id, programme, month,
               commune_code, province_code, answered
        from looked order by person_id, programme, month, recalculation_id desc
    )
    select difference_id, person_id, programme, month, commune_code, province_code,
           case when answered then (
               standing_dong(person_id, programme, month) - (
                   select due_dong from difference o where o.person_id = l.person_id
                     and o.programme = l.programme and o.month = l.month
                   order by recalculation_id desc limit 1))::bigint else 0 end as over
    from latest l order by difference_id
"""
_INSERT = """
    insert into overpayment (overpayment_id, difference_id, person_id, programme, month, commune_code,
                             province_code, amount_dong, booked_on)
    select *, $9 from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::text[],
                             $7::text[], $8::bigint[])
"""
# A month of which less stands than it comes to, though some of it is still to come back: a payment came back
# by itself, or the month came to more again. As much is no longer overpaid, the oldest first.
_END = """
    insert into instalment (instalment_id, overpayment_id, person_id, programme, month, amount_dong,
                            province_code, booked_on)
    select uuidv7(), overpayment_id, person_id, programme, month, least(open, under - before), province_code,
           $5
    from (
        select *, sum(open) over (partition by person_id, programme, month order by overpayment_id) - open
               as before
        from (
            select o.*, under, open_dong(overpayment_id) as open
            from unnest($1::uuid[], $2::text[], $3::date[], $4::bigint[])
              as m (person_id, programme, month, under)
            join overpayment o using (person_id, programme, month)
        ) as owing
    ) as numbered
    where open > 0 and before < under
    returning instalment_id, overpayment_id, programme, amount_dong
"""


@dataclass(frozen=True)
class Overpaying:
    """Transactions of finding overpayments, for the worker."""

    database: Database

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self.database.bulk() as connection:
            yield _Work(connection)


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, on: date) -> bool:
        province = await self._connection.fetchval(_PROVINCE)
        if province is None:
            return False
        await alone_with(self._connection, province)
        looked = await self._connection.fetch(_LOOK, province, _AT_ONCE)
        ids = [row["difference_id"] for row in looked]
        free = [row["file_id"] for row in await self._connection.fetch(_FREE_FILES, ids)]
        rows = await self._connection.fetch(_WEIGH, ids, on, free)
        await self._add([row for row in rows if row["over"] > 0], province, on)
        await self._end([row for row in rows if row["over"] < 0], province, on)
        return bool(rows)

    async def _add(self, over: Sequence[Record], province: str, on: date) -> None:
        if not over:
            return
        ids = [new_id() for _ in over]
        columns = zip(*(row.values() for row in over), strict=True)
        await self._connection.execute(_INSERT, ids, *(list(column) for column in columns), on)
        booked = [(row["programme"], known, row["over"]) for known, row in zip(ids, over, strict=True)]
        await self._book("overpaid", booked, province, on)

    async def _end(self, under: Sequence[Record], province: str, on: date) -> None:
        if not under:
            return
        months = [(row["person_id"], row["programme"], row["month"], -row["over"]) for row in under]
        columns = zip(*months, strict=True)
        ended = await self._connection.fetch(_END, *(list(column) for column in columns), on)
        booked = [(row["programme"], row["instalment_id"], row["amount_dong"]) for row in ended]
        await self._book("set_off", booked, province, on)
        await close(self._connection, [row["overpayment_id"] for row in ended], on)

    async def _book(
        self, posting: str, booked: Sequence[tuple[str, UUID, int]], province: str, on: date
    ) -> None:
        """`booked`: (programme, what it is booked for, đồng)."""
        for programme in sorted({programme for programme, _, _ in booked}):
            amounts = {known: amount for of, known, amount in booked if of == programme}
            debit, credit = (
                Account(kind, programme, province)
                for kind in (POSTINGS[posting].debit, POSTINGS[posting].credit)
            )
            await ledger.book_each(self._connection, posting, debit, credit, amounts, on)
