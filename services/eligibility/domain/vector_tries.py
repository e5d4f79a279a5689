"""Trying rules on many people at once, as `determination.try_rules` does on one.

Every award that a pack can make, a rule with one of its coefficients, has a number: from 1, in the order in
which they give way to one another, so that the greater of two numbers is the award of the two. The higher
coefficient wins, and among equals the first in the order of the law; 0 is none. Numbers fit a byte where
they can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.eligibility.domain.columns import FactColumns, Flags
from services.eligibility.domain.conditions import Check
from services.eligibility.domain.packs import FixedBand, FixedRule
from services.eligibility.domain.reading import ITEMS_MAX
from services.eligibility.domain.vector_checks import Subjects, holds

#: Numbers of awards: uint8, or uint16 in a pack that can make more than 255.
Numbers = NDArray[Any]

_NOTHING_HELD: Mapping[str, Flags] = {}


@dataclass(frozen=True, eq=False)
class Asked:
    """Some people, and the checks that were asked of them or their children so far."""

    facts: FactColumns
    _of_people: dict[Check, Flags] = field(default_factory=dict)
    _of_children: dict[Check, Flags] = field(default_factory=dict)

    def holds(self, check: Check) -> Flags:
        found = self._of_people.get(check)
        if found is None:
            found = self._of_people[check] = holds(check, self._people)
        return found

    def all_hold(self, checks: Sequence[Check], among: Flags | None = None) -> Flags:
        found = [self.holds(check) for check in checks]
        return _all(found if among is None else [among, *found], len(self.facts))

    def children(self, alternatives: tuple[tuple[Check, ...], ...]) -> NDArray[np.int64]:
        """How many children of each person meet every check of at least one alternative."""
        parent = self._children.parent
        assert parent is not None
        counts = _any(
            [_all([self._child_holds(check) for check in checks], len(parent)) for checks in alternatives],
            len(parent),
        )
        return np.bincount(parent[counts], minlength=len(self.facts))

    def _child_holds(self, check: Check) -> Flags:
        found = self._of_children.get(check)
        if found is None:
            found = self._of_children[check] = holds(check, self._children)
        return found

    @cached_property
    def _people(self) -> Subjects:
        return Subjects(self.facts, self.facts)

    @cached_property
    def _children(self) -> Subjects:
        counts = np.diff(self.facts.first_child)
        parents = np.flatnonzero(counts)
        return Subjects(self.facts.children, self.facts, np.repeat(parents, counts[parents]))


@dataclass(frozen=True, slots=True)
class PossibleAward:
    """A rule of the pack by its place, and a coefficient that it can grant."""

    place: int
    hundredths: int


@dataclass(frozen=True, slots=True, eq=False)
class NumberedBand:
    """A band with the number of its award; of one for each child, the numbers by the count of children."""

    band: FixedBand
    numbers: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class NumberedRule:
    rule: FixedRule
    bands: tuple[NumberedBand, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A rule that was tried: on whom it held, and the number of each one's award."""

    rule: FixedRule
    held: Flags
    numbers: Numbers


def possible_awards(rules: Sequence[FixedRule]) -> tuple[PossibleAward, ...]:
    """The awards in the order of their numbers, the first of which is 1."""
    found = {
        PossibleAward(place, band.coefficient.hundredths * times)
        for place, rule in enumerate(rules)
        for band in rule.bands
        for times in _times(band)
    }
    return tuple(sorted(found, key=lambda award: (award.hundredths, -award.place)))


def numbered(rules: Sequence[FixedRule], awards: Sequence[PossibleAward]) -> tuple[NumberedRule, ...]:
    kind = np.uint8 if len(awards) <= np.iinfo(np.uint8).max else np.uint16
    number = {award: kind(at) for at, award in enumerate(awards, 1)}
    return tuple(
        NumberedRule(
            rule,
            tuple(
                NumberedBand(
                    band,
                    np.array(
                        [
                            number[PossibleAward(place, band.coefficient.hundredths * times)]
                            for times in _times(band)
                        ],
                        kind,
                    ),
                )
                for band in rule.bands
            ),
        )
        for place, rule in enumerate(rules)
    )


def _times(band: FixedBand) -> Sequence[int]:
    """How often the coefficient can count: by the number of children, of which none counts as one."""
    return (1, *range(1, ITEMS_MAX + 1)) if band.each_child else (1,)


def try_rules(
    rules: Sequence[NumberedRule], asked: Asked, already: Mapping[str, Flags] = _NOTHING_HELD
) -> list[Tried]:
    """Each rule in the order of the law; `already`: on whom other rules held."""
    held = dict(already)
    tried = []
    for numbered_rule in rules:
        rule = numbered_rule.rule
        belongs = asked.all_hold(rule.checks)
        for code in rule.not_in & held.keys():
            belongs = belongs & ~held[code]
        if rule.beside:
            belongs = belongs & _any([held[code] for code in rule.beside & held.keys()], len(belongs))
        children = asked.children(rule.child_alternatives) if rule.child_alternatives else None
        if children is not None:
            belongs = belongs & (children > 0)
        one = Tried(rule, *_granted(numbered_rule.bands, belongs, children, asked))
        held[rule.code] = one.held
        tried.append(one)
    return tried


def _granted(
    bands: Sequence[NumberedBand], belongs: Flags, children: NDArray[np.int64] | None, asked: Asked
) -> tuple[Flags, Numbers]:
    """Who belongs and falls into a band, with the number of the first such band's award."""
    numbers, left = [], belongs
    for each in bands:
        within = asked.all_hold(each.band.checks, among=left)
        if each.band.children_from:
            within = within & (children >= each.band.children_from if children is not None else False)
        if each.band.each_child and children is not None:
            numbers.append(within * each.numbers[children])
        else:
            numbers.append(within * each.numbers[0])
        left = left & ~within
    return belongs & ~left, reduce(np.add, numbers)


def highest(numbers: Sequence[Numbers], size: int) -> Numbers:
    """The award of each person, 0 where nothing held."""
    return reduce(np.maximum, numbers) if numbers else np.zeros(size, np.uint8)


def _all(flags: Sequence[Flags], size: int) -> Flags:
    return reduce(np.logical_and, flags) if flags else np.ones(size, np.bool_)


def _any(flags: Sequence[Flags], size: int) -> Flags:
    return reduce(np.logical_or, flags) if flags else np.zeros(size, np.bool_)
