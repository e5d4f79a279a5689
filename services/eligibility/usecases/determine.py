"""Decide each person whose facts of a month are complete, by the law of that month."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import (
    GRANTED,
    REFUSED,
    Decision,
    following,
    next_decision,
)
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE, NURTURE_ALLOWANCE, PersonFacts
from services.eligibility.domain.monthly import Answer, Known, ask, entitled
from services.eligibility.usecases.ports import (
    Chunk,
    DeterminationWorks,
    Outcome,
    Recorded,
    Subject,
    Undetermined,
)

_PERSONS_MAX = 1_000


class DetermineMonths:
    """Takes the next people whose month is complete, a chunk and a transaction at a time."""

    def __init__(self, engine: Engine, works: DeterminationWorks, clock: Clock) -> None:
        self._engine = engine
        self._works = works
        self._clock = clock

    async def step(self) -> bool:
        """True when a chunk was determined."""
        today = self._clock.business_date()
        async with self._works() as work:
            chunk = await work.claim(_PERSONS_MAX)
            if chunk is None:
                return False
            await work.record(chunk, self._determine_all(chunk, today))
        return True

    def _determine_all(self, chunk: Chunk, today: date) -> Outcome:
        recorded: list[Recorded] = []
        undetermined: list[Undetermined] = []
        granted = 0
        for subject in chunk.subjects:
            try:
                granted_one, decisions = self._determine(subject, chunk.month, today)
            except Refusal as outside:
                undetermined.append(Undetermined(subject.person_id, outside.code))
                continue
            granted += granted_one
            recorded += decisions
        refused = len(chunk.subjects) - granted - len(undetermined)
        return Outcome(recorded, undetermined, granted, refused)

    def _determine(self, subject: Subject, month: Month, today: date) -> tuple[bool, list[Recorded]]:
        """Whether the person has anything in the month, and what is decided anew."""
        known = Known(subject.versions, subject.facts_version, subject.chain, subject.facility_id, today)
        in_force = [name for name, standing in subject.standing.items() if standing.pays]
        answer, granted = entitled(self._engine, known, month, in_force)
        # Who receives already under a signature is confirmed; everybody else waits for one.
        signed_on = answer.facts.decision_signed_on if answer.facts.already_receiving else None
        recorded: list[Recorded] = []
        for programme in _programmes(subject, answer, granted):
            if programme in subject.held:
                continue
            given = granted.get(programme, answer)
            decision = next_decision(
                subject.person_id,
                programme,
                given.terms(programme),
                subject.standing.get(programme),
                month=month,
                start=answer.start(self._engine.policy, programme) if answer.applied else month,
                new_application=signed_on is None,
                decided_on=signed_on or today,
            )
            if decision is None:
                continue
            if decision.effective_from < month:
                recorded += self._back_from(known, decision, month)
            else:
                recorded.append(Recorded(decision, given.basis))
        return bool(granted), recorded

    def _back_from(self, known: Known, decision: Decision, month: Month) -> list[Recorded]:
        """A decision that reaches back, month by month at the law, age and level of each: a version for
        every stretch of months with equal terms."""
        recorded: list[Recorded] = []
        back = decision.effective_from
        while back <= month:
            answer = ask(self._engine, known, back)
            terms = answer.terms(decision.programme)
            last = recorded[-1].decision if recorded else None
            if last is None or last.terms != terms:
                part = following(last, back, terms) if last else replace(decision, terms=terms)
                recorded.append(Recorded(part, answer.basis))
            back += 1
        return recorded


def _programmes(subject: Subject, answer: Answer, granted: Collection[str]) -> Iterator[str]:
    """The programmes of which something is to be said: granted, ending, or one refusal where nothing is."""
    yield from granted
    for programme, standing in subject.standing.items():
        if programme not in granted and standing.terms.outcome == GRANTED:
            yield programme
    if not granted and all(standing.terms.outcome == REFUSED for standing in subject.standing.values()):
        yield NURTURE_ALLOWANCE if answer.facts.in_facility else _asked_for(answer.facts)


def _asked_for(facts: PersonFacts) -> str:
    return MONTHLY_ALLOWANCE if MONTHLY_ALLOWANCE in facts.applied_for else min(facts.applied_for)
