"""What the law of one month grants to many people at once: determination.py over columns.

Compiled from the same `Pack`, so there is one definition of the law; tests hold the two evaluators equal
person by person, to the bit of the trace. Reasons in full are told by the scalar one, for whoever asks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

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
    RULES_MAX,
    Asked,
    Scores,
    Tried,
    highest,
    hundredths,
    rule_numbers,
    try_rules,
)

#: The four awards that a person can have: the allowance, pension or nurture; what is paid beside it;
#: care money of the person's own; care money of a carer.
FIRST, BESIDE, OWN_CARE, CARER_CARE = range(4)
NO_RULE = -1
#: People decided at a time: their columns and answers stay in the processor's cache.
_AT_ONCE = 16_384
_MONTH = "month"


@dataclass(frozen=True, slots=True)
class VectorPack:
    """A pack made ready for columns. `refusals` are the fields that an answer can be refused for:
    `Outcomes.undetermined` counts them from 1."""

    pack: Pack
    rules: tuple[FixedRule, ...]
    layout: TraceLayout
    spans: tuple[tuple[Span, ...], ...]
    refusals: tuple[str, ...]
    #: The level in đồng of each rule number, and whether it is one of the social pension's.
    standards: NDArray[np.int64]
    of_pension: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Awards of each person, in four rows (FIRST, BESIDE, OWN_CARE, CARER_CARE): `rule`, the place in
    `VectorPack.rules` or NO_RULE; `hundredths` of the coefficient; `amount` in đồng. `undetermined` is 0,
    or the reason why the policy has no answer; `trace` has `layout.width` bytes a person."""

    rule: NDArray[np.int16]
    hundredths: NDArray[np.int32]
    amount: NDArray[np.int64]
    undetermined: NDArray[np.uint8]
    trace: NDArray[np.uint8]

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
    if len(rules) > RULES_MAX:
        raise ValueError(f"more than {RULES_MAX} rules in a pack")
    for rule in rules:
        for band in rule.bands:
            band.coefficient.of(rule.standard.dong)
    if any(together.clause in together.beside for together in pack.together):
        raise ValueError("a clause is paid beside itself")
    refusals = {rule.not_covered for rule in rules if rule.not_covered} - {_MONTH}
    standards, of_pension = np.zeros(RULES_MAX + 1, np.int64), np.zeros(RULES_MAX + 1, np.bool_)
    standards[: len(rules)] = [rule.standard.dong for rule in rules]
    of_pension[: len(rules)] = [rule.programme == SOCIAL_PENSION for rule in rules]
    made = VectorPack(
        pack,
        rules,
        trace_layout(pack),
        tuple(spans_of(policy, rule.code) for rule in rules),
        (_MONTH, *sorted(refusals)),
        standards,
        of_pension,
    )
    # Deciding about nobody asks every check once, and so finds what can't be asked of columns.
    _decide(made, columns_of([]), _nothing(made, 0, traced=True), started_only=True)
    return made


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
            outcomes.rule[:, first:last],
            outcomes.hundredths[:, first:last],
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
    for place, people in zip(found, np.split(order, first[1:]), strict=True):
        yield int(place), people


def award_starts(pack: VectorPack, facts: FactColumns, outcomes: Outcomes) -> NDArray[np.int64]:
    """`Month.index` of each `Determination.start_month`, ABSENT for None."""
    earliest = np.full(len(facts), WAITS)
    bound = governing_days(facts) != ABSENT
    for number in range(len(pack.rules)):
        these = np.flatnonzero(bound & (outcomes.rule[: BESIDE + 1] == number).any(axis=0))
        if len(these):
            starts = start_months(facts.take(these), pack.spans[number])
            earliest[these] = np.minimum(earliest[these], starts)
    return np.where(earliest == WAITS, ABSENT, earliest)


def month_at(index: int) -> Month | None:
    """The month of an entry of `award_starts`."""
    return None if index == ABSENT else Month(0, 1) + index


