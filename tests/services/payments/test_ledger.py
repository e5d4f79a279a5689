"""The ledger by itself: whatever is booked, in any order, balances, and every day's balances are right."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from libs.common.kernel.ids import derived_id, new_id
from libs.common.runtime.postgres import Connection
from services.payments.domain import funds, ledger
from services.payments.domain.funds import Fund, budget_of
from services.payments.domain.ledger import POSTINGS, Account, Transfer
from services.payments.store import ledger as store
from services.payments.store.funds import open_fund
from tests.services.payments.world import HANOI, Payments

FIRST = date(2024, 1, 1)
BUDGET = budget_of(HANOI)
GIFTS = Fund(derived_id("gifts"), "gifts", funds.DONATION, HANOI, "Quỹ thử")
WISHES = Fund(derived_id("wishes"), "wishes", funds.DONATION, HANOI, "Quỹ thử", purpose="social_pension")
RICE = Fund(derived_id("rice"), "rice", funds.NATIONAL_RESERVE, HANOI, "Kho thử", unit=ledger.RICE_KG)
FUNDS = (BUDGET, GIFTS, WISHES, RICE)
KEYS = {ledger.IN_TRANSIT: ["970405", "VNPOST"], ledger.SUSPENSE: ["970405"], ledger.ORIGIN: ["donation"]}
PROGRAMMES = ["monthly_allowance", "social_pension"]


@st.composite
def transfers(draw: st.DrawFn) -> Transfer:
    """Any posting between any two accounts of its kinds and of one unit, on one of ten days."""
    posting = draw(st.sampled_from(sorted(POSTINGS)))
    unit = draw(st.sampled_from([ledger.VND, ledger.VND, ledger.RICE_KG]))

    def accounts(kind: str) -> list[Account]:
        if kind == ledger.FUND:
            return [fund.account for fund in FUNDS if fund.unit == unit]
        return [Account(kind, key, HANOI, unit) for key in KEYS.get(kind, PROGRAMMES)]

    way = POSTINGS[posting]
    pairs = [(d, c) for d in accounts(way.debit) for c in accounts(way.credit) if d != c]
    # Nothing is moved between funds of a unit that has one fund only.
    assume(pairs)
    debit, credit = draw(st.sampled_from(pairs))
    amount, day = draw(st.integers(1, 1000)), FIRST + timedelta(draw(st.integers(0, 9)))
    return Transfer(posting, debit, credit, amount, new_id(), day)


class Model:
    """What the ledger should hold: each account's movement of each day."""

    def __init__(self) -> None:
        self.days: dict[Account, dict[date, int]] = defaultdict(lambda: defaultdict(int))

    def book(self, transaction: list[Transfer]) -> bool:
        """False, and nothing is booked, when a fund would be below zero on some day."""
        before = {account: dict(days) for account, days in self.days.items()}
        for one in transaction:
            self.days[one.debit][one.booked_on] += one.amount
            self.days[one.credit][one.booked_on] -= one.amount
        strict = {fund.account for fund in FUNDS if not fund.may_overdraw}
        credited = {one.credit for one in transaction} & strict
        if all(self.balance(account, FIRST + timedelta(n)) >= 0 for account in credited for n in range(10)):
            return True
        self.days.clear()
        for account, days in before.items():
            self.days[account] = defaultdict(int, days)
        return False

    def balance(self, account: Account, on: date) -> int:
        return sum(amount for day, amount in self.days[account].items() if day <= on)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transactions=st.lists(st.lists(transfers(), min_size=1, max_size=3), max_size=8))
async def test_any_sequence_of_postings_balances_on_every_day(
    payments: Payments, transactions: list[list[Transfer]]
) -> None:
    model = Model()
    async with payments.parts.database.bulk() as connection:
        everything = connection.transaction()
        await everything.start()
        for fund in FUNDS:
            await open_fund(connection, fund, "maker")
        for transaction in transactions:
            fits = model.book(transaction)
            assert await booked(connection, transaction) == fits
        for number in range(-1, 10):
            on = FIRST + timedelta(number)
            shown = await balances(connection, on)
            assert shown == {
                account: model.balance(account, on)
                for account, days in model.days.items()
                if min(days, default=date.max) <= on
            }
            by_unit: dict[str, int] = defaultdict(int)
            for account, amount in shown.items():
                by_unit[account.unit] += amount
            assert not any(by_unit.values())
        await everything.rollback()


