"""What post offices tell of single payments: kept as it comes, then taken file by file."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from libs.common.kernel.ids import new_id
from libs.common.runtime.postgres import Database
from services.payments.domain.files import POST_LIST
from services.payments.domain.matching import Sent
from services.payments.store.reports import Reconciling, Taking
from services.payments.usecases.collections import Collected, CollectionView
from services.payments.usecases.ports import WaitingReport

_STORE = f"""
    insert into collection (agency_code, receipt, instruction_id, file_id, province_code, amount_dong,
                            paid_to, paid_at, teller, reported_by_sub)
    select $1, t.receipt, i.instruction_id, i.file_id, i.province_code, t.amount, t.paid_to, t.paid_at,
           t.teller, $2
    from unnest($3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::timestamptz[], $8::text[])
      as t (receipt, instruction_id, amount, paid_to, paid_at, teller)
    join instruction i using (instruction_id) join payment_file f using (file_id)
    where i.agency_code = $1 and f.kind = '{POST_LIST}' and f.status <> 'planned'
    order by t.receipt
    on conflict do nothing returning receipt
"""
_COLUMNS = "receipt, instruction_id, amount_dong, paid_to, paid_at, teller"
#: Of which payment a receipt counts: the one that was told, unless two people attributed it to another.
COUNTS_FOR = "coalesce(attributed_id, instruction_id)"
_KNOWN = f"""
    select {_COLUMNS}, attributed_id, status from collection
    where agency_code = $1 and (
        receipt = any($2::text[]) or {COUNTS_FOR} = any($3::uuid[]) and status <> 'suspended')
"""
_CLAIM = """
    select f.file_id, f.run_id, f.agency_code, f.province_code, f.kind, f.payments, f.amount_dong,
           r.execute_on
    from payment_file f join run r using (run_id)
    where f.file_id in (select file_id from collection where status = 'received' limit 100)
    limit 1 for update of f skip locked
"""
_COLLECTED = f"""
    select {_COLUMNS} from collection
    where file_id = $1 and status = 'received' order by received_at, receipt limit $2 for update
"""
_REPORT = """
    insert into partner_report (report_id, file_id, run_id, agency_code, province_code, reported_by_sub,
                                content, content_sha256)
    select $1, $2, $3, $4, $5, min(reported_by_sub), '', $6
    from collection where agency_code = $4 and receipt = any($7::text[])
"""
_TAKEN = """
    update collection set report_id = $2,
        status = case when receipt = any($4::text[]) then 'suspended' else 'taken' end
    where agency_code = $1 and receipt = any($3::text[])
"""


class CollectionDesk:
    """Implements CollectionInbox, by the app role."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(
        self, collected: Sequence[Collected], territory: str | None, agency: str, sub: str
    ) -> Collection[str]:
        async with self._database.writing(territory) as connection:
            rows = await connection.fetch(
                _STORE,
                agency,
                sub,
                [one.receipt for one in collected],
                [one.instruction_id for one in collected],
                [one.amount for one in collected],
                [one.paid_to for one in collected],
                [one.paid_at for one in collected],
                [one.teller for one in collected],
            )
        return {row["receipt"] for row in rows}

    async def known(
        self, collected: Sequence[Collected], territory: str | None, agency: str
    ) -> Sequence[CollectionView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                _KNOWN,
                agency,
                [one.receipt for one in collected],
                [one.instruction_id for one in collected],
            )
        return [_view(row) for row in rows]

    async def one(self, receipt: str, territory: str | None, agency: str) -> CollectionView | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(_KNOWN, agency, [receipt], [])
        return _view(row) if row else None


class Collecting(Reconciling):
    """Transactions of taking collections, for the worker."""

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._cipher, self._to_event, self._to_uncollected)


class _Work(Taking):
    async def claim_collected(
        self, most: int
    ) -> tuple[WaitingReport, Mapping[UUID, Sent], Sequence[Collected]] | None:
        file = await self._connection.fetchrow(_CLAIM)
        if file is None:
            return None
        rows = await self._connection.fetch(_COLLECTED, file["file_id"], most)
        if not rows:  # another worker took them while we waited
            return None
        report = WaitingReport(**dict(file), report_id=new_id(), content=b"")
        return report, await self.sent(file["file_id"]), [Collected(*row) for row in rows]

    async def collected(
        self, report: WaitingReport, sha256: str, receipts: Collection[str], suspended: Collection[str]
    ) -> None:
        known = (report.report_id, report.file_id, report.run_id, report.agency_code, report.province_code)
        await self._connection.execute(_REPORT, *known, sha256, list(receipts))
        await self._connection.execute(
            _TAKEN, report.agency_code, report.report_id, list(receipts), list(suspended)
        )


def _view(row: asyncpg.Record) -> CollectionView:
    *collected, attributed_id, status = row
    return CollectionView(Collected(*collected), attributed_id, status)
