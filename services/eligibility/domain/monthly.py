"""The law of one month asked about one person, of whom all is known that was ever recorded."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from libs.common.kernel.ids import read
from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.case_reading import read_person
from services.eligibility.domain.decisions import (
    CARER,
    FACILITY,
    GRANTED,
    OUTWARD,
    SELF,
    Basis,
    Terms,
    refusal,
)
from services.eligibility.domain.determination import Award, Determination
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import (
    CARE_ALLOWANCE,
    MONTHLY_ALLOWANCE,
    NURTURE_ALLOWANCE,
    OWN_CARE_ALLOWANCE,
    SOCIAL_PENSION,
    PersonFacts,
)
from services.eligibility.domain.history import FactsVersion, State, facts_at
from services.eligibility.domain.policy import Policy
from services.eligibility.domain.starts import start_of_awards
from services.eligibility.domain.traces import trace_of

#: Of these a person has one.
_ONE_OF = frozenset({MONTHLY_ALLOWANCE, SOCIAL_PENSION, NURTURE_ALLOWANCE})


@dataclass(frozen=True, slots=True)
class Known:
    """A person as known at some time: versions 1 to `facts_version` and the chained hash over them, the
    facility whose state-paid resident the person is, and the day on which an open application is
    determined as if signed: that is what its signature will make of it."""

    versions: tuple[FactsVersion, ...]
    facts_version: int
    chain: bytes
    resident_of: UUID | None
    as_if_signed_on: date


@dataclass(frozen=True, slots=True)
class Answer:
    """What the law of `month` says of the state at the end of `facts_month`."""

    month: Month
    facts_month: Month
    state: State
    facts: PersonFacts
    found: Determination
    basis: Basis

    @property
    def applied(self) -> bool:
        """An application, not somebody who receives already."""
        return _applied(self.facts)

    @property
    def by_programme(self) -> dict[str, list[Award]]:
        """Awards by the programme of their decision: care money in the person's own hand has its own, as it
        stands beside the carer's."""
        awards: dict[str, list[Award]] = {}
        for award in self.found.awards + self.found.care:
            own_care = award.programme == CARE_ALLOWANCE and award.payee == SELF
            awards.setdefault(OWN_CARE_ALLOWANCE if own_care else award.programme, []).append(award)
        return awards

    def start(self, policy: Policy, programme: str) -> Month:
        """The first month of an application's entitlement: care money has a start of its own."""
        if programme in (CARE_ALLOWANCE, OWN_CARE_ALLOWANCE):
            care = self.by_programme.get(programme, [])
            return start_of_awards(policy, care, self.facts) or self.month
        return self.found.start_month or self.month

    def terms(self, programme: str) -> Terms:
        """What a decision of the programme says: what is granted, or that nothing is. Benefits paid together
        (k4 beside k5, k6 or k8) are one decision with the sum of coefficients."""
        awards = self.by_programme.get(programme)
        if not awards:
            return refusal(self.state.place)
        payee = awards[0].payee
        carer = self.state.case.get("carer")
        return Terms(
            outcome=GRANTED,
            category="+".join(OUTWARD.get(award.category, award.category) for award in awards),
            coefficient=Coefficient(sum(award.coefficient.hundredths for award in awards)),
            standard=awards[0].standard,
            amount=Dong(sum(award.amount for award in awards)),
            payee=payee,
            facility_id=self.basis.resident_of if payee == FACILITY else None,
            place=self.state.place,
            payee_person_id=read("per", carer["person_id"]) if payee == CARER and carer else None,
        )


def ask(engine: Engine, known: Known, month: Month, facts_month: Month | None = None) -> Answer:
    """The law of `month` on the facts of `facts_month` (None: the same month).

    Refusal `not_covered_yet` where the policy does not hold the law of the month for this person.
    """
    facts_month = facts_month or month
    state = facts_at(known.versions, facts_month, known.facts_version)
    place, facts = state.place, read_facts(state.case)
    facts = replace(
        facts,
        in_facility=known.resident_of is not None,
        decision_signed_on=known.as_if_signed_on if _applied(facts) else facts.decision_signed_on,
    )
    found = engine.determine(facts, month, place.province_code, place.former_province_code)
    pack = engine.pack_of(month, place.province_code, place.former_province_code)
    basis = Basis(
        facts_version=known.facts_version,
        policy_version=engine.policy.version,
        policy_hash=engine.policy.hash,
        determined_month=month,
        facts_month=facts_month,
        resident_of=known.resident_of,
        input_hash=_input_hash(known, month, facts_month, _applied(facts)),
        trace=trace_of(found, pack),
    )
    return Answer(month, facts_month, state, facts, found, basis)


def entitled(
    engine: Engine, known: Known, month: Month, in_force: Collection[str]
) -> tuple[Answer, dict[str, Answer]]:
    """The answer for a month, and each programme that the person has in it with the answer that gives it.

    Whose benefit of a programme in force loses its ground within the month, and has none in its place, has
    it to the month's end: it stops from the month after (NĐ 20/2021 Đ8.2, NĐ 335/2026 Đ8.4).
    """
    answer = ask(engine, known, month)
    granted = dict.fromkeys(answer.by_programme, answer)
    stopping = set(in_force) - granted.keys()
    if granted.keys() & _ONE_OF:
        stopping -= _ONE_OF
    if stopping and len(known.versions) > 1:
        before = ask(engine, known, month, facts_month=month - 1)
        granted |= dict.fromkeys(stopping & before.by_programme.keys(), before)
    return answer, granted


def read_facts(case: Mapping[str, Any]) -> PersonFacts:
    """The facts of a case as they are kept. Refusal `case_invalid` where one is not valid."""
    told = (case.get(part) for part in ("household", "dates", "context", "carer"))
    return read_person(case["person"], *told)


def _applied(facts: PersonFacts) -> bool:
    return facts.application_received_on is not None and not facts.already_receiving


def _input_hash(known: Known, month: Month, facts_month: Month, applied: bool) -> bytes:
    """Of all that the answer depends on besides the policy; the chain stands for the facts."""
    signed = known.as_if_signed_on if applied else None
    return sha256(known.chain + f"|{month}|{facts_month}|{known.resident_of}|{signed}".encode()).digest()
