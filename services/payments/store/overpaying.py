"""Overpayments found in sets: what recoveries come to, once it is known what of their month has been paid."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.ids import derived_id
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import runs
from services.payments.domain.instructions import SETTLED
from services.payments.domain.ledger import OVERPAYMENT, PAID, Account
from services.payments.store import ledger
from services.payments.store.province_lock import alone_with

_AT_ONCE = 1000

_OPEN_LINE = f"""
    select from instruction_line l join instruction i using (instruction_id)
    where l.person_id = d.person_id and l.programme = d.programme and l.month = d.month
      and l.campaign_id is null and not l.returned and i.status <> '{SETTLED}'
"""
# What may still be paid or come back, nobody knows: it waits. So does a province whose list is being built.
# Lines of decisions and of differences have an index each.
_READY = f"""
    dong < 0 and weighed_on is null
    and not exists ({_OPEN_LINE} and l.difference_id is null)
    and not exists ({_OPEN_LINE} and l.difference_id is not null)
    and not exists (select from run r where r.province_code = d.province_code
        and r.status = '{runs.BUILDING}' and r.planned_at is not null)
"""
_PROVINCE = f"select province_code from difference d where {_READY} limit 1"
# Of a month that has several, the latest recovery holds what all of them come to.
_WEIGH = f"""
    with ready as (
        select * from difference d where province_code = $1 and {_READY} limit $2 for update of d skip locked
    ), weighed as (
        update difference d set weighed_on = $3 from ready where d.difference_id = ready.difference_id
    ), latest as (
        select distinct on (person_id, programme, month) difference_id, person_id, programme, month,
               commune_code, province_code
        from ready order by person_id, programme, month, recalculation_id desc
    )
    select difference_id, person_id, programme, month, commune_code, province_code, (
            standing_dong(person_id, programme, month) - (
                select due_dong from difference o where o.person_id = l.person_id
                  and o.programme = l.programme and o.month = l.month
                order by recalculation_id desc limit 1))::bigint as over
    from latest l order by difference_id
"""
_INSERT = """
    insert into overpayment (overpayment_id, difference_id, person_id, programme, month, commune_code,
                             province_code, amount_dong, booked_on)
    select *, $9 from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::text[],
                             $7::text[], $8::bigint[])
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
        rows = await self._connection.fetch(_WEIGH, province, _AT_ONCE, on)
        over = [row for row in rows if row["over"] > 0]
        if over:
            ids = [derived_id("overpayment", str(row["difference_id"])) for row in over]
            columns = zip(*(row.values() for row in over), strict=True)
            await self._connection.execute(_INSERT, ids, *(list(column) for column in columns), on)
            for programme in sorted({row["programme"] for row in over}):
                amounts = {
                    known: row["over"]
                    for known, row in zip(ids, over, strict=True)
                    if row["programme"] == programme
                }
                await _book(self._connection, province, programme, amounts, on)
        return bool(rows)


async def _book(
    connection: Connection, province: str, programme: str, amounts: Mapping[UUID, int], on: date
) -> None:
    overpayment, paid = Account(OVERPAYMENT, programme, province), Account(PAID, programme, province)
    await ledger.book_each(connection, "overpaid", overpayment, paid, amounts, on)
