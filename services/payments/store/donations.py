"""Gifts as rows, donors encrypted, and what is shown of them to everybody."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain.donations import EARMARKED, RECEIVED, WITHDRAWN, Donation, used_of
from services.payments.domain.funds import Fund
from services.payments.domain.vouchers import DONATED, Voucher
from services.payments.store import funds
from services.payments.usecases.donations import GiftShown, GiftSum

_COLUMNS = (
    "donation_id, fund_id, province_code, amount, donor, shown, status, pledged_on, receipt, received_on,"
    " to_fund_id, earmarked_on"
)
_RECEIPTS_LOCK = 0x67696674

# Each gift lies in the fund where it was set apart, else where it was received; the first come is used first.
# Read are a page of gifts, what was taken down with them, and the slots, days and months of their funds.
_LIES_IN, _SINCE = "coalesce(g.to_fund_id, g.fund_id)", "coalesce(g.earmarked_on, g.received_on)"
_LYING = "g.status in ('received', 'earmarked')"
_GIFTS = f"""
    with page as materialized (
        select g.donation_id, g.donor, g.shown, g.received_on, g.amount, g.province_code,
               {_LIES_IN} as fund_id, {_SINCE} as since, left(g.donation_id::text, 7) as slot
        from donation g
        where {_LYING} and ($1::text is null or g.province_code = $1)
          and ($2::uuid is null or g.donation_id < $2)
        order by g.donation_id desc limit $3
    ), used as (
        select fund_id, sum(used)::bigint as amount from gift_month
        where fund_id in (select fund_id from page) group by fund_id
    ), days as (
        select fund_id, day, sum(amount) over (partition by fund_id order by day)::bigint - amount as before
        from gift_day where fund_id in (select fund_id from page)
    ), slots as (
        select fund_id, day, slot,
               sum(amount) over (partition by fund_id, day order by slot)::bigint - amount as before
        from gift_slot where (fund_id, day) in (select fund_id, since from page)
    ), of_slot as (
        select g.donation_id, sum(g.amount) over (
            partition by p.fund_id, p.since, p.slot order by g.donation_id)::bigint - g.amount as before
        from (select distinct fund_id, since, slot from page) as p
        join donation g on {_LIES_IN} = p.fund_id and {_SINCE} = p.since and {_LYING}
          and g.donation_id between rpad(p.slot, 32, '0')::uuid and rpad(p.slot, 32, 'f')::uuid
    )
    select p.*, f.unit, f.purpose, coalesce(u.amount, 0) - d.before - s.before - o.before as left_for_it
    from page p join fund f using (fund_id) join days d on d.fund_id = p.fund_id and d.day = p.since
    join slots s on s.fund_id = p.fund_id and s.day = p.since and s.slot = p.slot
    join of_slot o using (donation_id) left join used u on u.fund_id = p.fund_id
    order by donation_id desc
"""
_SUMS = """
    select month, unit, nullif(programme, ''), sum(received)::bigint, sum(used)::bigint
    from gift_month join fund f using (fund_id)
    where month >= make_date($2, 1, 1) and month < make_date($2 + 1, 1, 1)
      and ($1::text is null or f.province_code = $1)
    group by month, unit, programme having sum(received) <> 0 or sum(used) <> 0
    order by month, unit, programme
"""
# Received otherwise than booked, it is what the correction says, or was no gift; set apart by mistake, it
# lies where it was received.
_CORRECT = f"""
    update donation g set
        amount = case when t.posting = '{DONATED}' and $2 > 0 then $2 else g.amount end,
        status = case when t.posting = '{DONATED}' and $2 = 0 then '{WITHDRAWN}' else '{RECEIVED}' end,
        to_fund_id = null, earmarked_on = null
    from ledger_transfer t join voucher v on v.voucher_id = t.source_id
    where t.transaction_id = $1 and t.leg = 1 and t.posting in ('{DONATED}', '{EARMARKED}')
      and g.donation_id = v.donation_id
