"""A month's bank statements taken in and reconciled by workers, beside a bare load of their lines.

Each bank states for each province what it paid, file by file, and what came back: camt.053, with two in a
hundred returned. What is timed goes from the first statement handed in to the last line booked: read by the
schema, matched on reference, amount, payee and date, payments moved on, ledger and totals, the changes that
are to be told. The database is durable, as `make up` has it.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import uvloop

from benchmarks import bare
from benchmarks.bench import Line, Side, Target
from libs.common.kernel.ids import show
from services.payments import wiring
from services.payments.domain.runs import BUILT, INSTRUCTED, INSTRUCTING
from services.payments.settings import PaymentsSettings
from simulators.bank.incoming import Order, Transfer
from simulators.bank.messages import credit_notification, notification
from tests.support.broker import test_broker
from tests.support.payroll import MONTHS, Payroll, account_numbers, payroll
from tests.support.postgres import test_cluster

_SIZE, _SIZE_QUICK = 1_000_000, 20_000
_PROVINCES, _WORKERS = 34, 2
_DAY = "2024-02-05"
_RETURNED_EACH = 50
_SECONDS_MAX = 1_800.0
_CAMT_053 = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_OPENING = 10**15
#: What a report adds; and what it changes so much that it is written anew for each round.
_ADDED = "partner_report, report_line, suspense, payment_change, outbox, outbox_pending"
_REWRITTEN = ("instruction", "ledger_transfer", "ledger_balance")
_CHANGED = (
    f"update run set status = '{INSTRUCTED}', reconciled_at = null",
    "update payment_file set status = 'ready', pending = payments, content = '', content_sha256 = ''",
    "update run_total set settled_dong = 0, returned_dong = 0",
    "update instruction_line set returned = false where returned",
)
_PAYMENTS = """
    select i.province_code, i.agency_code, i.file_id, i.instruction_id, i.amount_dong,
           coalesce(p.payee_index, f.payee_index) as payee_index
    from instruction i
    left join payout_account p on p.person_id = i.account_id and p.version = i.account_version
    left join facility_account f on f.facility_id = i.account_id and f.version = i.account_version
    order by i.agency_code, i.province_code, i.file_id, i.instruction_id
