"""Decide each person whose facts of a month are complete, by the law of that month, part by part."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from libs.common.kernel.again import again
from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.id_columns import uuids
from libs.common.kernel.months import Month
from services.eligibility.domain.bases import Bases, bases
from services.eligibility.domain.casework import is_answered_by
from services.eligibility.domain.changes import Found, changes
from services.eligibility.domain.columns import day_number
from services.eligibility.domain.decisions import (
    GRANTED,
    PROPOSED,
    REFUSED,
    Decision,
    decision_id,
    following,
    next_decision,
)
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE, NURTURE_ALLOWANCE, PersonFacts
from services.eligibility.domain.monthly import Answer, Known, ask, entitled
from services.eligibility.domain.months_law import MonthsLaw, MonthsLaws
from services.eligibility.domain.standing_columns import People, Standings
from services.eligibility.usecases.ports import (
    Application,
    Finding,
    Outcome,
    Recorded,
    Subject,
    Undetermined,
)
from services.eligibility.usecases.receipts import Engines
from services.eligibility.usecases.redetermine import Counts, PartWork, PartWorks, Task

_ONE_BY_ONE_MAX = 1_000
_LAWS_MAX = 4


class DetermineParts:
    """Does what is to be done of a part of the nation: many people at once, some one by one."""

    def __init__(self, engines: Engines, works: PartWorks, clock: Clock) -> None:
        self._engines = engines
        self._works = works
        self._clock = clock
        self._laws = MonthsLaws(_LAWS_MAX)

    async def __call__(self, part: int) -> None:
        """Every task of the part, each one transaction, in the order in which they were asked for."""
        while await again(partial(self._next, part)):
            pass

    async def _next(self, part: int) -> bool:
        async with self._works() as work:
            task = await work.claim(part)
            if task is None:
                return False
            engine = await self._engines.of_hash(task.policy_hash)
            await work.done(task, await self._determine(work, task, engine))
        return True

    async def _determine(self, work: PartWork, task: Task, engine: Engine) -> Counts:
        today, law = self._clock.business_date(), self._laws.of(engine, task.month)
        people = await work.people(task)
        if not len(people):
            return Counts(0, 0, 0, 0, 0)
        standings = await work.standings(task)
        found, based = await asyncio.to_thread(_find, people, standings, law, today)
        granted, refused, changed = found.granted, found.refused, len(found.changes)
        outside = [Undetermined(one, "not_covered_yet") for one in uuids(people.ids[found.undetermined])]
        await work.record(task, Outcome([], outside, 0, 0))
        undetermined = len(outside)
        for first in range(0, len(found.one_by_one), _ONE_BY_ONE_MAX):
            these = found.one_by_one[first : first + _ONE_BY_ONE_MAX]
            subjects = await work.subjects(task, people.ids[these])
            outcome = await asyncio.to_thread(OneByOne(engine).determine, subjects, task.month, today)
            await work.record(task, outcome)
            granted, refused = granted + outcome.granted, refused + outcome.refused
            changed, undetermined = changed + len(outcome.recorded), undetermined + len(outcome.undetermined)
        # Last: from here on whoever signs somebody of the part may have to wait, and nobody is waited for.
        await work.write(task, engine.policy, people, found.changes, based)
        return Counts(len(people), granted, refused, undetermined, changed)


def _find(people: People, standings: Standings, law: MonthsLaw, today: date) -> tuple[Found, Bases]:
    found = changes(people, standings, law.pack_of, law.month, day_number(today))
    return found, bases(found.changes, people, law.pack_of, law.month)


class OneByOne:
    """People of whom columns do not tell all: with every version of their facts, by the scalar evaluator."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def determine(self, subjects: Sequence[Subject], month: Month, today: date) -> Outcome:
        recorded: list[Recorded] = []
        undetermined: list[Undetermined] = []
        findings: list[Finding] = []
        granted = 0
        for subject in subjects:
            try:
                granted_one, decisions, found = self._determine(subject, month, today)
            except Refusal as outside:
                undetermined.append(Undetermined(subject.person_id, outside.code))
                continue
            granted += granted_one
            recorded += decisions
            findings += found
        refused = len(subjects) - granted - len(undetermined)
        return Outcome(recorded, undetermined, granted, refused, findings)

    def _determine(
        self, subject: Subject, month: Month, today: date
    ) -> tuple[bool, list[Recorded], list[Finding]]:
        """Whether the person has anything in the month, what is decided anew, and what that makes of
        applications."""
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
        findings = [_finding(one, subject, recorded, answer, today) for one in subject.applications]
        return bool(granted), recorded, findings

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
    """The programmes of which something is to be said: granted, ending, or one refusal where nothing is
    and somebody asked. Nothing is proposed for who never did: they are listed as without a decision."""
    if not (answer.facts.asked or answer.facts.in_facility or subject.standing):
        return
    yield from granted
    for programme, standing in subject.standing.items():
        if programme not in granted and standing.terms.outcome == GRANTED:
            yield programme
    nothing = not granted and all(one.terms.outcome == REFUSED for one in subject.standing.values())
    if nothing and answer.facts.asked:
        yield NURTURE_ALLOWANCE if answer.facts.in_facility else _asked_for(answer.facts)


def _finding(
    application: Application, subject: Subject, recorded: Sequence[Recorded], answer: Answer, today: date
) -> Finding:
    """Nothing changes where the facts ask for what the application does, none of it is held back or waits for
    a signature, and something of it was decided before."""
    stands = {
        programme: (decision_id(subject.person_id, programme, one.version), one.status, one.pays)
        for programme, one in subject.standing.items()
    } | {
        one.decision.programme: (one.decision.decision_id, one.decision.status, one.decision.pays)
        for one in recorded
    }
    answers = {name for name in stands if is_answered_by(application.programmes, name)}
    unchanged = None
    if (
        answers
        and answer.facts.asked
        and answer.facts.applied_for.issuperset(application.programmes)
        and not answers & subject.held
        and all(stands[name][1] != PROPOSED for name in answers)
    ):
        unchanged = stands[max(answers, key=lambda name: (stands[name][2], name))][0]
    return Finding(application.case_id, unchanged, today, answer.basis)


def _asked_for(facts: PersonFacts) -> str:
    return MONTHLY_ALLOWANCE if MONTHLY_ALLOWANCE in facts.applied_for else min(facts.applied_for)
