"""A bank's day statement: its lines are taken as reports on the files whose payments they name."""

import asyncio
import gzip
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from services.payments.domain.files import PAIN_001
from services.payments.domain.matching import UNKNOWN_REFERENCE, Sent, Suspended, match
from services.payments.domain.partner_lines import ReadReport, ReportKind
from services.payments.usecases.ports import ReportReader, ReportWork, WaitingReport
from services.payments.usecases.reports import PayeeIndex, references_of, told_lines


@dataclass(frozen=True, slots=True)
class WaitingStatement:
    """A statement as it came in: of one bank's account of one province."""

    report_id: UUID
    agency_code: str
    province_code: str
    content: bytes


class StatementWork(ReportWork, Protocol):
    """One transaction of taking a statement."""

    async def call_statement(self) -> UUID | None:
        """As `call`, for statements."""

    async def claim_statement(self, report_id: UUID) -> WaitingStatement | None: ...

    async def fund_accounts(self, province_code: str) -> Collection[str]:
        """The numbers of accounts that its funds, and the nation's, are paid from."""

    async def answered_files(
        self, statement: WaitingStatement, references: Sequence[UUID]
    ) -> Sequence[tuple[WaitingReport, Mapping[UUID, Sent]]]:
        """The files of these payments, held, each with a report of its own on those that are named."""

    async def take_rest(
        self,
        statement: WaitingStatement,
        suspended: Sequence[Suspended],
        references: Mapping[int, str],
        on: date,
    ) -> None:
        """What names no payment of that bank and province; the statement is taken."""


class StatementWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[StatementWork]: ...


class TakeStatements:
    """The worker. `account_of`: the number of a province's one account, where a fund has none of its own."""

    def __init__(
        self,
        works: StatementWorks,
        reader: ReportReader,
        payee_index: PayeeIndex,
        account_of: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._works = works
        self._reader = reader
        self._payee_index = payee_index
        self._account_of = account_of
        self._clock = clock

    async def step(self) -> bool:
        """One statement; False when none waits."""
        async with self._works() as work:
            called = await work.call_statement()
        if called is None:
            return False
        async with self._works() as work:
            statement = await work.claim_statement(called)
            if statement is None:
                await work.pass_over(called)
                return False
            accounts = {
                self._account_of(statement.province_code),
                *await work.fund_accounts(statement.province_code),
            }
            try:
                found = await asyncio.to_thread(self._read, statement, accounts)
            except Refusal as refusal:
                await work.refuse(statement.report_id, refusal.message_vi, refusal.message_en)
                return True
            await self._take(work, statement, found)
        return True

    async def _take(self, work: StatementWork, statement: WaitingStatement, found: ReadReport) -> None:
        lines = await asyncio.to_thread(told_lines, found.lines, PAIN_001, self._payee_index)
        references = references_of(found.lines)
        today = self._clock.business_date()
        named = {line.reference for line in lines if line.reference}
        known, runs = set[UUID](), set[UUID]()
        for report, sent in await work.answered_files(statement, sorted(named)):
            known |= sent.keys()
            matched, suspended = match(
                [line for line in lines if line.reference in sent], sent, report.execute_on, today
            )
            await work.take(report, str(found.kind), matched, suspended, references, today)
            runs.add(report.run_id)
        rest = [Suspended(line, UNKNOWN_REFERENCE, None) for line in lines if line.reference not in known]
        await work.take_rest(statement, rest, references, today)
        # Last, in one order: who takes another report of these runs holds their files' totals until then.
        for run_id in sorted(runs):
            await work.finish_answered_run(run_id, self._clock.recorded_at())

    def _read(self, statement: WaitingStatement, accounts: Collection[str]) -> ReadReport:
        found = self._reader(gzip.decompress(statement.content))
        if found.kind is not ReportKind.CAMT_053:
            raise Refusal(
                "report_unreadable",
                "Chỉ sao kê ngày (camt.053) được gửi không kèm mã tệp.",
                "Only a day's statement (camt.053) is handed in without a file's id.",
            )
        if found.account not in accounts:
            raise Refusal(
                "report_unreadable",
                "Sao kê của một tài khoản không phải tài khoản chi trả của tỉnh hay của quỹ nào.",
                "The statement is of an account that is neither the province's nor any fund's.",
            )
        return found
