"""Batches of wallet operators: which is to be called about, and what came of the last call."""

import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from libs.common.kernel.ids import show
from libs.common.runtime.logs import logger
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain import files
from services.payments.domain.instructions import AWAITED
from services.payments.store.partners import SERVED
from services.payments.usecases.wallets import Call

_CLAIM = f"""
    select f.file_id, f.agency_code, f.content, coalesce(c.attempts, 0) as attempts,
           c.accepted_at is not null or exists (
               select from partner_report p where p.file_id = f.file_id) as accepted
    from payment_file f left join wallet_call c using (file_id)
    where f.kind = '{files.WALLET_BATCH}' and f.status = '{files.READY}' and f.agency_code = any({SERVED})
      and (c.file_id is null
           or c.next_at <= $2 and (c.accepted_at is null or f.asked_on is not null))
    order by c.next_at nulls first, f.file_id limit 1 for update of f skip locked
"""
# Who was faster has moved `next_at` on since the batch was seen.
_CALLED = """
    insert into wallet_call as c (file_id, attempts, next_at) values ($1, 1, $3)
    on conflict (file_id) do update set attempts = c.attempts + 1, next_at = excluded.next_at
    where c.next_at <= $2 returning file_id
"""


class WalletCalls:
    """Transactions between calls, for the worker."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._cipher)


class _Work:
    def __init__(self, connection: Connection, cipher: FieldCipher) -> None:
        self._connection = connection
        self._cipher = cipher

    async def claim(self, agencies: Sequence[str], at: datetime, until: datetime) -> Call | None:
        row = await self._connection.fetchrow(_CLAIM, list(agencies), at)
        if row is None or not await self._connection.fetchval(_CALLED, row["file_id"], at, until):
            return None
        awaited = await self._connection.fetch(
            "select instruction_id from instruction where file_id = $1 and status = any($2::text[])"
            " order by instruction_id",
            row["file_id"],
            list(AWAITED),
        )
        content = gzip.decompress(self._cipher.decrypt(row["content"]))
        return Call(**{**dict(row), "content": content}, awaited=[one for (one,) in awaited])

    async def answered(self, file_id: UUID, at: datetime, rest_until: datetime) -> None:
        await self._connection.execute(
            "update wallet_call set accepted_at = coalesce(accepted_at, $2), next_at = $3,"
            " attempts = case when accepted_at is null then 0 else attempts end where file_id = $1",
            file_id,
            at,
            rest_until,
        )

    async def unanswered(self, call: Call, rest_until: datetime, fault: str) -> None:
        await self._connection.execute(
            "update wallet_call set next_at = $2 where file_id = $1", call.file_id, rest_until
        )
        batch = show("fil", call.file_id)
        logger().warning("a wallet batch has no answer", batch=batch, operator=call.agency_code, fault=fault)
