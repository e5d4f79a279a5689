"""Files whose agency is silent: what is pending of them becomes unknown, in a set."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date

from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import files
from services.payments.domain.instructions import PENDING, UNKNOWN

_CLAIM = f"""
    select f.file_id from unnest($1::text[], $2::date[]) as term (kind, executed_by)
    join payment_file f using (kind) join run r using (run_id)
    where f.status = '{files.READY}' and f.asked_on is null and r.execute_on < executed_by
    order by f.file_id limit 1 for update of f skip locked
"""
_MOVE = f"""
    update instruction set status = '{UNKNOWN}', changed_on = $2 where file_id = $1 and status = '{PENDING}'
"""
_TOTALS = f"""
    with silent as (
        select l.run_id, l.programme, l.unit_province_code, l.commune_code, l.category, i.channel,
               sum(l.amount_dong)::bigint as amount
        from instruction i join instruction_line l using (run_id, instruction_id)
        where i.file_id = $1 and i.status = '{UNKNOWN}'
        group by 1, 2, 3, 4, 5, 6
    ), held as (
        select s.* from run_total r
        join silent s using (run_id, programme, unit_province_code, commune_code, category, channel)
        order by programme, unit_province_code, commune_code, category, channel for no key update of r
    )
    update run_total r set unknown_dong = unknown_dong + s.amount
    from held s
    where r.run_id = s.run_id and r.programme = s.programme and r.unit_province_code = s.unit_province_code
      and r.commune_code = s.commune_code and r.category = s.category and r.channel = s.channel
"""


class Silence:
    """Transactions of finding silence, for the worker."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection)


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fall_silent(self, executed_by: Mapping[str, date], on: date) -> bool:
        file_id = await self._connection.fetchval(_CLAIM, list(executed_by), list(executed_by.values()))
        if file_id is None:
            return False
        await self._connection.execute(
            "update payment_file set asked_on = $2 where file_id = $1", file_id, on
        )
        await self._connection.execute(_MOVE, file_id, on)
        await self._connection.execute(_TOTALS, file_id)
        return True
