"""Transfers booked in sets, in the transaction of what they are booked for; domain/ledger.py says which."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from uuid import UUID

import asyncpg

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import new_id
from libs.common.runtime.postgres import Connection
from services.payments.domain.ledger import (
    FUND,
    IN_TRANSIT,
    OVERPAYMENT,
    PAID,
    POSTINGS,
    VND,
    Account,
    Transfer,
)
from services.payments.store.overpayments import close

#: The accounts that an instruction moves, from the instruction `i`, its run `r` and the run's fund `f`.
_KEY = f"case {{kind}} when '{FUND}' then f.code when '{IN_TRANSIT}' then i.agency_code else i.programme end"
_PROVINCE = f"case {{kind}} when '{FUND}' then f.province_code else i.province_code end"
_SIDES = ", ".join(
    f"('{name}', '{posting.debit}', '{posting.credit}')"
    for name, posting in POSTINGS.items()
    if posting.source == "pay"
)


def _side(alias: str, kind: str) -> str:
    key, province = _KEY.format(kind=kind), _PROVINCE.format(kind=kind)
    return (
        f"left join ledger_account {alias} on {alias}.kind = {kind} and {alias}.unit = '{VND}'"
        f" and {alias}.key = {key} and {alias}.province_code = {province}"
    )


# An account that is not there leaves a null, and the whole statement fails: nothing is booked by half.
# Ids are counted on from one: chance for each costs half as much as all its transfer.
_BOOK = f"""
    with wanted as ({{wanted}}), side (posting, debit_kind, credit_kind) as (values {_SIDES}),
    first as materialized (select uuidv7() as id)
    insert into ledger_transfer (transaction_id, posting, debit_account, credit_account, amount, unit,
                                 province_code, source_id, booked_on)
    select id_after(first.id, row_number() over ()), i.posting, d.account_id, c.account_id,
           i.amount_dong, '{VND}', i.province_code, i.instruction_id, i.booked_on
    from first, wanted i join side s using (posting)
    join run r on r.run_id = i.run_id join fund f on f.fund_id = r.fund_id
    {_side("d", "s.debit_kind")}
    {_side("c", "s.credit_kind")}
"""
_BOOK_RUN = _BOOK.format(
    wanted="select *, 'instructed' as posting, $2::date as booked_on from instruction where run_id = $1"
)
_BOOK_SOME = _BOOK.format(
    wanted="select * from unnest($1::uuid[], $2::text[], $3::date[])"
    " as told (instruction_id, posting, booked_on) join instruction using (instruction_id)"
)
_OPEN_RUN_ACCOUNTS = f"""
    insert into ledger_account (kind, key, province_code, unit)
    select '{IN_TRANSIT}', agency_code, province_code, '{VND}' from payment_file where run_id = $1
    union select '{PAID}', programme, province_code, '{VND}' from run_total where run_id = $1
    on conflict do nothing
"""
_BOOK_INSTALMENTS = f"""
    insert into ledger_transfer (posting, debit_account, credit_account, amount, unit, province_code,
                                 source_id, booked_on)
    select 'set_off', d.account_id, c.account_id, i.amount_dong, '{VND}', i.province_code, i.instalment_id, $2
    from instalment i
    left join ledger_account d on d.kind = '{PAID}' and d.key = i.programme and d.unit = '{VND}'
      and d.province_code = i.province_code
    left join ledger_account c on c.kind = '{OVERPAYMENT}' and c.key = i.programme and c.unit = '{VND}'
      and c.province_code = i.province_code
    where i.run_id = $1
"""
_OPEN_ACCOUNTS = """
    insert into ledger_account (kind, key, province_code, unit)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as a (kind, key, province_code, unit)
    where kind <> 'fund' on conflict do nothing
"""
_BOOK_LEGS = """
    insert into ledger_transfer (transaction_id, leg, posting, debit_account, credit_account, amount, unit,
                                 province_code, source_id, booked_on)
    select $1, leg, posting, d.account_id, c.account_id, amount, t.unit, $2, source_id, booked_on
    from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                $10::text[], $11::bigint[], $12::uuid[], $13::date[]) with ordinality
      as t (debit_kind, debit_key, debit_province, credit_kind, credit_key, credit_province, unit, posting,
            amount, source_id, booked_on, leg)
    left join ledger_account d on d.kind = debit_kind and d.key = debit_key
      and d.province_code = debit_province and d.unit = t.unit
    left join ledger_account c on c.kind = credit_kind and c.key = credit_key
      and c.province_code = credit_province and c.unit = t.unit
