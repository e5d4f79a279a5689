"""How overpayments come back, by requests inside their caller's territory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import UUID

import asyncpg

from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import recoveries
from services.payments.domain.funds import budget_of
from services.payments.domain.ledger import OVERPAYMENT, WAIVED, Account, Transfer
from services.payments.domain.recoveries import Debt, Recovery
from services.payments.store import funds, ledger
from services.payments.store.overpayments import close
from services.payments.store.province_lock import alone_with

_COLUMNS = (
    "recovery_id, overpayment_id, kind, amount_dong as amount, document, note, maker_sub as maker, status,"
    " checker_sub as checker"
)


class StoredRecoveries:
    """Implements usecases.overpayments.RecoveryWorks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection)


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def debt(self, overpayment_id: UUID) -> Debt | None:
        province = await self._connection.fetchval(
            "select province_code from overpayment where overpayment_id = $1", overpayment_id
        )
        if province is None:
            return None
        await alone_with(self._connection, province)
        row = await self._connection.fetchrow(
            "select overpayment_id, programme, province_code, open_dong(overpayment_id) from overpayment"
            " where overpayment_id = $1",
            overpayment_id,
        )
        return Debt(*row) if row else None

    async def propose(self, recovery: Recovery, province_code: str) -> bool:
        made = await self._connection.fetchval(
            "insert into recovery (recovery_id, overpayment_id, kind, amount_dong, document, note, status,"
            f" maker_sub, province_code) values ($1, $2, $3, $4, $5, $6, '{recoveries.PROPOSED}', $7, $8)"
            " on conflict do nothing returning true",
            recovery.recovery_id,
            recovery.overpayment_id,
            recovery.kind,
            recovery.amount,
            recovery.document,
            recovery.note,
            recovery.maker,
            province_code,
        )
        return made is not None

    async def waiting(self, overpayment_id: UUID) -> Recovery | None:
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from recovery where overpayment_id = $1 and status = '{recoveries.PROPOSED}'",
            overpayment_id,
        )
        return _recovery(row)

    async def recovery(self, recovery_id: UUID) -> Recovery | None:
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from recovery where recovery_id = $1 for update", recovery_id
        )
        return _recovery(row)

    async def book(self, recovery: Recovery, debt: Debt, checker: str, on: date, at: datetime) -> None:
        await self._connection.execute(
            "update recovery set status = $2, checker_sub = $3, decided_at = $4 where recovery_id = $1",
            recovery.recovery_id,
            recoveries.BOOKED,
            checker,
            at,
        )
        if recovery.kind == recoveries.PLAN:
            return
        province = debt.province_code
        to = Account(WAIVED, debt.programme, province)
        if recovery.kind == recoveries.RECOVERED:
            budget = budget_of(province)
            await funds.open_fund(self._connection, budget, checker)
            to = budget.account
        overpaid = Account(OVERPAYMENT, debt.programme, province)
        booked = Transfer(recovery.kind, to, overpaid, recovery.amount, recovery.recovery_id, on)
        await ledger.book(self._connection, province, [booked])
        await close(self._connection, [recovery.overpayment_id], on)

    async def withdraw(self, recovery: Recovery, at: datetime) -> None:
        await self._connection.execute(
            "update recovery set status = $2, decided_at = $3 where recovery_id = $1",
            recovery.recovery_id,
            recoveries.WITHDRAWN,
            at,
        )


def _recovery(row: asyncpg.Record | None) -> Recovery | None:
    return Recovery(**dict(row)) if row else None
