"""Before the first payment into an account its bank is asked whether the name that is stated is the holder's.

What it answers is kept with the version of the account, and decides nothing by itself: what does not match
holds the run, as anything odd does (run_checks.py). A bank that does not answer holds nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Outage, Refusal
from services.payments.usecases.partners import RequireSigned

#: Accounts of one question.
QUESTION_ACCOUNTS_MAX = 1_000
#: After so many questions in a row without an answer, lists go on without the bank.
ATTEMPTS_MAX = 3
_LEASE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Asked:
    """An account that a bank is asked about. Number and name stay out of `repr`, and so out of logs."""

    account_id: UUID
    version: int
    number: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """To one bank. `attempts`: questions since it last answered, this one included."""

    agency_code: str
    attempts: int
    accounts: Sequence[Asked]


@dataclass(frozen=True, slots=True)
class Said:
    """What a bank says of each account, by its place in the question; the same as it came and was signed."""

    outcomes: Mapping[int, str]
    content: bytes = field(repr=False)
    signature: str | None


class NameWork(Protocol):
    """One transaction between questions; none is open while a bank is asked."""

    async def queue(self, agencies: Sequence[str], at: datetime) -> bool:
        """What these banks are still to be asked for one list that is new; False when there is none."""

    async def claim(
        self, agencies: Sequence[str], accounts_max: int, at: datetime, until: datetime
    ) -> Question | None:
        """Of a bank that nobody asks meanwhile and that is not resting."""

    async def answered(self, question: Question, outcomes: Mapping[int, str], at: datetime, on: date) -> None:
        """`outcomes`: by the place in the question. `on`: the civil day of the answer."""

    async def unanswered(self, question: Question, rest_until: datetime) -> None: ...

    async def given_up(self, question: Question, at: datetime) -> None:
        """All that is queued for the bank has no answer."""


class NameWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[NameWork]: ...


class Banks(Protocol):
    async def whose(self, agency_code: str, accounts: Sequence[Asked]) -> Said:
        """Outage when the bank does not answer, or not all."""


class AskNames:
    """The worker. `pause_seconds`: before a bank that did not answer is asked again."""

    def __init__(
        self,
        works: NameWorks,
        banks: Banks,
        require_signed: RequireSigned,
        agencies: Sequence[str],
        clock: Clock,
        pause_seconds: float,
    ) -> None:
        self._works = works
        self._banks = banks
        self._require_signed = require_signed
        self._agencies = agencies
        self._clock = clock
        self._pause = timedelta(seconds=pause_seconds)

    async def step(self) -> bool:
        """A list and a question; False when there is neither."""
        if not self._agencies:
            return False
        now = self._clock.recorded_at()
        until = now + timedelta(seconds=_LEASE_SECONDS)
        async with self._works() as work:
            queued = await work.queue(self._agencies, now)
        async with self._works() as work:
            question = await work.claim(self._agencies, QUESTION_ACCOUNTS_MAX, now, until)
        if question is None:
            return queued
        try:
            said = await self._banks.whose(question.agency_code, question.accounts)
            await self._require_signed(question.agency_code, said.content, said.signature)
        except (Outage, Refusal):
            async with self._works() as work:
                if question.attempts < ATTEMPTS_MAX:
                    await work.unanswered(question, now + self._pause)
                else:
                    await work.given_up(question, now)
            return True
        async with self._works() as work:
            await work.answered(question, said.outcomes, now, self._clock.business_date())
        return True