"""

_BOOK_EACH = f"""
    insert into ledger_transfer (posting, debit_account, credit_account, amount, unit, province_code,
                                 source_id, booked_on)
    select $1, (select account_id from ledger_account where kind = $2 and key = $3 and unit = '{VND}'
                and province_code = $6),
           (select account_id from ledger_account where kind = $4 and key = $5 and unit = '{VND}'
            and province_code = $6), amount, '{VND}', $6, source_id, $9
    from unnest($7::uuid[], $8::bigint[]) as t (source_id, amount)
"""


async def book_run(connection: Connection, run_id: UUID, on: date) -> None:
    """A transfer for each instruction of the run: its agency has the money in transit from now on."""
    await connection.execute(_OPEN_RUN_ACCOUNTS, run_id)
    await connection.execute(_BOOK_RUN, run_id, on)


async def book_instalments(connection: Connection, run_id: UUID, on: date) -> None:
    """What the run keeps back counts as paid, and is overpaid no longer. After the run is booked."""
    await connection.execute(_BOOK_INSTALMENTS, run_id, on)
    rows = await connection.fetch(
        "update instalment set booked_on = $2 where run_id = $1 returning overpayment_id", run_id, on
    )
    await close(connection, [row["overpayment_id"] for row in rows], on)


async def book_instructions(
    connection: Connection, instruction_ids: Sequence[UUID], postings: Sequence[str], on: Sequence[date]
) -> None:
    """A posting for each of the instructions named."""
    await connection.execute(_BOOK_SOME, list(instruction_ids), list(postings), list(on))


async def book(connection: Connection, province_code: str, transfers: Sequence[Transfer]) -> UUID:
    """One transaction of these legs, of that territory. Accounts are opened; a fund has its own already."""
    accounts = {account for one in transfers for account in (one.debit, one.credit)}
    columns = zip(*((a.kind, a.key, a.province_code, a.unit) for a in accounts), strict=True)
    await connection.execute(_OPEN_ACCOUNTS, *(list(column) for column in columns))
    transaction_id = new_id()
    legs = [
        (
            *(one.debit.kind, one.debit.key, one.debit.province_code),
            *(one.credit.kind, one.credit.key, one.credit.province_code),
            *(one.debit.unit, one.posting, one.amount, one.source_id, one.booked_on),
        )
        for one in transfers
    ]
    columns_of_legs = [list(column) for column in zip(*legs, strict=True)]
    await connection.execute(_BOOK_LEGS, transaction_id, province_code, *columns_of_legs)
    return transaction_id


async def book_each(
    connection: Connection,
    posting: str,
    debit: Account,
    credit: Account,
    amounts: Mapping[UUID, int],
    on: date,
) -> None:
    """A transaction of one transfer for each source, all between the same two accounts of one province."""
    assert (debit.kind, credit.kind) == (POSTINGS[posting].debit, POSTINGS[posting].credit)
    accounts = (debit, credit)
    await connection.execute(
        _OPEN_ACCOUNTS,
        [one.kind for one in accounts],
        [one.key for one in accounts],
        [one.province_code for one in accounts],
        [one.unit for one in accounts],
    )
    await connection.execute(
        _BOOK_EACH,
        posting,
        debit.kind,
        debit.key,
        credit.kind,
        credit.key,
        debit.province_code,
        list(amounts),
        list(amounts.values()),
        on,
    )


@contextmanager
def refused_when_short() -> Iterator[None]:
    """Refusal `fund_short` for a booking that the ledger refuses; the transaction is over by it."""
    try:
        yield
    except asyncpg.CheckViolationError as refused:
        if refused.constraint_name != "fund_not_overdrawn":
            raise
        raise Refusal(
            "fund_short",
            "Quỹ không còn đủ tính đến ngày ghi sổ. Hãy bổ sung quỹ hoặc giảm số lượng.",
            "The fund has not enough left by that day. Add to the fund, or take less.",
        ) from None
