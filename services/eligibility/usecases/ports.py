"""What the use cases need of the outside, as the store and wiring provide it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Basis, Decision, Standing, Terms
from services.eligibility.domain.foreign_lists import ForeignDecision
from services.eligibility.domain.history import FactsVersion
from services.eligibility.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Application:
    """One that nobody has decided yet, and what it asks for."""

    case_id: UUID
    programmes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A person to be determined: facts in versions 1 to `facts_version`, the chained hash over them."""

    person_id: UUID
    versions: tuple[FactsVersion, ...]
    facts_version: int
    chain: bytes
    #: The facility whose state-paid resident the person is in the month.
    facility_id: UUID | None
    standing: Mapping[str, Standing]
    #: Programmes that are suspended or stopped in the month: no determination grants or refuses them.
    held: frozenset[str] = frozenset()
    applications: Sequence[Application] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision and what it rests on."""

    decision: Decision
    basis: Basis


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A person for whom policy/ does not hold the law of the month."""

    person_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a determination has found of an open application: the decision that stands and says the same
    already, so that nothing changes; None where a proposal answers it, or nothing does yet."""

    case_id: UUID
    unchanged: UUID | None
    found_on: date
    basis: Basis


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some people: new decisions, people without one, how many are granted or refused, and
    what became of their applications."""

    recorded: Sequence[Recorded]
    undetermined: Sequence[Undetermined]
    granted: int
    refused: int
    findings: Sequence[Finding] = ()


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


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as a reader sees it (`shown`), and as it can be made again: all its terms, the basis and
    every version of the person's facts. `receipt` is the text of one made before bases were kept."""

    shown: Mapping[str, Any]
    programme: str
    terms: Terms
    decided_on: date
    basis: Basis | None
    versions: tuple[FactsVersion, ...]
    receipt: Mapping[str, Any] | None
    #: A suspension or a stop holds the programme back, whatever the law would grant.
    held_back: bool = False
    #: The row of another authority's list that it rests on: nothing was decided here.
    elsewhere: ForeignDecision | None = None


class Policies(Protocol):
    async def of_hash(self, policy_hash: str) -> Policy:
        """A policy that decided something, as it was."""


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

    async def one(self, territory: str | None, decision_id: UUID) -> Decided | None:
        """A decision, with what its receipt is made of."""

    async def unchanged(self, territory: str | None, case_id: UUID) -> Decided | None:
        """The decision that an application leaves as it is, on the basis on which that was found."""

    async def progress(self, month: Month) -> Mapping[str, int | bool]:
        """Counts of a month's determination."""