"""


def lines(quick: bool) -> Iterator[Line]:
    with _instructed(_SIZE_QUICK if quick else _SIZE) as made:
        yield Line(
            f"{made.size:,} statement lines reconciled",
            "lines",
            made.size,
            Side(
                f"{_WORKERS} workers: camt.053 kept encrypted, read by its schema, each line matched on "
                "reference, amount, payee and date, payments, lines, totals, ledger, changes to be told",
                made.reconciled,
            ),
            Side(
                f"{_WORKERS} connections: binary COPY of the kept lines into a bare table, then its indexes",
                made.loaded,
            ),
            Target(rate_min=_SIZE / 60),
        )


def peers() -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Statement:
    """Of one bank and province; `path` holds it."""

    agency_code: str
    province_code: str
    path: Path


@dataclass
class Instructed:
    """A nation that waits for what its banks say, and workers that wait with it."""

    month: Payroll
    size: int
    statements: Sequence[Statement]
    loop: asyncio.AbstractEventLoop

    def reconciled(self) -> float:
        return self.loop.run_until_complete(self._reconciled())

    def loaded(self) -> float:
        month = self.month
        return self.loop.run_until_complete(
            bare.loaded(
                month.look,
                month.place.url_superuser,
                month.folder,
                {"report_line": "instruction_id"},
                _WORKERS,
            )
        )

    async def _reconciled(self) -> float:
        look, receive = self.month.look, self.month.made.doors.receive_report
        await _restore(look)
        began = time.perf_counter()
        for one in self.statements:
            content = one.path.read_bytes()
            await receive.statement(one.province_code, content, "bank", None, one.agency_code)
        while left := await look.fetchval("select count(*) from partner_report where status = 'received'"):
            assert time.perf_counter() < began + _SECONDS_MAX, f"{left} statements wait"
            await asyncio.sleep(0.05)
        seconds = time.perf_counter() - began
        matched = await look.fetchval("select count(*) from report_line where posting is not null")
        assert matched == self.size, f"{matched} lines of {self.size} are matched"
        return seconds


async def _restore(look: bare.Connection) -> None:
    """As it was when nothing but the instructions was out."""
    # No trigger: nothing of it is a change of a payment.
    await look.execute("set session_replication_role = replica")
    await look.execute(f"truncate {_ADDED} cascade")
    for statement in _CHANGED:
        await look.execute(statement)
    for table in _REWRITTEN:
        await look.execute(f"create table if not exists saved_{table} as table {table}")
        await look.execute(f"truncate {table}")
        await look.execute(f"insert into {table} table saved_{table}")
    await look.execute("set session_replication_role = origin")
    await look.execute("vacuum analyze")
    await look.execute("checkpoint")


def _statement(province_code: str, entries: Sequence[bytes], moved: int) -> bytes:
    def balance(kind: str, amount: int) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='VND'>{amount}</Amt>"
            f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{_DAY}</Dt></Dt></Bal>"
        )

    head = (
        f'<Document xmlns="{_CAMT_053}"><BkToCstmrStmt><GrpHdr><MsgId>S1</MsgId>'
        f"<CreDtTm>{_DAY}T20:00:00+07:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
        f"<Acct><Id><Othr><Id>TGXH{province_code}</Id></Othr></Id></Acct>"
        f"{balance('OPBD', _OPENING)}{balance('CLBD', _OPENING + moved)}"
    )
    return head.encode() + b"".join(entries) + b"</Stmt></BkToCstmrStmt></Document>"


async def _statements(month: Payroll, people: int) -> tuple[int, list[Statement]]:
    """How many payments they tell, and each bank's for each province, bank after bank."""
    numbers = account_numbers(month, people)
    told: dict[tuple[str, str], dict[UUID, list[Transfer]]] = {}
    size = 0
    async with month.look.transaction():
        async for row in month.look.cursor(_PAYMENTS, prefetch=10_000):
            transfer = Transfer(
                show("pay", row["instruction_id"]),
                row["amount_dong"],
                "NGUYEN THU",
                numbers[row["payee_index"]],
            )
            files = told.setdefault((row["agency_code"], row["province_code"]), {})
            files.setdefault(row["file_id"], []).append(transfer)
            size += 1
    made = []
    for (agency_code, province_code), files in told.items():
        entries, moved = [], 0
        for file_id, transfers in files.items():
            order = Order(message_id=show("fil", file_id), execution_date=_DAY, transfers=transfers)
            back = transfers[::_RETURNED_EACH]
            paid = [one for number, one in enumerate(transfers) if number % _RETURNED_EACH]
            for content in (
                notification(order, agency_code, paid),
                credit_notification(order, agency_code, back),
            ):
                entries += re.findall(rb"<Ntry>.*</Ntry>", content, re.DOTALL)
            moved += sum(one.dong for one in back) - sum(one.dong for one in paid)
        path = month.folder / f"{agency_code}-{province_code}.xml"
        path.write_bytes(_statement(province_code, entries, moved))
        made.append(Statement(agency_code, province_code, path))
    return size, made


@contextmanager
def _instructed(people: int) -> Iterator[Instructed]:
    loop = asyncio.new_event_loop()
    with test_cluster({}) as cluster, test_broker() as broker, ExitStack() as workers:
        asynchronous = AsyncExitStack()
        month = loop.run_until_complete(
            asynchronous.enter_async_context(payroll(cluster, broker, people, _PROVINCES, True))
        )
        with ExitStack() as builders:
            for number in range(_WORKERS):
                builders.enter_context(month.worker(f"builder-{number}", "benchmarks.payroll"))
            loop.run_until_complete(_booked(month))
        size, statements = loop.run_until_complete(_statements(month, people))
        for number in range(_WORKERS):
            workers.enter_context(month.worker(f"taker-{number}", "benchmarks.reconciliation"))
        try:
            yield Instructed(month, size, statements, loop)
        finally:
            loop.run_until_complete(asynchronous.aclose())
            loop.close()


async def _booked(month: Payroll) -> None:
    async with month.telling():
        ordered = await month.order(MONTHS[0])
        await month.until(ordered, BUILT)
        await month.approve(ordered)
        await month.until(ordered, INSTRUCTING)


async def _take_statements() -> None:
    made = wiring.parts(PaymentsSettings.from_environment("payments"))
    await made.database.open()
    await next(worker for worker in made.workers if worker.name == "statement taker").run()


if __name__ == "__main__":
    # A worker that takes statements and does nothing else.
    uvloop.run(_take_statements())
