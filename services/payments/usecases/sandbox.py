"""A partner tries out its side: made-up files, its own reports on them, and the events that follow.

The files are written, and the reports read and matched, by what does it with real ones.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import derived_id, new_id, show
from libs.common.kernel.months import Month
from services.payments.domain.files import BY_ACCOUNT, PAIN_001, POST_LIST, WALLET_BATCH
from services.payments.domain.instructions import BANK_ACCOUNT, E_WALLET
from services.payments.domain.matching import Matched, Sent, Suspended, match
from services.payments.domain.partner_lines import FileHeader, PaymentOrder
from services.payments.domain.partners import is_sandbox
from services.payments.usecases.partners import PartnerRegister
from services.payments.usecases.ports import FileWriter, ReportReader
from services.payments.usecases.reports import PayeeIndex, all_returned, require_answer, told_lines

PAYMENTS_MAX = 100
#: Files that a partner keeps; older ones go.
FILES_MAX = 20
#: Files that a partner makes in an hour: what is told of them stays for good.
FILES_HOUR_MAX = 60
_COMMUNE = "00001"


@dataclass(frozen=True, slots=True)
class SandboxFile:
    """A made-up file. `amounts`: đồng, by number from 1 on."""

    file_id: UUID
    agency_code: str
    kind: str
    month: Month
    execute_on: date
    made_at: datetime
    amounts: Sequence[int]

    def instruction_id(self, number: int) -> UUID:
        return derived_id("sandbox payment", show("fil", self.file_id), str(number))


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What became of a report's lines."""

    matched: Sequence[Matched]
    suspended: Sequence[Suspended]


class Sandboxes(Protocol):
    """Made-up files of partners; store/ provides it."""

    async def add(self, file: SandboxFile, run_id: UUID, files_max: int) -> None: ...

    async def made_since(self, agency_code: str, at: datetime) -> int:
        """How many, those that went since among them."""

    async def one(self, agency_code: str, file_id: UUID) -> SandboxFile | None: ...

    async def statuses(self, file_id: UUID) -> Mapping[UUID, str]: ...

    async def move(self, file_id: UUID, matched: Sequence[Matched], on: date) -> None:
        """Each payment to the status that the last line told; one that moved meanwhile stays."""


class Sandbox:
    """The verbs of a sandbox partner."""

    def __init__(
        self,
        sandboxes: Sandboxes,
        register: PartnerRegister,
        writers: Mapping[str, FileWriter],
        reader: ReportReader,
        payee_index: PayeeIndex,
        clock: Clock,
    ) -> None:
        self._sandboxes = sandboxes
        self._register = register
        self._writers = writers
        self._reader = reader
        self._payee_index = payee_index
        self._clock = clock

    async def make(self, agency_code: str, payments: int) -> SandboxFile:
        """A file of that many payments, instructed. Refusal `not_a_sandbox` unless registered as one,
        `too_many_requests` beyond FILES_HOUR_MAX."""
        entry = await self._register.in_force(agency_code) if is_sandbox(agency_code) else None
        if entry is None:
            raise Refusal(
                "not_a_sandbox",
                "Chỉ đối tác thử nghiệm (mã SBX…) đã được duyệt mới dùng được khu thử nghiệm.",
                "Only a registered sandbox partner (a code SBX...) may use the sandbox.",
            )
        an_hour_ago = self._clock.recorded_at() - timedelta(hours=1)
        if await self._sandboxes.made_since(agency_code, an_hour_ago) >= FILES_HOUR_MAX:
            raise Refusal(
                "too_many_requests",
                f"Mỗi giờ chỉ tạo được {FILES_HOUR_MAX} tệp thử nghiệm. Hãy chờ rồi thử lại.",
                f"{FILES_HOUR_MAX} sandbox files can be made in an hour. Wait, then try again.",
            )
        today = self._clock.business_date()
        file = SandboxFile(
            file_id=new_id(),
            agency_code=agency_code,
            kind=_kind_of(entry.channels),
            month=Month.of(today),
            execute_on=today,
            made_at=self._clock.recorded_at(),
            amounts=[100_000 * number for number in range(1, payments + 1)],
        )
        await self._sandboxes.add(file, derived_id("sandbox run", show("fil", file.file_id)), FILES_MAX)
        return file

    async def content(self, agency_code: str, file_id: UUID) -> tuple[SandboxFile, bytes]:
        """The file as a real one is written; Refusal `not_found`."""
        file = await self._known(agency_code, file_id)
        return file, await asyncio.to_thread(self._written, file)

    async def report(self, agency_code: str, file_id: UUID, content: bytes) -> SandboxReport:
        """Matched at once. Refusal `report_unreadable`, `not_found`."""
        file = await self._known(agency_code, file_id)
        read = await asyncio.to_thread(self._reader, content)
        require_answer(read, file_id, len(file.amounts), sum(file.amounts))
        statuses = await self._sandboxes.statuses(file_id)
        sent = {
            order.instruction_id: Sent(
                statuses[order.instruction_id],
                order.amount_dong,
                self._payee_index(order.account_number or order.payee_name),
            )
            for order in _orders(file)
        }
        if read.file_rejected_reason is not None:
            lines, _ = all_returned(sent, read.file_rejected_reason)
        else:
            lines = told_lines(read.lines, file.kind, self._payee_index)
        today = self._clock.business_date()
        matched, suspended = match(lines, sent, file.execute_on, today)
        await self._sandboxes.move(file_id, matched, today)
        return SandboxReport(matched, suspended)

    async def _known(self, agency_code: str, file_id: UUID) -> SandboxFile:
        file = await self._sandboxes.one(agency_code, file_id)
        if file is None:
            raise Refusal("not_found", "Không tìm thấy tệp thử nghiệm này.", "No such sandbox file.")
        return file

    def _written(self, file: SandboxFile) -> bytes:
        header = FileHeader(
            file_id=file.file_id,
            agency_code=file.agency_code,
            created_at=file.made_at,
            execution_date=file.execute_on,
            instructions=len(file.amounts),
            control_sum_dong=sum(file.amounts),
            debtor_name="Thu nghiem",
            debtor_account="THUNGHIEM",
            debtor_agency_code=file.agency_code,
            commune_code="" if file.kind in BY_ACCOUNT else _COMMUNE,
        )
        target = BytesIO()
        self._writers[file.kind](target, header, _orders(file))
        return target.getvalue()


def _kind_of(channels: Collection[str]) -> str:
    if BANK_ACCOUNT in channels:
        return PAIN_001
    return WALLET_BATCH if E_WALLET in channels else POST_LIST


def _orders(file: SandboxFile) -> list[PaymentOrder]:
    """Payees who are obviously nobody."""
    in_cash = file.kind not in BY_ACCOUNT
    return [
        PaymentOrder(
            instruction_id=file.instruction_id(number),
            amount_dong=amount,
            payee_name=f"NGUOI NHAN THU {number}",
            account_number="" if in_cash else f"0000{number:08d}",
            account_name="" if in_cash else f"NGUOI NHAN THU {number}",
            agency_code=file.agency_code,
            execution_date=file.execute_on,
            remittance="Thu nghiem",
            personal_id=f"{number:012d}" if in_cash else "",
            commune_code=_COMMUNE if in_cash else "",
        )
        for number, amount in enumerate(file.amounts, 1)
    ]