async def booked(connection: Connection, transaction: list[Transfer]) -> bool:
    """False when the ledger refused it for a fund that would be below zero; nothing of it is there then."""
    try:
        async with connection.transaction():
            await store.book(connection, HANOI, transaction)
    except asyncpg.CheckViolationError as refused:
        assert refused.constraint_name == "fund_not_overdrawn"
        return False
    return True


async def balances(connection: Any, on: date) -> dict[Account, int]:
    rows = await connection.fetch(
        "select kind, key, province_code, unit, sum(debit - credit)::bigint as balance"
        " from ledger_balance join ledger_account using (account_id) where booked_on <= $1"
        " group by 1, 2, 3, 4",
        on,
    )
    return {Account(*row[:4]): row["balance"] for row in rows}


def gift(amount: int, **changed: Any) -> Transfer:
    made: dict[str, Any] = {
        "posting": "donated",
        "debit": GIFTS.account,
        "credit": Account(ledger.ORIGIN, "donation", HANOI),
        "amount": amount,
        "source_id": new_id(),
        "booked_on": FIRST,
    }
    return Transfer(**made | changed)


async def test_what_is_booked_for_the_same_twice_is_refused(payments: Payments) -> None:
    one = gift(5)
    async with payments.parts.database.bulk() as connection:
        await open_fund(connection, GIFTS, "maker")
        await store.book(connection, HANOI, [one])
    with pytest.raises(asyncpg.UniqueViolationError):
        async with payments.parts.database.bulk() as connection:
            await store.book(connection, HANOI, [one])


async def test_a_fund_that_nobody_opened_is_not_booked_on(payments: Payments) -> None:
    with pytest.raises(asyncpg.NotNullViolationError):
        async with payments.parts.database.bulk() as connection:
            await store.book(connection, HANOI, [gift(5)])


async def test_the_database_itself_refuses_a_transfer_of_another_unit(payments: Payments) -> None:
    async with payments.parts.database.bulk() as connection:
        await open_fund(connection, GIFTS, "maker")
        await store.book(connection, HANOI, [gift(5)])
    with pytest.raises(asyncpg.RaiseError, match="unit of both"):
        await payments.look.execute(
            "insert into ledger_transfer (posting, debit_account, credit_account, amount, unit,"
            " province_code, source_id, booked_on) select posting, debit_account, credit_account, 1,"
            " 'RICE_KG', province_code, uuidv7(), booked_on from ledger_transfer"
        )


async def test_bookings_at_the_same_time_do_not_wait_on_one_another(payments: Payments) -> None:
    """Two transactions open at once, on the same accounts and day; only a fund without overdraft waits."""
    origin = Account(ledger.ORIGIN, "province", HANOI)
    first, second, third = (gift(7, posting="granted", debit=BUDGET.account, credit=origin) for _ in range(3))
    database = payments.parts.database
    async with database.bulk() as connection:
        await open_fund(connection, BUDGET, "maker")
        await store.book(connection, HANOI, [first])
    async with database.bulk() as one, database.bulk() as other:
        await other.execute("set local lock_timeout = '2s'")
        await store.book(one, HANOI, [second])
        await store.book(other, HANOI, [third])
    async with database.bulk() as connection:
        assert (await balances(connection, FIRST))[BUDGET.account] == 21
    # They were booked for vouchers that nobody made; all else holds.
    assert set(await payments.violations()) == {18}


def test_goods_name_their_unit_in_the_code_of_their_account() -> None:
    assert RICE.account.code == "fund:rice:RICE_KG"
    assert Account(ledger.IN_TRANSIT, "970405", HANOI).code == "in_transit:970405"


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"credit": GIFTS.account, "posting": "earmarked"},
        {"credit": Account(ledger.ORIGIN, "donation", HANOI, ledger.RICE_KG)},
        {"posting": "settled"},
    ],
)
def test_a_transfer_that_would_not_balance_can_not_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        gift(**{"amount": 5, **wrong})
