"""What the law of one month grants to many people at once: determination.py over columns.

Compiled from the same `Pack`, so there is one definition of the law; tests hold the two evaluators equal
person by person, to the bit of the trace. Reasons in full are told by the scalar one, for whoever asks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.columns import ABSENT, PROGRAMMES, FactColumns, Flags, code_of, columns_of
from services.eligibility.domain.determination import CARER, SELF
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE, SOCIAL_PENSION
from services.eligibility.domain.packs import FixedRule, Pack
from services.eligibility.domain.policy import Policy
from services.eligibility.domain.traces import TraceLayout, rules_of, trace_layout
from services.eligibility.domain.vector_starts import (
    WAITS,
    Span,
    governing_days,
    spans_of,
    start_months,
    started,
)
from services.eligibility.domain.vector_tries import (
    Asked,
    NumberedRule,
    Numbers,
    Tried,
    highest,
    numbered,
    possible_awards,
    try_rules,
)

#: The four awards that a person can have: the allowance, pension or nurture; what is paid beside it;
#: care money of the person's own; care money of a carer.
FIRST, BESIDE, OWN_CARE, CARER_CARE = range(4)
NO_RULE = -1
#: People decided at a time: their columns and answers stay in the processor's cache.
_AT_ONCE = 65_536
_NO_BITS = np.uint8(0)


@dataclass(frozen=True, slots=True, eq=False)
class VectorPack:
    """A pack made ready for columns."""

    pack: Pack
    rules: tuple[FixedRule, ...]
    layout: TraceLayout
    spans: tuple[tuple[Span, ...], ...]
    allowances: tuple[NumberedRule, ...]
    pensions: tuple[NumberedRule, ...]
    care: tuple[NumberedRule, ...]
    nurture: tuple[NumberedRule, ...]
    #: By an award's number: the place of its rule in `rules` (0: NO_RULE), the coefficient, the sum in đồng.
    place: NDArray[np.int16]
    hundredths: NDArray[np.int32]
    dong: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Awards of each person, in four rows (FIRST, BESIDE, OWN_CARE, CARER_CARE): `award`, its number in the
    pack, and `amount` in đồng. `undetermined`: the policy does not know the month's law for the person;
    `trace` has `layout.width` bytes a person."""

    pack: VectorPack
    award: Numbers
    amount: NDArray[np.int64]
    undetermined: Flags
    trace: NDArray[np.uint8]

    @property
    def rule(self) -> NDArray[np.int16]:
        """The place of each award's rule in `VectorPack.rules`, NO_RULE where there is no award."""
        return self.pack.place[self.award]

    @property
    def hundredths(self) -> NDArray[np.int32]:
        """The coefficient of each award."""
        return self.pack.hundredths[self.award]

    @property
    def allowance(self) -> NDArray[np.int64]:
        """`Determination.amount` of each person, in đồng."""
        total: NDArray[np.int64] = self.amount[FIRST] + self.amount[BESIDE]
        return total

    @property
    def to_person(self) -> NDArray[np.int64]:
        total: NDArray[np.int64] = self.allowance + self.amount[OWN_CARE]
        return total


def compile_pack(pack: Pack, policy: Policy) -> VectorPack:
    """TypeError or ValueError where a check, a fact or a value has no vector form."""
    rules = rules_of(pack)
    if any(together.clause in together.beside for together in pack.together):
        raise ValueError("a clause is paid beside itself")
    awards = possible_awards(rules)
    ready = iter(numbered(rules, awards))
    made = VectorPack(
        pack=pack,
        rules=rules,
        layout=trace_layout(pack),
        spans=tuple(spans_of(policy, rule.code) for rule in rules),
        allowances=tuple(islice(ready, len(pack.allowances))),
        pensions=tuple(islice(ready, len(pack.pensions))),
        care=tuple(islice(ready, len(pack.care))),
        nurture=tuple(ready),
        place=np.array([NO_RULE, *(award.place for award in awards)], np.int16),
        hundredths=np.array([0, *(award.hundredths for award in awards)], np.int32),
        dong=np.array([0, *(_dong(rules[award.place], award.hundredths) for award in awards)], np.int64),
    )
    # Deciding about nobody asks every check once, and so finds what can't be asked of columns.
    _decide(made, columns_of([]), _nothing(made, 0, traced=True), started_only=True)
    return made


def _dong(rule: FixedRule, hundredths: int) -> Dong:
    return Coefficient(hundredths).of(rule.standard.dong)


