"""Find who seems entitled next month and has neither decision nor application, and whose age changes it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.age_edges import ages
from services.eligibility.domain.ages import earliest_birth, latest_birth
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE, SOCIAL_PENSION
from services.eligibility.domain.history import FactsVersion, facts_at
from services.eligibility.domain.monthly import read_facts

_PERSONS_MAX = 5_000
_ALL = frozenset({MONTHLY_ALLOWANCE, SOCIAL_PENSION})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who neither receives nor has applied, with facts in versions 1 to `facts_version`."""

    person_id: UUID
    versions: tuple[FactsVersion, ...]
    facts_version: int
    in_facility: bool


@dataclass(frozen=True, slots=True)
class Round:
    """The candidates among some people of a shard, up to `after`; its last when `last`."""

    shard: int
    month: Month
    people: Sequence[Candidate]
    after: UUID
    last: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Entitled in the month by the facts, if only there were an application."""

    person_id: UUID
    programme: str
    amount: int
    place: Place


class CoverageWork(Protocol):
    async def claim(self, today: date, month: Month, persons_max: int) -> Round | None: ...
    async def record(self, found: Round, gaps: Sequence[Gap]) -> None: ...
    async def count(self, found: Round, edges: Sequence[tuple[int, date, date]]) -> None: ...


class CoverageWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[CoverageWork]: ...


class Cover:
    """A round a day, and one after each month's determination; a chunk of people a transaction."""

    def __init__(self, engine: Engine, works: CoverageWorks, clock: Clock) -> None:
        self._engine = engine
        self._works = works
        self._clock = clock

    async def step(self) -> bool:
        """True when a chunk was looked at."""
        today = self._clock.business_date()
        async with self._works() as work:
            found = await work.claim(today, Month.of(today) + 1, _PERSONS_MAX)
            if found is None:
                return False
            # Of thousands it takes seconds: requests are answered meanwhile.
            await work.record(found, await asyncio.to_thread(self._all_gaps, found))
            if found.last:
                await work.count(found, self._edges(found.month))
        return True

    def _all_gaps(self, found: Round) -> list[Gap]:
        return [gap for one in found.people for gap in self._gaps(one, found.month)]

    def _gaps(self, one: Candidate, month: Month) -> Iterator[Gap]:
        """As if everything had been applied for and were signed today."""
        state = facts_at(one.versions, month, one.facts_version)
        place = state.place
        try:
            facts = replace(
                read_facts(state.case),
                applied_for=_ALL,
                already_receiving=False,
                in_facility=one.in_facility,
                application_received_on=None,
                decision_signed_on=self._clock.business_date(),
            )
            found = self._engine.determine(facts, month, place.province_code, place.former_province_code)
        except Refusal:
            return
        amounts: dict[str, int] = {}
        for award in found.awards:
            amounts[award.programme] = amounts.get(award.programme, 0) + award.amount
        for programme, amount in amounts.items():
            yield Gap(one.person_id, programme, amount, place)

    def _edges(self, month: Month) -> list[tuple[int, date, date]]:
        """Each age at which the month's law changes something, with the days of birth that reach it then."""
        return [
            (years, earliest_birth(month.first_day, years), latest_birth(month, years))
            for years in sorted(ages(self._engine.policy, month))
        ]
