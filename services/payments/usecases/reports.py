"""A partner's report is stored whole first; a worker reads it and reconciles it line by line, in sets."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import new_id, read, show
from services.payments.domain.files import BY_ACCOUNT
from services.payments.domain.instructions import AWAITED, RETURNED
from services.payments.domain.matching import Sent, Told, match
from services.payments.domain.partner_lines import ReadReport, ReportKind, ReportLine, one_line
from services.payments.usecases.ports import (
    ReceivedReport,
    ReportInbox,
    ReportReader,
    ReportWork,
    ReportWorks,
    WaitingReport,
)

_REFERENCE_CHARACTERS_MAX = 35
_AMOUNT_MAX = 2**63 - 1
#: The keyed hash of an account or a name.
PayeeIndex = Callable[[str], bytes]


class ReceiveReport:
    """The same content for the same file twice is one report."""

    def __init__(self, inbox: ReportInbox) -> None:
        self._inbox = inbox

    async def __call__(
        self,
        file_id: UUID,
        content: bytes,
        sub: str,
        territory: str | None,
        agency: str,
        signature: str | None = None,
    ) -> UUID:
        """The report's id. Refusal `not_found` when the territory has no such file of that agency."""
        received = await _received(file_id, content, signature)
        known = await self._inbox.store(received, territory, agency, sub)
        if known is None:
            raise Refusal(
                "not_found",
                "Không tìm thấy tệp chi trả này trong các tệp đã giao cho đơn vị.",
                "No such payment file among those handed to this agency.",
            )
        return known

    async def statement(
        self,
        province_code: str,
        content: bytes,
        sub: str,
        territory: str | None,
        agency: str,
        signature: str | None = None,
    ) -> UUID:
        """A day's statement of the agency's account of that province. Refusal `not_permitted`."""
        if territory not in (None, province_code):
            raise Refusal(
                "not_permitted",
                "Tài khoản này chỉ gửi được sao kê của tỉnh mình.",
                "This account may hand in statements of its own province only.",
            )
        return await self._inbox.store_statement(
            await _received(None, content, signature), territory, province_code, agency, sub
        )


async def _received(file_id: UUID | None, content: bytes, signature: str | None) -> ReceivedReport:
    packed = await asyncio.to_thread(gzip.compress, content, 1, mtime=0)
    return ReceivedReport(new_id(), file_id, packed, hashlib.sha256(content).hexdigest(), signature)


class TakeReports:
    """The worker that reconciles. A report is called, then taken, each in one transaction."""

    def __init__(
        self, works: ReportWorks, reader: ReportReader, payee_index: PayeeIndex, clock: Clock
    ) -> None:
        self._works = works
        self._reader = reader
        self._payee_index = payee_index
        self._clock = clock

    async def step(self) -> bool:
        """One report; False when none waits."""
        async with self._works() as work:
            called = await work.call()
        if called is None:
            return False
        async with self._works() as work:
            report = await work.claim(called)
            if report is None:
                # Somebody else's, or its turn is after one that is being taken: look elsewhere in a moment.
                await work.pass_over(called)
                return False
            try:
                found = await asyncio.to_thread(self._read, report)
            except Refusal as refusal:
                await work.refuse(report.report_id, refusal.message_vi, refusal.message_en)
                return True
            await self._take(work, report, found)
        return True

    async def _take(self, work: ReportWork, report: WaitingReport, found: ReadReport) -> None:
        sent = await work.sent(report.file_id)
        if found.file_rejected_reason is not None:
            lines, references = all_returned(sent, found.file_rejected_reason)
        else:
            lines = await asyncio.to_thread(told_lines, found.lines, report.kind, self._payee_index)
            references = references_of(found.lines)
        today = self._clock.business_date()
        matched, suspended = match(lines, sent, report.execute_on, today)
        await work.take(report, str(found.kind), matched, suspended, references, today)
        await work.finish_answered_run(report.run_id, self._clock.recorded_at())

    def _read(self, report: WaitingReport) -> ReadReport:
        found = self._reader(gzip.decompress(report.content))
        require_answer(found, report.file_id, report.payments, report.amount_dong)
        return found


def require_answer(found: ReadReport, file_id: UUID, payments: int, amount_dong: int) -> None:
    """Refusal `report_unreadable` for a report that says it answers another file, or counts it otherwise.

    A day's statement answers no single file.
    """
    if found.kind is ReportKind.CAMT_053:
        raise Refusal(
            "report_unreadable",
            "Sao kê ngày nói về nhiều tệp. Hãy gửi không kèm mã tệp, nhưng kèm mã tỉnh.",
            "A day's statement tells of many files. Send it without a file's id, with the province's code.",
        )
    if found.original_message_id not in (None, show("fil", file_id)):
        raise Refusal(
            "report_unreadable",
            "Báo cáo nói về một tệp khác. Hãy gửi nó kèm đúng mã tệp.",
            "The report answers another file. Send it with that file's id.",
        )
    if found.original_instructions not in (None, payments) or found.original_sum_dong not in (
        None,
        amount_dong,
    ):
        raise Refusal(
            "report_unreadable",
            "Tổng số của tệp gốc ghi trong báo cáo khác với tệp đã giao.",
            "The report counts the original file otherwise than it was handed over.",
        )


def references_of(lines: Sequence[ReportLine]) -> dict[int, str]:
    """As the partner wrote them, by line number."""
    return {
        number: one_line(line.end_to_end_id, _REFERENCE_CHARACTERS_MAX)
        for number, line in enumerate(lines, 1)
    }


def told_lines(lines: Sequence[ReportLine], kind: str, payee_index: PayeeIndex) -> list[Told]:
    """What a report on a file of that kind says, in the form in which it is matched."""
    by_account = kind in BY_ACCOUNT
    return [
        Told(
            number=number,
            reference=_reference(line.end_to_end_id),
            outcome=str(line.status),
            amount=_storable(line.amount_dong),
            on=line.booked_on,
            payee_index=_index(line.payee_account if by_account else line.payee_name, payee_index),
            reason=one_line(line.reason_code, _REFERENCE_CHARACTERS_MAX) if line.reason_code else None,
        )
        for number, line in enumerate(lines, 1)
    ]


def _index(payee: str | None, payee_index: PayeeIndex) -> bytes | None:
    return payee_index(payee) if payee else None


def _reference(text: str) -> UUID | None:
    try:
        return read("pay", text)
    except ValueError:
        return None


def _storable(amount: int | None) -> int | None:
    """An amount that no payment can have is none: it differs from ours either way."""
    return amount if amount is not None and 0 <= amount <= _AMOUNT_MAX else None


def all_returned(sent: Mapping[UUID, Sent], reason: str) -> tuple[list[Told], dict[int, str]]:
    """A file that was rejected as a whole: a line for each of its payments that no report told of."""
    pending = sorted(reference for reference, one in sent.items() if one.status in AWAITED)
    lines = [
        Told(number, reference, RETURNED, sent[reference].amount, None, sent[reference].payee_index, reason)
        for number, reference in enumerate(pending, 1)
    ]
    return lines, {number: show("pay", reference) for number, reference in enumerate(pending, 1)}
