"""What months that were decided come to now: by all facts known today, against what was told to be paid.

A month is closed once, and from then on paid once: by the decision that stood at its closing or, where that
granted nothing, by the first one after it that does (a signature, a resumption). Whatever is decided of the
month later pays nothing and takes nothing back: that is what a difference is for.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from libs.common.kernel.money import NOTHING, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import GRANTED, Place, Terms, refusal
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.monthly import Answer, Known, entitled


@dataclass(frozen=True, slots=True)
class InForce:
    """A decision that pays or refuses under a signature, from a month on until a later version does.
    `told_at`: when it was recorded, or signed if that was later; of versions recorded together, the last."""

    decision_id: UUID
    programme: str
    version: int
    first: Month
    terms: Terms
    decided_on: date
    told_at: datetime

    @property
    def granted(self) -> bool:
        return self.terms.outcome == GRANTED


@dataclass(frozen=True, slots=True)
class Scope:
    """The province, and the commune, whose months are recalculated; None: all."""

    province_code: str | None = None
    commune_code: str | None = None

    def has(self, place: Place) -> bool:
        return self.province_code in (None, place.province_code) and self.commune_code in (
            None,
            place.commune_code,
        )


@dataclass(frozen=True, slots=True)
class Closings:
    """When each month was closed, in the order of months: closing one closes those before it."""

    at: Sequence[tuple[Month, datetime]] = ()

    def of(self, month: Month) -> datetime | None:
        """None for a month of which nothing was told to be paid yet."""
        return min((at for closed, at in self.at if closed >= month), default=None)


@dataclass(frozen=True, slots=True)
class Recalculated:
    """A person with what is known now, every decision in force, the differences applied so far (programme
    and month to đồng), where the person was a resident in each month, and the programmes that a suspension
    or a stop holds back in which month."""

    person_id: UUID
    known: Known
    decisions: Sequence[InForce]
    applied: Mapping[tuple[str, Month], int]
    residences: Mapping[Month, UUID]
    held: Collection[tuple[str, Month]] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One month of one programme: `new` by the law on all that is known, `old` by what was told to be paid
    with the differences applied before. `old_decision` None: nothing of the programme was told."""

    programme: str
    month: Month
    old: Dong
    new: Dong
    old_decision: InForce | None
    new_terms: Terms
    answer: Answer
    signed_as_of: date
    #: What it rests on besides: the differences applied before, and how many decisions reach the month.
    booked: int
    decisions: int

    @property
    def dong(self) -> int:
        """New less old: above 0 arrears, below 0 a recovery."""
        return self.new - self.old

    @property
    def place(self) -> Place:
        """Whose difference it is: of where the month was paid, or is to be paid where it never was. Who
        has moved since leaves what was paid, with its arrears and recoveries, where it was paid."""
        paid = self.old_decision is not None and self.old_decision.granted
        return self.old_decision.terms.place if self.old_decision and paid else self.new_terms.place


def differences(
    engine: Engine, person: Recalculated, first: Month, last: Month, closings: Closings
) -> Iterator[Difference]:
    """The months from `first` to `last` that come out different. Refusal `not_covered_yet` where the policy
    does not hold the law of one of them.

    A start that waits for a signature is nobody's to invent: a programme is only granted anew to who had
    one of the others, or receives already under a signature. What is held back is due nothing.
    """
    for index in range(last.index - first.index + 1):
        yield from _of_month(engine, person, first + index, closings)


def _of_month(engine: Engine, person: Recalculated, month: Month, closings: Closings) -> Iterator[Difference]:
    told = told_to_pay(person.decisions, month, closings.of(month))
    if not told:
        return
    paid = {name for name, decision in told.items() if decision.granted}
    known = replace(
        person.known,
        resident_of=person.residences.get(month),
        as_if_signed_on=min(decision.decided_on for decision in told.values()),
    )
    answer, granted = entitled(engine, known, month, paid)
    signed = answer.facts.already_receiving and answer.facts.decision_signed_on is not None
    booked = {name for name, when in person.applied if when == month}
    for programme in sorted(told.keys() | granted.keys() | booked):
        held = (programme, month) in person.held
        if programme in granted and not (held or paid or signed):
            continue
        given = granted.get(programme, answer)
        due = programme in granted and not held
        terms = given.terms(programme) if due else refusal(answer.state.place)
        decision = told.get(programme)
        before = person.applied.get((programme, month), 0)
        old = (decision.terms.amount if decision else NOTHING) + before
        if terms.amount != old:
            reaching = sum(one.programme == programme and one.first <= month for one in person.decisions)
            yield Difference(
                programme,
                month,
                Dong(old),
                terms.amount,
                decision,
                terms,
                given,
                known.as_if_signed_on,
                before,
                reaching,
            )


def told_to_pay(decisions: Sequence[InForce], month: Month, closed_at: datetime | None) -> dict[str, InForce]:
    """By programme, what was told to be paid for the month; a refusal where nothing was. Of a month that is
    not closed yet, what will be: the decisions in force."""
    if closed_at is None:
        return in_force(decisions, month)
    found: dict[str, InForce] = {}
    for instant in sorted({max(closed_at, decision.told_at) for decision in decisions}):
        known = [decision for decision in decisions if decision.told_at <= instant]
        for programme, decision in in_force(known, month).items():
            if programme not in found or not found[programme].granted:
                found[programme] = decision
    return found


def in_force(decisions: Sequence[InForce], month: Month) -> dict[str, InForce]:
    """The newest decision of each programme that has begun by the month."""
    found: dict[str, InForce] = {}
    for decision in decisions:
        known = found.get(decision.programme)
        if decision.first <= month and (known is None or known.version < decision.version):
            found[decision.programme] = decision
    return found
