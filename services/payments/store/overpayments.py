"""Overpayments as requests see them, in their caller's territory by the app role; and their end."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Connection, Database
from services.payments.usecases.overpayments import OverpaymentView

_VIEW = """
    select o.overpayment_id, o.difference_id, o.person_id, o.programme, o.month, o.amount_dong as amount,
           coalesce(i.withheld, 0)::bigint as withheld, coalesce(i.reserved, 0)::bigint as reserved,
           coalesce(r.recovered, 0)::bigint as recovered, coalesce(r.waived, 0)::bigint as waived,
           p.amount_dong as monthly, o.commune_code, o.province_code, o.booked_on
    from overpayment o
    left join lateral (
        select sum(amount_dong) as withheld, sum(amount_dong) filter (where booked_on is null) as reserved
        from instalment i where i.overpayment_id = o.overpayment_id) as i on true
    left join lateral (
        select sum(amount_dong) filter (where kind = 'recovered') as recovered,
               sum(amount_dong) filter (where kind = 'waived') as waived
        from recovery r where r.overpayment_id = o.overpayment_id and r.status = 'booked') as r on true
    left join lateral (
        select amount_dong from recovery p
        where p.overpayment_id = o.overpayment_id and p.kind = 'plan' and p.status = 'booked'
        order by decided_at desc limit 1) as p on true
"""
_PAGE = f"""
    {_VIEW} where ($1::uuid is null or o.overpayment_id > $1) and ($2::uuid is null or o.person_id = $2)
      and (not $3 or o.closed_on is null and open_dong(o.overpayment_id) > 0)
    order by o.overpayment_id limit $4
"""
#: In the order in which lists being built hold them.
_CLOSE = """
    update overpayment set closed_on = $2 where closes(overpayment_id) and overpayment_id in (
        select overpayment_id from overpayment where overpayment_id = any($1::uuid[]) and closed_on is null
        order by overpayment_id for no key update)
"""


class StoredOverpayments:
    """Implements usecases.overpayments.OverpaymentReads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        territory: str | None,
        person_id: UUID | None,
        only_open: bool,
        after: UUID | None,
        limit: int,
    ) -> list[OverpaymentView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(_PAGE, after, person_id, only_open, limit)
        return [_view(row) for row in rows]

    async def one(self, territory: str | None, overpayment_id: UUID) -> OverpaymentView | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(f"{_VIEW} where o.overpayment_id = $1", overpayment_id)
        return _view(row) if row else None


def _view(row: asyncpg.Record) -> OverpaymentView:
    return OverpaymentView(**{**dict(row), "month": Month.of(row["month"])})


async def close(connection: Connection, overpayment_ids: Sequence[UUID], on: date) -> None:
    """Mark those of which nothing is left to be booked."""
    if overpayment_ids:
        await connection.execute(_CLOSE, list(overpayment_ids), on)
