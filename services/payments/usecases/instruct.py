"""Approved runs are booked, then written to files for the paying agencies."""

import asyncio
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from libs.common.kernel.clock import Clock
from services.payments.domain import campaigns
from services.payments.domain.files import FILE_PAYMENTS_MAX
from services.payments.domain.partner_lines import FileHeader, PaymentOrder
from services.payments.usecases.ports import (
    FileWriter,
    InstructWorks,
    Payable,
    PlannedFile,
    WrittenFile,
)

CONTENT_CHANGED = "content_changed"
FUND_SHORT = "fund_short"
_GZIP_LEVEL = 1
_PROGRAMME_WORDS = {
    "monthly_allowance": "Tro cap xa hoi hang thang",
    "social_pension": "Tro cap huu tri xa hoi",
    "nurture_allowance": "Tro cap nuoi duong",
    "care_allowance": "Kinh phi cham soc",
    "own_care_allowance": "Kinh phi cham soc",
    **campaigns.PROGRAMMES,
}


@dataclass(frozen=True, slots=True)
class Payer:
    """From whom the money goes out: our account with each bank. `account` may hold `{province}`."""

    name: str
    account: str


class BookRuns:
    """The worker that books approved runs, each in one transaction."""

    def __init__(self, works: InstructWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def step(self) -> bool:
        """One run. Only the frozen, approved list is paid: a run whose content differs is stopped.

        One whose fund is short waits until that has enough.
        """
        async with self._works() as work:
            today = self._clock.business_date()
            run = await work.claim_approved(today)
            if run is None:
                return False
            if await work.content_hash(run.run_id) != run.content_hash:
                await work.stop(run.run_id, CONTENT_CHANGED)
            elif not await work.covered(run, today):
                await work.stop(run.run_id, FUND_SHORT)
            else:
                await work.book(run, today)
        return True


class WriteFiles:
    """The worker that writes files, one or some small ones a transaction, until each run has all of them."""

    def __init__(
        self, works: InstructWorks, writers: Mapping[str, FileWriter], payer: Payer, clock: Clock
    ) -> None:
        self._works = works
        self._writers = writers
        self._payer = payer
        self._clock = clock

    async def step(self) -> bool:
        now = self._clock.recorded_at()
        async with self._works() as work:
            planned = await work.claim_files(FILE_PAYMENTS_MAX)
            if not planned:
                return await work.finish_written_run(now)
            payables = await work.payables(planned)
            # Some seconds of CPU in all: requests are answered meanwhile.
            written = [
                await asyncio.to_thread(self._write, file, payables[file.file_id], now) for file in planned
            ]
            await work.written(written, now)
        return True

    def _write(self, file: PlannedFile, payables: Sequence[Payable], now: datetime) -> WrittenFile:
        header = FileHeader(
            file_id=file.file_id,
            agency_code=file.agency_code,
            created_at=now,
            execution_date=file.execute_on,
            instructions=file.payments,
            control_sum_dong=file.amount_dong,
            debtor_name=self._payer.name,
            debtor_account=file.account_number or self._payer.account.format(province=file.province_code),
            debtor_agency_code=file.agency_code,
            commune_code=file.commune_code,
        )
        target = BytesIO()
        self._writers[file.kind](target, header, (_order(one, file) for one in payables))
        content = target.getvalue()
        return WrittenFile(
            file_id=file.file_id,
            content=gzip.compress(content, _GZIP_LEVEL, mtime=0),
            sha256=hashlib.sha256(content).hexdigest(),
        )


def _order(payable: Payable, file: PlannedFile) -> PaymentOrder:
    secret = payable.account
    return PaymentOrder(
        instruction_id=payable.instruction_id,
        amount_dong=payable.amount_dong,
        payee_name=secret.payee_name,
        account_number=secret.account_number,
        account_name=secret.account_name,
        agency_code=payable.agency_code,
        execution_date=file.execute_on,
        remittance=f"{_PROGRAMME_WORDS[payable.programme]} {_months(payable)}",
        personal_id=secret.personal_id,
        commune_code=payable.commune_code,
    )


def _months(payable: Payable) -> str:
    """`01/2024` or `01/2024-02/2024`."""
    first, last = (f"{month.number:02d}/{month.year}" for month in (payable.months[0], payable.months[-1]))
    return first if first == last else f"{first}-{last}"
