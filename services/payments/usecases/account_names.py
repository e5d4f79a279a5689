"""Before the first payment into an account its bank is asked whether the name that is stated is the holder's.

What it answers is kept with the version of the account, and decides nothing by itself: what does not match
holds the run, as anything odd does (run_checks.py). A bank that does not answer holds nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Outage, Refusal
from services.payments.domain.account_names import NO_ANSWER
from services.payments.usecases.partners import RequireSigned

#: Accounts of one question.
QUESTION_ACCOUNTS_MAX = 1_000
#: After so many questions without an answer the run goes on without it.
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
    """To one bank. `attempts`: times that these accounts were asked about, this one included."""

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

    async def claim(
        self, agencies: Sequence[str], accounts_max: int, at: datetime, until: datetime
    ) -> Question | None:
        """Accounts of one bank, in runs that are not checked yet, of which no answer is known."""

    async def answered(self, question: Question, outcomes: Mapping[int, str], at: datetime) -> None:
        """`outcomes`: by the place in the question."""

    async def unanswered(self, question: Question, rest_until: datetime) -> None: ...


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
        """One question; False when there is none to ask."""
        if not self._agencies:
            return False
        now = self._clock.recorded_at()
        until = now + timedelta(seconds=_LEASE_SECONDS)
        async with self._works() as work:
            question = await work.claim(self._agencies, QUESTION_ACCOUNTS_MAX, now, until)
        if question is None:
            return False
        try:
            said = await self._banks.whose(question.agency_code, question.accounts)
            await self._require_signed(question.agency_code, said.content, said.signature)
            outcomes = said.outcomes
        except (Outage, Refusal):
            if question.attempts < ATTEMPTS_MAX:
                async with self._works() as work:
                    await work.unanswered(question, now + self._pause)
                return True
            outcomes = dict.fromkeys(range(len(question.accounts)), NO_ANSWER)
        async with self._works() as work:
            await work.answered(question, outcomes, now)
        return True
