"""The ledger and its funds as the doors show them, read in the caller's territory by the app role."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from libs.common.runtime.postgres import Database
from services.payments.domain.ledger import POSTINGS
from services.payments.domain.vouchers import Voucher
from services.payments.store import funds, vouchers
from services.payments.usecases.books import (
    AccountPlace,
    AccountView,
    BalanceView,
    FundView,
    TransferPlace,
    TransferView,
    Wanted,
)

_ACCOUNTS = """
    select code, kind, province_code, unit, may_overdraw from ledger_account
    where ($1::text is null or kind = $1) and (code, province_code) > ($2, $3)
    order by code, province_code limit $4
"""
_BALANCES = """
    select a.code, a.kind, a.province_code, a.unit, sum(b.debit)::bigint, sum(b.credit)::bigint
    from ledger_account a join ledger_balance b using (account_id)
    where b.booked_on <= $1 and ($2::text is null or a.kind = $2) and (a.code, a.province_code) > ($3, $4)
    group by a.account_id order by a.code, a.province_code limit $5
"""
# By account each side is read from its own index: an `or` over both would read the whole ledger. So would a
# territory or a posting that stands far back in the key: these are read from each account debited.
_TRANSFERS = """
    with found as materialized ({found})
    select t.transaction_id, t.leg, t.posting, d.code, c.code, t.amount, t.unit, t.province_code, t.source_id,
           t.booked_on, t.recorded_at
    from found t join ledger_account d on d.account_id = t.debit_account
    join ledger_account c on c.account_id = t.credit_account
    order by t.transaction_id desc, t.leg desc limit $7
"""
_MATCHING = """
    select t.* from ledger_transfer t where {side}
    and ($1::text is null or posting = $1) and ($2::uuid is null or source_id = $2)
    and ($3::date is null or booked_on >= $3) and ($4::date is null or booked_on <= $4)
    and ($5::uuid is null or (transaction_id, leg) < ($5, $6::smallint))
    order by transaction_id desc, leg desc limit $7
"""
_ANY = _TRANSFERS.format(found=_MATCHING.format(side="true"))
_OF_ACCOUNT = _TRANSFERS.format(
    found=" union all ".join(
        f"(select m.* from ledger_account a cross join lateral ("
        f"{_MATCHING.format(side=f'{side}_account = a.account_id')}) as m where a.code = $8)"
        for side in ("debit", "credit")
    )
)
_OF_TERRITORY = _TRANSFERS.format(
    found=f"select m.* from ledger_account a cross join lateral ("
    f"{_MATCHING.format(side='debit_account = a.account_id')}) as m where $8::text is null or a.kind = $8"
)
_FUNDS = f"""
    select {funds.COLUMNS}, coalesce((
        select sum(b.debit - b.credit) from ledger_account a join ledger_balance b using (account_id)
        where a.kind = 'fund' and a.key = f.code and a.province_code = f.province_code and a.unit = f.unit
    ), 0)::bigint as balance
    from fund f where code > $1 order by code limit $2
"""


class StoredBooks:
    """Implements usecases.books.Books."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accounts(
        self, territory: str | None, kind: str | None, after: AccountPlace, limit: int
    ) -> list[AccountView]:
        async with self._database.reading(territory) as connection:
            return [AccountView(*row) for row in await connection.fetch(_ACCOUNTS, kind, *after, limit)]

    async def balances(
        self, territory: str | None, on: date, kind: str | None, after: AccountPlace, limit: int
    ) -> list[BalanceView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(_BALANCES, on, kind, *after, limit)
        return [BalanceView(*row) for row in rows]

    async def transfers(
        self, territory: str | None, wanted: Wanted, after: TransferPlace | None, limit: int
    ) -> list[TransferView]:
        transaction, leg = after or (None, None)
        arguments = (wanted.posting, wanted.source_id, wanted.first, wanted.last, transaction, leg, limit)
        async with self._database.reading(territory) as connection:
            if wanted.account is not None:
                rows = await connection.fetch(_OF_ACCOUNT, *arguments, wanted.account)
            elif territory is None and wanted.posting is None:
                rows = await connection.fetch(_ANY, *arguments)
            else:
                posting = POSTINGS.get(wanted.posting or "")
                rows = await connection.fetch(_OF_TERRITORY, *arguments, posting and posting.debit)
        return [TransferView(*row) for row in rows]

    async def funds(self, territory: str | None, after: str, limit: int) -> Sequence[FundView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(_FUNDS, after, limit)
        return [FundView(funds.fund_of(row), row["balance"]) for row in rows]

    async def vouchers(
        self, territory: str | None, status: str | None, after: UUID | None, limit: int
    ) -> list[Voucher]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {vouchers.COLUMNS} from voucher where ($1::text is null or status = $1)"
                " and ($2::uuid is null or voucher_id < $2) order by voucher_id desc limit $3",
                status,
                after,
                limit,
            )
        return [vouchers.voucher_of(row) for row in rows]

    async def voucher(self, territory: str | None, voucher_id: UUID) -> Voucher | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {vouchers.COLUMNS} from voucher where voucher_id = $1", voucher_id
            )
        return vouchers.voucher_of(row) if row else None
