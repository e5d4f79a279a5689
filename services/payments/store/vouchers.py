"""Funds and vouchers, by requests inside their caller's territory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import vouchers
from services.payments.domain.donations import EARMARKED
from services.payments.domain.funds import Fund
from services.payments.domain.ledger import Account, Transfer
from services.payments.domain.vouchers import Voucher
from services.payments.store import donations, funds, ledger

COLUMNS = (
    "voucher_id, kind, province_code, amount, document, booked_on, maker_sub, fund_id, to_fund_id, programme,"
    " corrects, commune_code, recipients, donation_id, note, status, checker_sub, transaction_id"
)
_STANDING = f"""
    select t.posting, t.amount, t.source_id, t.booked_on, d.kind, d.key, d.province_code, d.unit,
           c.kind, c.key, c.province_code, c.unit, coalesce((
               select amount from voucher v where v.corrects = t.transaction_id and v.status = 'booked'
               order by v.decided_at desc limit 1), t.amount) as standing
    from ledger_transfer t join ledger_account d on d.account_id = t.debit_account
    join ledger_account c on c.account_id = t.credit_account
    where t.transaction_id = $1 and t.leg = 1 and not (t.posting = '{vouchers.DONATED}' and exists (
        select from voucher v join donation g using (donation_id)
        where v.voucher_id = t.source_id and g.status = '{EARMARKED}'))
"""
_HOLD_GIFT = """
    select from donation where donation_id in (
        select v.donation_id from ledger_transfer t join voucher v on v.voucher_id = t.source_id
        where t.transaction_id = $1)
    for update
"""


class Money:
    """Implements usecases.vouchers.MoneyWorks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection)


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open_fund(self, fund: Fund, sub: str) -> bool:
        return await funds.open_fund(self._connection, fund, sub)

    async def fund(self, fund_id: UUID) -> Fund | None:
        return await funds.find(self._connection, fund_id)

    async def standing(self, transaction_id: UUID) -> tuple[Transfer, int] | None:
        # Held before it is read: whoever sets the gift apart meanwhile comes first, or after.
        await self._connection.execute(_HOLD_GIFT, transaction_id)
        row = await self._connection.fetchrow(_STANDING, transaction_id)
        if row is None:
            return None
        posting, amount, source_id, booked_on, *accounts, standing = row
        debit, credit = Account(*accounts[:4]), Account(*accounts[4:])
        return Transfer(posting, debit, credit, amount, source_id, booked_on), standing

    async def gift(self, donation_id: UUID) -> tuple[str, int] | None:
        row = await self._connection.fetchrow(
            "select status, amount from donation where donation_id = $1 for update", donation_id
        )
        return (row["status"], row["amount"]) if row else None

    async def propose(self, voucher: Voucher) -> bool:
        return await propose(self._connection, voucher)

    async def of_paper(self, voucher: Voucher) -> Voucher | None:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from voucher where case when $1::uuid is null"
            " then donation_id is null and fund_id = $2 and kind = $3 and document = $4"
            f" and status <> '{vouchers.WITHDRAWN}'"
            f" else donation_id = $1 and status = '{vouchers.PROPOSED}' end",
            voucher.donation_id,
            voucher.fund_id,
            voucher.kind,
            voucher.document,
        )
        return voucher_of(row) if row else None

    async def voucher(self, voucher_id: UUID) -> Voucher | None:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from voucher where voucher_id = $1 for update", voucher_id
        )
        return voucher_of(row) if row else None

    async def book(self, voucher: Voucher, transfers: Sequence[Transfer], checker: str) -> None:
        with ledger.refused_when_short():
            transaction_id = await ledger.book(self._connection, voucher.province_code, transfers)
        await self._connection.execute(
            "update voucher set status = $2, checker_sub = $3, transaction_id = $4, decided_at = now()"
            " where voucher_id = $1",
            voucher.voucher_id,
            vouchers.BOOKED,
            checker,
            transaction_id,
        )
        await donations.moved_by(self._connection, voucher)

    async def withdraw(self, voucher: Voucher, sub: str) -> None:
        await self._connection.execute(
            "update voucher set status = $2, decided_at = now(), withdrawn_by_sub = $3 where voucher_id = $1",
            voucher.voucher_id,
            vouchers.WITHDRAWN,
            sub,
        )


async def propose(connection: Connection, voucher: Voucher) -> bool:
    """False while a voucher waits for the same transaction or gift, or while its paper has a voucher."""
    proposed = await connection.fetchval(
        f"insert into voucher ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
        " $14, $15, $16, $17, $18) on conflict do nothing returning true",
        voucher.voucher_id,
        voucher.kind,
        voucher.province_code,
        voucher.amount,
        voucher.document,
        voucher.booked_on,
        voucher.maker,
        voucher.fund_id,
        voucher.to_fund_id,
        voucher.programme,
        voucher.corrects,
        voucher.commune_code,
        voucher.recipients,
        voucher.donation_id,
        voucher.note,
        voucher.status,
        voucher.checker,
        voucher.transaction_id,
    )
    return bool(proposed)


def voucher_of(row: asyncpg.Record) -> Voucher:
    values = dict(row)
    return Voucher(maker=values.pop("maker_sub"), checker=values.pop("checker_sub"), **values)
