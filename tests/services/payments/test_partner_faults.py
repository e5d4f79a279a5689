"""Partners that misbehave, each by a switch of the simulators: their own books are our ledger to the đồng."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from simulators.answer import Answer, Sums
from simulators.bank import desk as bank
from simulators.outcomes import Odds
from simulators.post import desk as post
from simulators.switches import OFF, Switches, read_switches
from tests.services.payments.test_funds import balances
from tests.services.payments.test_suspense import resolved, waiting
from tests.services.payments.world import (
    BANK,
    MONTHS,
    POST,
    Payments,
    close_payments,
    decision,
    open_payments,
)
from tests.support.postgres import ServiceDatabase, TestCluster

#: Of twelve payments some fail, some are told late, some come back: every draw hangs on the payee.
ODDS = Odds(seed=5, failing_per_10_000=2_000)
_HALF = 5_000
LATER = "2024-02-09"


@pytest.fixture
async def database(postgres_cluster: TestCluster) -> ServiceDatabase:
    return await postgres_cluster.fresh_database("payments")


@pytest.fixture
def keys(database: ServiceDatabase) -> dict[str, str]:
    """Of the service on both days."""
    return database.environment


@pytest.fixture
async def payments(database: ServiceDatabase, keys: dict[str, str]) -> AsyncIterator[Payments]:
    """Eight payments at the bank and four at the post, instructed."""
    opened = await open_payments(database, **keys)
    for number in range(1, 13):
        await opened.decide(decision(number, amount_dong=540_000 + number, pays_from="2024-02"))
        await (opened.account(number) if number <= 8 else opened.cash(number))
    await opened.close(*MONTHS)
    await opened.instructed("2024-02")
    yield opened
    await close_payments(opened)


@dataclass
class Partners:
    """Both of them, with their books: what each did with its file."""

    switches: Switches
    books: dict[str, Answer] = field(default_factory=dict)

    async def answer(self, payments: Payments) -> None:
        """Each file that waits is answered as the switches say; every report comes twice over the wire."""
        for agency in (BANK, POST):
            for file in await payments.files(agency, status="ready"):
                file_id, asked = file["payment_file_id"], file["asked_on"] is not None
                content = await payments.content(file_id, agency)
                if agency == POST:
                    made = post.answer(content, file_id, ODDS, self.switches, asked=asked)
                else:
                    made = bank.answer(content, file_id, agency, ODDS, self.switches, asked=asked)
                self.books[agency] = made
                for report in made.reports:
                    for _ in range(2):
                        taken = await payments.hand_in(file_id, report.content, agency)
                        assert taken.status_code == 202, taken.text
        await payments.work()

    def settled(self) -> int:
        return sum(made.settled.dong for made in self.books.values())


async def agree(payments: Payments, partners: Partners, on: str) -> None:
    """What the partners paid is what the ledger has as paid, and nothing is in transit or in suspense."""
    shown = await balances(payments, on)
    assert shown.get("paid:monthly_allowance", 0) == partners.settled()
    assert shown["fund:budget-01"] == -partners.settled()
    assert not any(amount for name, amount in shown.items() if name.startswith(("in_transit", "suspense")))
    assert await payments.violations() == {}


@pytest.mark.parametrize(
    "switches",
    [
        OFF,
        Switches(duplicate=True),
        Switches(wrong_file=True),
        Switches(late_return_per_10_000=_HALF),
        Switches(duplicate=True, wrong_file=True, late_return_per_10_000=_HALF),
    ],
    ids=["well", "duplicate", "wrong file", "late return", "all"],
)
async def test_their_books_are_our_ledger(payments: Payments, switches: Switches) -> None:
    partners = Partners(switches)
    await partners.answer(payments)
    bank_books = partners.books[BANK]
    assert 0 < bank_books.settled.payments < 8
    came_back = any(report.name == "back" for report in bank_books.reports)
    assert came_back == (switches.late_return_per_10_000 > 0)
    refused = await payments.look.fetchval("select count(*) from partner_report where status = 'refused'")
    assert refused == (2 if switches.wrong_file else 0)
    # What is told again adds nothing and waits for nobody.
    assert await waiting(payments) == []
    await agree(payments, partners, "2024-02-05")


async def test_a_file_that_is_rejected_comes_back_whole(payments: Payments) -> None:
    partners = Partners(Switches(reject=True))
    await partners.answer(payments)
    assert partners.books[BANK].settled == Sums()
    await agree(payments, partners, "2024-02-05")


async def test_what_was_paid_in_silence_is_asked_about_and_told(
    payments: Payments, database: ServiceDatabase, keys: dict[str, str]
) -> None:
    partners = Partners(Switches(silent_per_10_000=_HALF, late_return_per_10_000=_HALF))
    await partners.answer(payments)
    assert (await balances(payments))[f"in_transit:{BANK}"] > 0
    terms = {"ANSINH_BUSINESS_DATE": LATER, "ANSINH_SILENT_DAYS_POST": "3"}
    later = await open_payments(database, **keys | terms)
    try:
        await later.work()
        unknown = await later.look.fetchval("select count(*) from instruction where status = 'unknown'")
        assert unknown > 0
        await partners.answer(later)
        assert await later.files(BANK, status="ready") == []
        await agree(later, partners, LATER)
    finally:
        await close_payments(later)


async def test_what_came_back_for_nobody_is_found_by_two_people(payments: Payments) -> None:
    """The bank's return with its reference lost: the books agree once it is attributed."""
    partners = Partners(Switches(late_return_per_10_000=_HALF))
    [file] = await payments.files(BANK)
    file_id = file["payment_file_id"]
    made = bank.answer(await payments.content(file_id), file_id, BANK, ODDS, partners.switches)
    partners.books[BANK] = made
    lost: dict[int, str] = {}
    for report in made.reports:
        content = report.content
        if report.name == "back":
            for part in content.split(b"<TxDtls>")[1:]:
                reference = part.split(b"<EndToEndId>")[1].split(b"</EndToEndId>")[0]
                amount = int(part.split(b'<Amt Ccy="VND">')[1].split(b"<")[0])
                lost[amount] = reference.decode()
                content = content.replace(reference, b"LOST")
        await payments.hand_in(file_id, content)
    await payments.work()
    lines = await waiting(payments, held="true")
    assert len(lines) == len(lost) > 0
    for line in lines:
        done = await resolved(
            payments, line, resolution="attributed", instruction_id=lost[line["amount_dong"]]
        )
        assert done["status"] == "attributed"
    await payments.answered(ODDS, (POST,))
    shown = await balances(payments)
    assert shown[f"suspense:{BANK}"] == shown[f"in_transit:{BANK}"] == 0
    assert await payments.violations() == {}


def test_switches_are_read_from_a_line_and_wrong_ones_refused() -> None:
    assert read_switches("") == OFF
    assert read_switches("duplicate, silent_per_10_000=500,delay_seconds=0.5") == Switches(
        duplicate=True, silent_per_10_000=500, delay_seconds=0.5
    )
    for wrong in ("lazy", "silent_per_10_000=many"):
        with pytest.raises(ValueError, match=r"lazy|many"):
            read_switches(wrong)
