"""What the use cases need of the outside, as the store and wiring provide it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel.ids import read
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Decision, Place, Standing


@dataclass(frozen=True, slots=True)
class Subject:
    """A person to be determined. `case`: person, household, dates, context in the shape of an assessment,
    and `carer`: relation and person_id."""

    person_id: UUID
    facts_version: int
    case: Mapping[str, Any]
    place: Place
    #: The facility whose state-paid resident the person is in the month.
    facility_id: UUID | None
    standing: Mapping[str, Standing]

    @property
    def carer_id(self) -> UUID | None:
        """Who is paid for the person's care."""
        return read("per", self.case["carer"]["person_id"]) if "carer" in self.case else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some people of one shard whose facts of `month` are complete; the shard's last when `last`."""

    month: Month
    shard: int
    subjects: Sequence[Subject]
    last: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision with its receipt (compressed JSON) and the policy it rests on."""

    decision: Decision
    facts_version: int
    policy_version: str
    policy_hash: str
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A person for whom policy/ does not hold the law of the month."""

    person_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a chunk: new decisions, people without one, and how many are granted or refused."""

    recorded: Sequence[Recorded]
    undetermined: Sequence[Undetermined]
    granted: int
    refused: int


class DeterminationWork(Protocol):
    """One transaction of determining."""

    async def claim(self, persons_max: int) -> Chunk | None:
        """The next people of a pending shard, held until the transaction ends."""

    async def record(self, chunk: Chunk, outcome: Outcome) -> None:
        """Decisions, their events and the chunk's progress."""


class DeterminationWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[DeterminationWork]: ...


@dataclass(frozen=True, slots=True)
class SignedDecision:
    decision_id: UUID
    person_id: UUID
    signed_on: date
    signed_by_sub: str


class SigningWork(Protocol):
    """One transaction of signing, in the signer's territory."""

    async def proposed(self, decision_ids: Sequence[UUID]) -> Mapping[UUID, tuple[UUID, str, date]]:
        """(person, status, decided_on) of each decision that the signer may see, locked."""

    async def sign(self, signed: Sequence[SignedDecision]) -> None:
        """The signatures and their events."""


class SigningWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[SigningWork]: ...


class DecisionReads(Protocol):
    """Decisions as a caller with `territory` may see them; rows carry the columns of a decision."""

    async def page(
        self,
        territory: str | None,
        person_id: UUID | None,
        status: str | None,
        after: UUID | None,
        limit: int,
    ) -> Sequence[Mapping[str, Any]]:
        """In the order of their ids, without receipts."""

    async def one(self, territory: str | None, decision_id: UUID) -> Mapping[str, Any] | None:
        """With `receipt`: facts, awards, every rule that was tried."""

    async def progress(self, month: Month) -> Mapping[str, int | bool]:
        """Counts of a month's determination."""
