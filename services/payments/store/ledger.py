"""The ledger's side of what happens to instructions, in sets; domain/ledger.py says which accounts."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from libs.common.runtime.postgres import Connection
from services.payments.domain.ledger import BUDGET, IN_TRANSIT, PAID, POSTINGS

#: domain.ledger.account_code, for the instruction `i`.
_ACCOUNT = {
    BUDGET: f"'{BUDGET}:' || i.province_code",
    IN_TRANSIT: f"'{IN_TRANSIT}:' || i.agency_code",
    PAID: f"'{PAID}:' || i.programme",
}
_CREDIT_IS_NEGATIVE = (1, -1)


def _side(place: int) -> str:
    """The account debited (0) or credited (1) by the posting of `b`."""
    cases = " ".join(f"when '{posting}' then {_ACCOUNT[kinds[place]]}" for posting, kinds in POSTINGS.items())
    return f"case b.posting {cases} end"


_BOOK = f"""
    with wanted as ({{wanted}}),
    booked as (
        insert into ledger_transaction (run_id, instruction_id, posting, booked_on)
        select i.run_id, i.instruction_id, w.posting, w.booked_on
        from wanted w join instruction i using (instruction_id)
        returning transaction_id, instruction_id, posting
    )
    insert into ledger_entry (transaction_id, account, amount_dong)
    select b.transaction_id, side.account, i.amount_dong * side.sign
    from booked b join instruction i using (instruction_id)
    cross join lateral (values ({_side(0)}, {_CREDIT_IS_NEGATIVE[0]}), ({_side(1)}, {_CREDIT_IS_NEGATIVE[1]}))
      as side (account, sign)
"""
_BOOK_RUN = _BOOK.format(
    wanted="select instruction_id, 'instructed' as posting, $2::date as booked_on"
    " from instruction where run_id = $1"
)
_BOOK_SOME = _BOOK.format(
    wanted="select * from unnest($1::uuid[], $2::text[], $3::date[])"
    " as told (instruction_id, posting, booked_on)"
)
_OPEN_ACCOUNTS = f"""
    insert into ledger_account (account, kind)
    select {_ACCOUNT[BUDGET]}, '{BUDGET}' from instruction i where run_id = $1
    union select {_ACCOUNT[IN_TRANSIT]}, '{IN_TRANSIT}' from instruction i where run_id = $1
    union select {_ACCOUNT[PAID]}, '{PAID}' from instruction i where run_id = $1
    on conflict do nothing
"""


async def book_run(connection: Connection, run_id: UUID, on: date) -> None:
    """Two entries for each instruction of the run: its agency has the money in transit from now on."""
    await connection.execute(_OPEN_ACCOUNTS, run_id)
    await connection.execute(_BOOK_RUN, run_id, on)


async def book(
    connection: Connection, instruction_ids: Sequence[UUID], postings: Sequence[str], on: Sequence[date]
) -> None:
    """A posting for each of the instructions named."""
    await connection.execute(_BOOK_SOME, list(instruction_ids), list(postings), list(on))
