"""What months that were decided come to now: by all facts known today, against what is in force for them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from libs.common.kernel.money import NOTHING, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import GRANTED, Terms, refusal
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.monthly import Answer, Known, entitled


@dataclass(frozen=True, slots=True)
class InForce:
    """A decision that pays or refuses under a signature, from a month on until a later version does."""

    decision_id: UUID
    programme: str
    version: int
    first: Month
    terms: Terms
    decided_on: date


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
    """One month of one programme: `new` by the law on all that is known, `old` by what is in force with the
    differences applied before. `old_decision` None: nothing of the programme was in force."""

    programme: str
    month: Month
    old: Dong
    new: Dong
    old_decision: InForce | None
    new_terms: Terms
    answer: Answer
    signed_as_of: date

    @property
    def dong(self) -> int:
        """New less old: above 0 arrears, below 0 a recovery."""
        return self.new - self.old


def differences(engine: Engine, person: Recalculated, first: Month, last: Month) -> Iterator[Difference]:
    """The months from `first` to `last` that come out different. Refusal `not_covered_yet` where the policy
    does not hold the law of one of them.

    A start that waits for a signature is nobody's to invent: a programme is only granted anew to who had
    one of the others, or receives already under a signature. What is held back stays so.
    """
    for index in range(last.index - first.index + 1):
        yield from _of_month(engine, person, first + index)


def _of_month(engine: Engine, person: Recalculated, month: Month) -> Iterator[Difference]:
    standing = in_force(person.decisions, month)
    if not standing:
        return
    paid = {name for name, decision in standing.items() if decision.terms.outcome == GRANTED}
    known = replace(
        person.known,
        resident_of=person.residences.get(month),
        as_if_signed_on=min(decision.decided_on for decision in standing.values()),
    )
    answer, granted = entitled(engine, known, month, paid)
    signed = answer.facts.already_receiving and answer.facts.decision_signed_on is not None
    for programme in sorted(standing.keys() | granted.keys()):
        if programme in granted and not (paid or signed):
            continue
        if programme not in paid and (programme, month) in person.held:
            continue
        given = granted.get(programme, answer)
        terms = given.terms(programme) if programme in granted else refusal(answer.state.place)
        decision = standing.get(programme)
        old = (decision.terms.amount if decision else NOTHING) + person.applied.get((programme, month), 0)
        if terms.amount != old:
            signed_as_of = known.as_if_signed_on
            yield Difference(programme, month, Dong(old), terms.amount, decision, terms, given, signed_as_of)


def in_force(decisions: Sequence[InForce], month: Month) -> dict[str, InForce]:
    """The newest decision of each programme that has begun by the month."""
    found: dict[str, InForce] = {}
    for decision in decisions:
        known = found.get(decision.programme)
        if decision.first <= month and (known is None or known.version < decision.version):
            found[decision.programme] = decision
    return found