def _nothing(pack: VectorPack, people: int, traced: bool) -> Outcomes:
    return Outcomes(
        np.full((4, people), NO_RULE, np.int16),
        np.zeros((4, people), np.int32),
        np.zeros((4, people), np.int64),
        np.zeros(people, np.uint8),
        np.zeros((people, pack.layout.width if traced else 0), np.uint8),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Rules of one programme, and the people they were tried on."""

    tried: Sequence[Tried]
    among: Flags

    def best(self, *, payee: str | None = None, clauses: frozenset[str] | None = None) -> Scores:
        """The highest score of each of the people, of all rules or of those to a payee or of some clauses."""
        scores = [
            each.scores
            for each in self.tried
            if payee in (None, each.rule.payee) and (clauses is None or each.rule.clause in clauses)
        ]
        return highest(scores, len(self.among)) * self.among


def _decide(pack: VectorPack, facts: FactColumns, outcomes: Outcomes, started_only: bool) -> None:
    """Fill in what becomes of the people."""
    law, asked, resident = pack.pack, Asked(facts), facts.in_facility
    allowances = try_rules(law.allowances, 0, asked)
    pensions = try_rules(law.pensions, len(allowances), asked)
    already = {each.rule.code: each.held for each in allowances}
    care = try_rules(law.care, len(allowances) + len(pensions), asked, already)
    nurture = try_rules(law.nurture, len(pack.rules) - len(law.nurture), asked)
    groups = [
        _Group(allowances, _applied_for(facts, MONTHLY_ALLOWANCE) & ~resident),
        _Group(pensions, _applied_for(facts, SOCIAL_PENSION) & ~resident),
        _Group(care, _care_asked(facts) & ~resident),
        _Group(nurture, resident),
    ]
    _refuse(pack, facts, outcomes.undetermined, *groups)
    determined = outcomes.undetermined == 0
    groups = [_Group(group.tried, group.among & determined) for group in groups]
    if outcomes.trace.shape[1]:
        outcomes.trace[:] = _traces(pack, asked, groups)
    if started_only and (governing_days(facts) != ABSENT).any():
        groups = [_Group(_started(pack, facts, group.tried), group.among) for group in groups]
    _award(pack, facts, outcomes, *groups)


def _applied_for(facts: FactColumns, programme: str) -> Flags:
    return (facts.applied_for >> PROGRAMMES.index(programme) & 1).astype(np.bool_)


def _care_asked(facts: FactColumns) -> Flags:
    somebody: Flags = facts.carer != code_of("carer", None)
    return somebody | facts.pregnant | (facts.children_under_36_months > 0)


def _refuse(
    pack: VectorPack,
    facts: FactColumns,
    undetermined: NDArray[np.uint8],
    allowances: _Group,
    pensions: _Group,
    care: _Group,
    nurture: _Group,
) -> None:
    """Note whom the policy has no answer for: the first reason that the scalar evaluator would meet."""

    def refuse(reason: str, people: Flags) -> None:
        undetermined[people & (undetermined == 0)] = pack.refusals.index(reason) + 1

    def refuse_rules(tried: Sequence[Tried], among: Flags) -> None:
        for each in tried:
            if each.rule.not_covered:
                refuse(each.rule.not_covered, each.held & among)

    covered, non_poor = pack.pack.non_poor_covered, facts.poverty_status != code_of("poverty_status", "poor")
    refuse_rules(allowances.tried, allowances.among)
    if covered is not None:
        within = highest(
            [each.scores for each in allowances.tried if each.rule.clause in covered], len(facts)
        )
        outside = highest(
            [each.scores for each in allowances.tried if each.rule.clause not in covered], len(facts)
        )
        refuse(_MONTH, allowances.among & non_poor & ((within == 0) | (outside > 0)))
    refuse_rules(pensions.tried, pensions.among)
    refuse_rules(allowances.tried, care.among)
    refuse_rules(care.tried, care.among)
    refuse_rules(nurture.tried, nurture.among)
    if covered is not None:
        refuse(_MONTH, nurture.among & non_poor)


def _traces(pack: VectorPack, asked: Asked, groups: Sequence[_Group]) -> NDArray[np.uint8]:
    """(people, width): the bits of each person, in the pack's layout."""
    width, size = pack.layout.width, len(asked.facts)
    bits = np.zeros((width * 8, size), np.bool_)
    for group in groups:
        for each in group.tried:
            first = pack.layout.first_bit[each.rule.code]
            for bit, flags in enumerate((*map(asked.holds, each.rule.checks), each.held), first):
                np.logical_and(flags, group.among, out=bits[bit])
    packed = np.packbits(bits.reshape(width, 8, size), axis=1, bitorder="little")
    return packed.reshape(width, size).T


def _started(pack: VectorPack, facts: FactColumns, tried: Sequence[Tried]) -> list[Tried]:
    """The same rules, with a score only where their start does not lie after the month."""
    found = []
    for each in tried:
        spans = pack.spans[pack.rules.index(each.rule)]
        paid = started(facts, spans, each.rule.programme, pack.pack.month)
        found.append(replace(each, scores=each.scores * paid))
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
    first, beside = _highest_together(pack.pack, allowances)
    pension = pensions.best()
    higher = _amounts(pack, facts, pension) > _amounts(pack, facts, first) + _amounts(pack, facts, beside)
    awarded = {
        FIRST: np.where(higher, pension, first) + nurture.best(),
        BESIDE: np.where(higher, 0, beside),
        OWN_CARE: care.best(payee=SELF),
        CARER_CARE: care.best(payee=CARER),
    }
    for slot, scores in awarded.items():
        outcomes.rule[slot] = np.where(scores > 0, rule_numbers(scores), NO_RULE)
        outcomes.hundredths[slot] = hundredths(scores)
        outcomes.amount[slot] = _amounts(pack, facts, scores)


def _highest_together(law: Pack, allowances: _Group) -> tuple[Scores, Scores]:
    """The highest allowance and, where the law pays two together and they are more, the second."""
    best = allowances.best()
    beside = np.zeros_like(best)
    most = hundredths(best)
    for together in law.together:
        first = allowances.best(clauses=frozenset({together.clause}))
        second = allowances.best(clauses=together.beside)
        both = hundredths(first) + hundredths(second)
        more = (first > 0) & (second > 0) & (both > most)
        best, beside = np.where(more, first, best), np.where(more, second, beside)
        most = np.maximum(most, both * more)
    return best, beside


def _amounts(pack: VectorPack, facts: FactColumns, scores: Scores) -> NDArray[np.int64]:
    numbers = rule_numbers(scores)
    amounts: NDArray[np.int64] = hundredths(scores) * pack.standards[numbers] // 100
    if pack.pack.pension_gap:
        left = np.maximum(amounts - facts.pension_dong_monthly, 0)
        amounts = np.where(pack.of_pension[numbers], left, amounts)
    return amounts
