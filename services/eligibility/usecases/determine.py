"""Decide each person whose facts of a month are complete, by the law of that month."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import orjson

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import (
    CARER,
    FACILITY,
    GRANTED,
    REFUSED,
    SELF,
    Decision,
    Terms,
    following,
    next_decision,
    refusal,
)
from services.eligibility.domain.determination import Award, Determination
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import (
    CARE_ALLOWANCE,
    MONTHLY_ALLOWANCE,
    NURTURE_ALLOWANCE,
    OWN_CARE_ALLOWANCE,
    PersonFacts,
)
from services.eligibility.domain.starts import start_of_awards
from services.eligibility.usecases.ports import (
    Chunk,
    DeterminationWorks,
    Outcome,
    Recorded,
    Subject,
    Undetermined,
)

#: Reads a case's person, household, dates and context; Refusal where a fact is not valid.
ReadFacts = Callable[[Mapping[str, Any]], PersonFacts]
#: A determination as JSON: awards, rules tried with the facts they met, citations.
Explain = Callable[[Determination, PersonFacts], Mapping[str, Any]]

_PERSONS_MAX = 1_000
_CARE = (CARE_ALLOWANCE, OWN_CARE_ALLOWANCE)
#: Health facts stay inside: outward, k3 and k8 are one category that does not name the condition.
_OUTWARD = {"k3": "health_condition", "k8": "health_condition"}


class DetermineMonths:
    """Takes the next people whose month is complete, a chunk and a transaction at a time."""

    def __init__(
        self,
        engine: Engine,
        works: DeterminationWorks,
        clock: Clock,
        read_facts: ReadFacts,
        explain: Explain,
    ) -> None:
        self._engine = engine
        self._works = works
        self._clock = clock
        self._read_facts = read_facts
        self._explain = explain

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
                found, decisions = self._determine(subject, chunk.month, today)
            except Refusal as outside:
                undetermined.append(Undetermined(subject.person_id, outside.code))
                continue
            granted += found.granted
            recorded += decisions
        refused = len(chunk.subjects) - granted - len(undetermined)
        return Outcome(recorded, undetermined, granted, refused)

    def _determine(self, subject: Subject, month: Month, today: date) -> tuple[Determination, list[Recorded]]:
        facts = self._read_facts(subject.case)
        # Who receives already under a signature is confirmed; everybody else waits for one.
        signed_on = facts.decision_signed_on if facts.already_receiving else None
        applied = facts.application_received_on is not None and not facts.already_receiving
        # A proposal is determined as if signed today: that is what its signature will make of it.
        facts = replace(
            facts,
            in_facility=subject.facility_id is not None,
            decision_signed_on=today if applied else facts.decision_signed_on,
        )
        place = subject.place
        found = self._engine.determine(facts, month, place.province_code, place.former_province_code)
        receipt: bytes | None = None
        recorded = []
        for programme, terms in _terms_by_programme(subject, facts, found):
            decision = next_decision(
                subject.person_id,
                programme,
                terms,
                subject.standing.get(programme),
                month=month,
                start=self._start(found, programme, facts) if applied else month,
                new_application=signed_on is None,
                decided_on=signed_on or today,
            )
            if decision is None:
                continue
            if decision.effective_from < month:
                recorded += self._back_from(subject, facts, decision, month)
            else:
                receipt = receipt or self._receipt(subject, month, found, facts)
                recorded.append(self._recorded(decision, subject, receipt))
        return found, recorded

    def _start(self, found: Determination, programme: str, facts: PersonFacts) -> Month:
        """The first month of an application's entitlement: care money has a start of its own."""
        if programme in _CARE:
            care = _by_programme(found).get(programme, [])
            return start_of_awards(self._engine.policy, care, facts) or found.month
        return found.start_month or found.month

    def _back_from(
        self, subject: Subject, facts: PersonFacts, decision: Decision, month: Month
    ) -> list[Recorded]:
        """A decision that reaches back, month by month at the law, age and level of each: a version for
        every stretch of months with equal terms."""
        recorded: list[Recorded] = []
        place, back = subject.place, decision.effective_from
        while back <= month:
            found = self._engine.determine(facts, back, place.province_code, place.former_province_code)
            awards = _by_programme(found).get(decision.programme)
            terms = _granted(subject, awards) if awards else refusal(place)
            last = recorded[-1].decision if recorded else None
            if last is None or last.terms != terms:
                part = following(last, back, terms) if last else replace(decision, terms=terms)
                receipt = self._receipt(subject, back, found, facts)
                recorded.append(self._recorded(part, subject, receipt))
            back += 1
        return recorded

    def _receipt(self, subject: Subject, month: Month, found: Determination, facts: PersonFacts) -> bytes:
        case = {**subject.case, "in_facility": subject.facility_id is not None}
        plain = {
            "determined_month": str(month),
            "facts": case,
            "input_hash": sha256(_json(case)).hexdigest(),
            **self._explain(found, facts),
        }
        return zlib.compress(_json(plain), 1)

    def _recorded(self, decision: Decision, subject: Subject, receipt: bytes) -> Recorded:
        policy = self._engine.policy
        return Recorded(decision, subject.facts_version, policy.version, policy.hash, receipt)


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _terms_by_programme(
    subject: Subject, facts: PersonFacts, found: Determination
) -> Iterator[tuple[str, Terms]]:
    """What each programme says now: the awards granted, what ends, and one refusal where nothing is."""
    granted = _by_programme(found)
    for programme, awards in granted.items():
        yield programme, _granted(subject, awards)
    for programme, standing in subject.standing.items():
        if programme not in granted and standing.terms.outcome == GRANTED:
            yield programme, refusal(subject.place)
    if not granted and all(standing.terms.outcome == REFUSED for standing in subject.standing.values()):
        asked = NURTURE_ALLOWANCE if facts.in_facility else _asked_for(facts)
        yield asked, refusal(subject.place)


def _by_programme(found: Determination) -> dict[str, list[Award]]:
    """Awards by the programme of their decision: care money in the person's own hand has its own, as it
    stands beside the carer's."""
    awards: dict[str, list[Award]] = {}
    for award in found.awards + found.care:
        own_care = award.programme == CARE_ALLOWANCE and award.payee == SELF
        awards.setdefault(OWN_CARE_ALLOWANCE if own_care else award.programme, []).append(award)
    return awards


def _asked_for(facts: PersonFacts) -> str:
    return MONTHLY_ALLOWANCE if MONTHLY_ALLOWANCE in facts.applied_for else min(facts.applied_for)


def _granted(subject: Subject, awards: list[Award]) -> Terms:
    """Benefits paid together (k4 beside k5, k6 or k8) are one decision with the sum of coefficients."""
    payee = awards[0].payee
    return Terms(
        outcome=GRANTED,
        category="+".join(_OUTWARD.get(award.category, award.category) for award in awards),
        coefficient=Coefficient(sum(award.coefficient.hundredths for award in awards)),
        standard=awards[0].standard,
        amount=Dong(sum(award.amount for award in awards)),
        payee=payee,
        facility_id=subject.facility_id if payee == FACILITY else None,
        place=subject.place,
        payee_person_id=subject.carer_id if payee == CARER else None,
    )
