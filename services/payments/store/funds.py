"""Funds as rows, each with its account in the ledger."""

from typing import Any
from uuid import UUID

from libs.common.runtime.postgres import Connection
from services.payments.domain.funds import Fund

COLUMNS = (
    "fund_id, code, kind, province_code, name, unit, commune_code, purpose, may_overdraw, account_number"
)

#: Whether the fund of a run `r` has what it draws on the day $1: there on that day and on each later one.
COVERED = """
    exists (
        select from fund f join ledger_account a on a.kind = 'fund' and a.key = f.code
          and a.province_code = f.province_code and a.unit = f.unit
        where f.fund_id = r.fund_id and (a.may_overdraw or r.instructed_dong <= (
            select coalesce(min(balance), 0) from (
                select booked_on, sum(sum(debit - credit)) over (order by booked_on) as balance,
                       lead(booked_on) over (order by booked_on) as until
                from ledger_balance b where b.account_id = a.account_id group by booked_on
            ) as daily where until is null or until > $1)))
"""


def fund_of(row: Any) -> Fund:
    return Fund(**{name: row[name] for name in COLUMNS.split(", ")})


async def open_fund(connection: Connection, fund: Fund, opened_by: str) -> bool:
    """The fund with its account; False when its code is taken."""
    opened = await connection.fetchval(
        f"insert into fund ({COLUMNS}, opened_by_sub) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " on conflict do nothing returning true",
        fund.fund_id,
        fund.code,
        fund.kind,
        fund.province_code,
        fund.name,
        fund.unit,
        fund.commune_code,
        fund.purpose,
        fund.may_overdraw,
        fund.account_number,
        opened_by,
    )
    if opened:
        account = fund.account
        await connection.execute(
            "insert into ledger_account (kind, key, province_code, unit, may_overdraw)"
            " values ($1, $2, $3, $4, $5)",
            account.kind,
            account.key,
            account.province_code,
            account.unit,
            fund.may_overdraw,
        )
    return bool(opened)


async def find(connection: Connection, fund_id: UUID) -> Fund | None:
    row = await connection.fetchrow(f"select {COLUMNS} from fund where fund_id = $1", fund_id)
    return fund_of(row) if row else None
