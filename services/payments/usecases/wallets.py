"""Wallet operators are called: batches are handed over, and asked about by our references.

Whoever has called once and has no answer does not know whether the operator has the batch, so it asks before
it hands the batch over again, and does so only where the operator says in its own name that it never took it.
All else that an operator says is a report, taken as any other.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Outage, Refusal
from libs.common.kernel.ids import show
from services.payments.domain.partner_lines import ReadReport
from services.payments.usecases.partners import RequireSigned
from services.payments.usecases.ports import ReportReader
from services.payments.usecases.reports import ReceiveReport

#: Longer than a call takes; a worker that is killed in one is followed by another after that time.
_LEASE_SECONDS = 120.0
_DOUBLINGS_MAX = 9


@dataclass(frozen=True, slots=True)
class Call:
    """A batch that is to be handed over, or asked about. `attempts`: calls since its operator last answered.

    `accepted`: the operator has it, as it said in answer or by a report. `awaited`: its payments that no
    report has told of.
    """

    file_id: UUID
    agency_code: str
    content: bytes
    attempts: int
    accepted: bool
    awaited: Sequence[UUID]


class WalletWork(Protocol):
    """One transaction between calls; none is open while an operator is called."""

    async def claim(self, agencies: Sequence[str], at: datetime, until: datetime) -> Call | None:
        """A batch that is not accepted, or of which payments are unknown; nobody else has it until then."""

    async def answered(self, file_id: UUID, at: datetime, rest_until: datetime) -> None:
        """Its operator has it. It is not asked about again before it rested."""

    async def unanswered(self, call: Call, rest_until: datetime, fault: str) -> None:
        """It is called again then. What was wrong is told to who runs the platform."""


class WalletWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[WalletWork]: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What an operator says, and the signature that came with it. `taken`: it took the batch."""

    content: bytes
    signature: str | None
    taken: bool = True


class Operators(Protocol):
    """Wallet operators over the network. Outage when there is no answer, or none that is one."""

    async def hand_over(self, agency_code: str, batch_id: UUID, batch: bytes) -> Told:
        """What the operator says of its payments. The same batch twice is one."""

    async def ask(self, agency_code: str, batch_id: UUID, payments: Sequence[UUID]) -> Told:
        """The same of those payments, or that it never took the batch."""


class CallWallets:
    """The worker. `pause_seconds`: after the first call without an answer; doubled with each one after it."""

    def __init__(
        self,
        works: WalletWorks,
        operators: Operators,
        require_signed: RequireSigned,
        reader: ReportReader,
        receive: ReceiveReport,
        agencies: Sequence[str],
        clock: Clock,
        pause_seconds: float,
    ) -> None:
        self._works = works
        self._operators = operators
        self._require_signed = require_signed
        self._reader = reader
        self._receive = receive
        self._agencies = agencies
        self._clock = clock
        self._pause_seconds = pause_seconds

    async def step(self) -> bool:
        """One call; False when none is due."""
        if not self._agencies:
            return False
        now = self._clock.recorded_at()
        async with self._works() as work:
            call = await work.claim(self._agencies, now, now + timedelta(seconds=_LEASE_SECONDS))
        if call is None:
            return False
        rest_until = now + timedelta(seconds=self._pause_seconds * 2 ** min(call.attempts, _DOUBLINGS_MAX))
        try:
            told = await self._called(call)
            found = self._reader(told.content)
            _require_answer(call, found)
        except (Outage, Refusal) as error:
            async with self._works() as work:
                await work.unanswered(call, rest_until, _fault(error))
            return True
        if found.lines or found.file_rejected_reason:
            sub = f"wallet:{call.agency_code}"
            await self._receive(call.file_id, told.content, sub, None, call.agency_code, told.signature)
        async with self._works() as work:
            await work.answered(call.file_id, now, rest_until if call.accepted else now)
        return True

    async def _called(self, call: Call) -> Told:
        if call.accepted or call.attempts:
            told = await self._operators.ask(call.agency_code, call.file_id, call.awaited)
            await self._require_signed(call.agency_code, told.content, told.signature)
            if told.taken:
                return told
            if call.accepted:
                # It had the batch and may have paid: that is for people to find out, never to be sent anew.
                raise Outage("the wallet operator has lost a batch")
        told = await self._operators.hand_over(call.agency_code, call.file_id, call.content)
        await self._require_signed(call.agency_code, told.content, told.signature)
        return told


def _fault(error: Outage | Refusal) -> str:
    return error.code if isinstance(error, Refusal) else str(error)


def _require_answer(call: Call, found: ReadReport) -> None:
    """Outage for what is said of another batch."""
    if found.original_message_id != show("fil", call.file_id):
        raise Outage("the wallet operator answered about another batch")