"""


class StoredDonations:
    """Implements DonationWorks and DonationReads of usecases.donations."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection, self._cipher)

    async def page(
        self, territory: str | None, status: str | None, after: UUID | None, limit: int
    ) -> list[Donation]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {_COLUMNS} from donation where ($1::text is null or status = $1)"
                " and ($2::uuid is null or donation_id < $2) order by donation_id desc limit $3",
                status,
                after,
                limit,
            )
        return [_donation(row, self._cipher) for row in rows]

    async def gifts(self, province_code: str | None, after: UUID | None, limit: int) -> list[GiftShown]:
        async with self._database.reading(None) as connection:
            rows = await connection.fetch(_GIFTS, province_code, after, limit)
        return [
            GiftShown(
                donation_id=row["donation_id"],
                donor=self._cipher.decrypt(row["donor"]).decode() if row["shown"] else None,
                received_on=row["received_on"],
                amount=row["amount"],
                used=used_of([row["amount"]], row["left_for_it"])[0],
                unit=row["unit"],
                purpose=row["purpose"],
                province_code=row["province_code"],
            )
            for row in rows
        ]

    async def sums(self, province_code: str | None, year: int) -> Sequence[GiftSum]:
        async with self._database.reading(None) as connection:
            rows = await connection.fetch(_SUMS, province_code, year)
        return [GiftSum(*row) for row in rows]


class _Work:
    def __init__(self, connection: Connection, cipher: FieldCipher) -> None:
        self._connection = connection
        self._cipher = cipher

    async def fund(self, fund_id: UUID) -> Fund | None:
        return await funds.find(self._connection, fund_id)

    async def add(self, donation: Donation, sub: str) -> None:
        await self._connection.execute(
            f"insert into donation ({_COLUMNS}, taken_by_sub)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            donation.donation_id,
            donation.fund_id,
            donation.province_code,
            donation.amount,
            self._cipher.encrypt(donation.donor.encode()),
            donation.shown,
            donation.status,
            donation.pledged_on,
            donation.receipt,
            donation.received_on,
            donation.to_fund_id,
            donation.earmarked_on,
            sub,
        )

    async def read(self, donation_id: UUID) -> Donation | None:
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from donation where donation_id = $1 for update", donation_id
        )
        return _donation(row, self._cipher) if row else None

    async def withdraw(self, donation_id: UUID) -> None:
        await self._connection.execute(
            f"update donation set status = '{WITHDRAWN}' where donation_id = $1", donation_id
        )


async def moved_by(connection: Connection, voucher: Voucher) -> None:
    """A gift goes with the voucher of its step, or with a correction of it, in the transaction that books."""
    if voucher.kind == DONATED:
        await connection.execute(
            f"update donation set status = '{RECEIVED}', amount = $2, received_on = $3, receipt = $4"
            " where donation_id = $1",
            voucher.donation_id,
            voucher.amount,
            voucher.booked_on,
            await _next_receipt(connection, voucher),
        )
    elif voucher.kind == EARMARKED:
        await connection.execute(
            f"update donation set status = '{EARMARKED}', to_fund_id = $2, earmarked_on = $3"
            " where donation_id = $1",
            voucher.donation_id,
            voucher.to_fund_id,
            voucher.booked_on,
        )
    elif voucher.corrects:
        await connection.execute(_CORRECT, voucher.corrects, voucher.amount)


async def _next_receipt(connection: Connection, voucher: Voucher) -> str:
    """The next number of the fund's receipts of that year; no other transaction gets it."""
    code = await connection.fetchval("select code from fund where fund_id = $1", voucher.fund_id)
    await connection.execute("select pg_advisory_xact_lock($1, hashtext($2))", _RECEIPTS_LOCK, code)
    head = f"{code}/{voucher.booked_on.year}/"
    last = await connection.fetchval(
        "select max(receipt) from donation where fund_id = $1 and starts_with(receipt, $2)",
        voucher.fund_id,
        head,
    )
    return f"{head}{int(last.removeprefix(head)) + 1 if last else 1:06d}"


def _donation(row: Any, cipher: FieldCipher) -> Donation:
    values: dict[str, Any] = dict(row)
    return Donation(**values | {"donor": cipher.decrypt(values["donor"]).decode()})
