"""An agency that stays silent: its payments are unknown, asked about by our reference, and paid once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.events.payments import PaymentUnknown
from tests.services.payments.test_funds import balances
from tests.services.payments.test_reports import booked, taken
from tests.services.payments.test_suspense import payment, waiting
from tests.services.payments.world import (
    BANK,
    EVERYBODY_FAILS,
    MONTHS,
    NOBODY_FAILS,
    POST,
    Payments,
    close_payments,
    decision,
    open_payments,
)
from tests.support.postgres import ServiceDatabase, TestCluster

_AMOUNT = 540_000


@pytest.fixture
async def database(postgres_cluster: TestCluster) -> ServiceDatabase:
    return await postgres_cluster.fresh_database("payments")


@pytest.fixture
def keys(database: ServiceDatabase) -> dict[str, str]:
    """Of both: a file that one has written the other opens."""
    return database.environment


@pytest.fixture
async def run(database: ServiceDatabase, keys: dict[str, str]) -> dict[str, Any]:
    """Two payments at the bank, one at the post, instructed on 2024-02-05."""
    before = await open_payments(database, **keys)
    await before.decide(*(decision(number, pays_from="2024-02") for number in (1, 2, 3)))
    await before.account(1)
    await before.account(2)
    await before.cash(3)
    await before.close(*MONTHS, "2024-03")
    made = await before.instructed("2024-02")
    assert await before.violations() == {}
    await close_payments(before)
    return made


@pytest.fixture
async def payments(
    database: ServiceDatabase, keys: dict[str, str], run: dict[str, Any]
) -> AsyncIterator[Payments]:
    """The same service four days later: the bank's term of three days is over, the post's is not."""
    opened = await open_payments(database, **keys | {"ANSINH_BUSINESS_DATE": "2024-02-09"})
    await opened.work("silence finder")
    yield opened
    await close_payments(opened)


async def inquired(payments: Payments, agency: str = BANK) -> list[dict[str, Any]]:
    [file] = await payments.files(agency)
    path = f"/v1/payment-files/{file['payment_file_id']}/inquiry"
    items: list[dict[str, Any]] = (await payments.get(path, f"bank:{agency}")).json()["items"]
    return items


async def test_what_a_bank_does_not_tell_of_is_unknown_and_asked_about(
    payments: Payments, run: dict[str, Any]
) -> None:
    await payments.work()
    shown = await payments.run(run["run_id"])
    assert (shown["unknown_dong"], shown["pending_dong"]) == (2 * _AMOUNT, _AMOUNT)
    [file] = await payments.files(BANK)
    assert (file["asked_on"], file["pending"], file["status"]) == ("2024-02-09", 2, "ready")
    asked = await inquired(payments)
    assert len(asked) == 2 and {one["amount_dong"] for one in asked} == {_AMOUNT}
    assert await inquired(payments, POST) == []
    path = f"/v1/payment-files/{file['payment_file_id']}/inquiry"
    assert (await payments.get(path, f"bank:{POST}")).json()["items"] == []
    assert (await balances(payments, "2024-02-09"))[f"in_transit:{BANK}"] == 2 * _AMOUNT
    told = await payments.told("PaymentUnknown")
    assert [PaymentUnknown.model_validate(one).sequence for one in told] == [2, 2]
    assert await payments.violations() == {}


@pytest.mark.parametrize(("odds", "status"), [(NOBODY_FAILS, "settled"), (EVERYBODY_FAILS, "returned")])
async def test_an_answer_that_comes_late_is_taken_as_any_other(
    payments: Payments, run: dict[str, Any], odds: Any, status: str
) -> None:
    await payments.answered(odds)
    assert (await payment(payments))["status"] == status
    assert await inquired(payments) == []
    shown = await payments.run(run["run_id"])
    assert (shown["unknown_dong"], shown["pending_dong"], shown["status"]) == (0, 0, "reconciled")
    await payments.work()
    assert (await payment(payments))["status"] == status
    assert await payments.violations() == {}


async def test_what_is_unknown_is_not_paid_anew(payments: Payments) -> None:
    await payments.answered(agencies=(POST,))
    again = await payments.built("2024-03")
    # March for three; nobody's February.
    assert again["instructed_dong"] == 3 * _AMOUNT
    assert await payments.violations() == {}


async def test_a_report_that_names_some_leaves_the_others_unknown(payments: Payments) -> None:
    file_id, content = await booked(payments)
    start, end = content.index(b"<TxDtls>"), content.index(b"</TxDtls>") + len(b"</TxDtls>")
    one = content[:start] + content[end:]
    for told, right in ((b"1080000", b"540000"), (b"<NbOfTxs>2<", b"<NbOfTxs>1<")):
        one = one.replace(told, right)
    report = await taken(payments, file_id, one)
    assert (report["settled"], report["suspended"]) == (1, 0)
    assert len(await inquired(payments)) == 1
    assert await waiting(payments) == []
    assert await payments.violations() == {}


async def test_totals_that_miscount_the_unknown_are_seen(payments: Payments) -> None:
    await payments.look.execute("update run_total set unknown_dong = unknown_dong - 1 where unknown_dong > 0")
    assert 14 in await payments.violations()