def evaluate(
    pack: VectorPack, facts: FactColumns, *, started_only: bool = False, traced: bool = True
) -> Outcomes:
    """The awards of the pack's month, as `determination.determine` finds them.

    `started_only` leaves out rules whose start lies after the month; without `traced` there is no trace.
    """
    outcomes = _nothing(pack, len(facts), traced)
    for first in range(0, len(facts), _AT_ONCE):
        last = min(first + _AT_ONCE, len(facts))
        part = Outcomes(
            pack,
            outcomes.award[:, first:last],
            outcomes.amount[:, first:last],
            outcomes.undetermined[first:last],
            outcomes.trace[first:last],
        )
        _decide(pack, facts.part(first, last), part, started_only)
    return outcomes


def by_place(places: NDArray[np.integer]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each place that occurs, with the people there in their order: for `FactColumns.take`."""
    order = np.argsort(places, kind="stable")
    found, first = np.unique(places[order], return_index=True)
    # Of nobody there is no place, and yet a piece.
    for place, people in zip(found, np.split(order, first[1:]), strict=False):
        yield int(place), people


def award_starts(pack: VectorPack, facts: FactColumns, outcomes: Outcomes) -> NDArray[np.int64]:
    """`Month.index` of each `Determination.start_month`, ABSENT for None."""
    earliest = np.full(len(facts), WAITS)
    bound = governing_days(facts) != ABSENT
    awarded = outcomes.rule[: BESIDE + 1]
    for number in range(len(pack.rules)):
        these = np.flatnonzero(bound & (awarded == number).any(axis=0))
        if len(these):
            starts = start_months(facts.take(these), pack.spans[number])
            earliest[these] = np.minimum(earliest[these], starts)
    return np.where(earliest == WAITS, ABSENT, earliest)


def month_at(index: int) -> Month | None:
    """The month of an entry of `award_starts`."""
    return None if index == ABSENT else Month(0, 1) + index


def _nothing(pack: VectorPack, people: int, traced: bool) -> Outcomes:
    return Outcomes(
        pack,
        np.zeros((4, people), np.min_scalar_type(len(pack.dong) - 1)),
        np.zeros((4, people), np.int64),
        np.zeros(people, np.bool_),
        np.zeros((pack.layout.width if traced else 0, people), np.uint8).T,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Rules of one programme, and the people they were tried on."""

    tried: Sequence[Tried]
    among: Flags

    def best(
        self,
        *,
        clauses: frozenset[str] | None = None,
        of: NDArray[np.intp] | slice = slice(None),
    ) -> Numbers:
        """The highest award of each of the people (or of those at the places `of`), of all rules or of those
        of some clauses."""
        among = self.among[of]
        numbers = [each.numbers[of] for each in self.tried if clauses is None or each.rule.clause in clauses]
        return highest(numbers, len(among)) * among

    def care_to(self, payee: str) -> Numbers:
        """The highest care money to a payee: none where one rule is not covered, as it may be the higher."""
        paid = [each for each in self.tried if each.rule.payee == payee]
        numbers = highest([each.numbers for each in paid], len(self.among)) * self.among
        for each in paid:
            if each.rule.not_covered:
                numbers = numbers * (each.numbers == 0)
        return numbers


def _decide(pack: VectorPack, facts: FactColumns, outcomes: Outcomes, started_only: bool) -> None:
    """Fill in what becomes of the people."""
    asked, resident = Asked(facts), facts.in_facility
    allowances = try_rules(pack.allowances, asked)
    pensions = try_rules(pack.pensions, asked)
    already = {each.rule.code: each.held for each in allowances}
    of_care = _care_asked(facts) & ~resident
    # Few are cared for or resident, often none of the people at hand.
    care = try_rules(pack.care, asked, already) if of_care.any() else []
    nurture = try_rules(pack.nurture, asked) if resident.any() else []
    groups = [
        _Group(allowances, _applied_for(facts, MONTHLY_ALLOWANCE) & ~resident),
        _Group(pensions, _applied_for(facts, SOCIAL_PENSION) & ~resident),
        _Group(care, of_care),
        _Group(nurture, resident),
    ]
    outcomes.undetermined[:] = _undetermined(pack, facts, groups[0], groups[-1])
    determined = ~outcomes.undetermined
    groups = [_Group(group.tried, group.among & determined) for group in groups]
    if outcomes.trace.shape[1]:
        outcomes.trace[:] = _traces(pack, asked, groups)
    if started_only and (governing_days(facts) != ABSENT).any():
        groups = [_Group(_started(pack, facts, group.tried), group.among) for group in groups]
    _award(pack, facts, outcomes, *groups)


def _applied_for(facts: FactColumns, programme: str) -> Flags:
    applied: Flags = (facts.applied_for & np.uint8(1 << PROGRAMMES.index(programme))) != 0
    return applied


def _care_asked(facts: FactColumns) -> Flags:
    somebody: Flags = facts.carer != code_of("carer", None)
    return somebody | facts.pregnant | (facts.children_under_36_months > 0)


def _undetermined(pack: VectorPack, facts: FactColumns, allowances: _Group, nurture: _Group) -> Flags:
    """Whom the policy has no answer for."""
    covered, non_poor = pack.pack.non_poor_covered, facts.poverty_status != code_of("poverty_status", "poor")
    if covered is None:
        return np.zeros(len(facts), np.bool_)
    within = allowances.best(clauses=covered)
    others = frozenset(each.rule.clause for each in allowances.tried) - covered
    outside = allowances.best(clauses=others)
    unknown: Flags = non_poor & ((allowances.among & ((within == 0) | (outside > 0))) | nurture.among)
    return unknown


def _traces(pack: VectorPack, asked: Asked, groups: Sequence[_Group]) -> NDArray[np.uint8]:
    """(people, width): the bits of each person, in the pack's layout."""
    planes = np.zeros((pack.layout.width, len(asked.facts)), np.uint8)
    for group in groups:
        own: dict[int, NDArray[np.uint8]] = {}
        for each in group.tried:
            first = pack.layout.first_bit[each.rule.code]
            for bit, flags in enumerate((*map(asked.holds, each.rule.checks), each.held), first):
                plane, shift = divmod(bit, 8)
                own[plane] = own.get(plane, _NO_BITS) | flags.view(np.uint8) * np.uint8(1 << shift)
        for plane, bits in own.items():
            planes[plane] |= bits * group.among
    return planes.T


def _started(pack: VectorPack, facts: FactColumns, tried: Sequence[Tried]) -> list[Tried]:
    """The same rules, with an award only where their start does not lie after the month."""
    found = []
    for each in tried:
        spans = pack.spans[pack.rules.index(each.rule)]
        paid = started(facts, spans, each.rule.programme, pack.pack.month)
        found.append(replace(each, numbers=each.numbers * paid))
    return found


def _award(
    pack: VectorPack,
    facts: FactColumns,
    outcomes: Outcomes,
    allowances: _Group,
    pensions: _Group,
    care: _Group,
    nurture: _Group,
) -> None:
    first, beside = _highest_together(pack, allowances)
    dong = pack.dong[first]
    if pensions.tried:
        pension = pensions.best()
        of_pension = pack.dong[pension]
        if pack.pack.pension_gap:
            of_pension = np.maximum(of_pension - facts.pension_dong_monthly, 0)
        of_allowance = dong + pack.dong[beside] if beside.any() else dong
        # Products of flags choose several times faster than np.where.
        higher = of_pension > of_allowance
        lower = ~higher
        first, beside = first * lower + pension * higher, beside * lower
        dong = dong * lower + of_pension * higher
    if nurture.tried:
        resident = nurture.best()
        first += resident
        dong += pack.dong[resident]
    outcomes.award[FIRST], outcomes.amount[FIRST] = first, dong
    rest = ((BESIDE, beside), (OWN_CARE, care.care_to(SELF)), (CARER_CARE, care.care_to(CARER)))
    for slot, numbers in rest:
        if numbers.any():
            outcomes.award[slot], outcomes.amount[slot] = numbers, pack.dong[numbers]


def _highest_together(pack: VectorPack, allowances: _Group) -> tuple[Numbers, Numbers]:
    """The highest allowance and, where the law pays two together and they are more, the second."""
    best = allowances.best()
    beside = np.zeros_like(best)
    for together in pack.pack.together:
        alone = allowances.best(clauses=frozenset({together.clause}))
        these = np.flatnonzero(alone)
        first, second = alone[these], allowances.best(clauses=together.beside, of=these)
        both = pack.hundredths[first] + pack.hundredths[second]
        most = pack.hundredths[best[these]] + pack.hundredths[beside[these]]
        more = (second > 0) & (both > most)
        best[these[more]], beside[these[more]] = first[more], second[more]
    return best, beside
