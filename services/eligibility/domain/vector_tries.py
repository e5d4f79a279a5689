"""Trying rules on many people at once, as `determination.try_rules` does on one.

How a rule ends is a score, an int32: the coefficient's hundredths above the lowest byte, in that byte
how early the rule stands in the pack; 0 where it did not hold. So the greater of two scores is the higher
coefficient, and among equals the first in the order of the law.
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
from services.eligibility.domain.vector_checks import Subjects, holds

Scores = NDArray[np.int32]

#: A pack has no more rules, so that the place of one fits a byte.
RULES_MAX = 255
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
        size = len(self._children.own.birth_date)
        counts = np.zeros(size, np.bool_)
        for checks in alternatives:
            counts |= _all([self._child_holds(check) for check in checks], size)
        counted = np.zeros(size + 1, np.int64)
        np.cumsum(counts, out=counted[1:])
        return np.diff(counted[self.facts.first_child])

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
        parent = np.repeat(np.arange(len(self.facts)), np.diff(self.facts.first_child))
        return Subjects(self.facts.children, self.facts, parent)


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A rule that was tried: on whom it held, and with which score."""

    rule: FixedRule
    held: Flags
    scores: Scores


def try_rules(
    rules: Sequence[FixedRule], first: int, asked: Asked, already: Mapping[str, Flags] = _NOTHING_HELD
) -> list[Tried]:
    """Each rule in the order of the law, the first of them the pack's rule number `first`; `already`: on
    whom other rules held."""
    held = dict(already)
    tried = []
    for number, rule in enumerate(rules, first):
        belongs = asked.all_hold(rule.checks)
        for code in rule.not_in & held.keys():
            belongs = belongs & ~held[code]
        if rule.beside:
            belongs = belongs & _any([held[code] for code in rule.beside & held.keys()], len(belongs))
        children = asked.children(rule.child_alternatives) if rule.child_alternatives else None
        if children is not None:
            belongs = belongs & (children > 0)
        one = Tried(rule, *_scored(rule.bands, number, belongs, children, asked))
        held[rule.code] = one.held
        tried.append(one)
    return tried


def _scored(
    bands: Sequence[FixedBand], number: int, belongs: Flags, children: NDArray[Any] | None, asked: Asked
) -> tuple[Flags, Scores]:
    """Who belongs and falls into a band, with the score of the first such band."""
    scores = np.zeros(len(belongs), np.int32)
    left = belongs
    for band in bands:
        within = asked.all_hold(band.checks, among=left)
        if band.children_from:
            within = within & (children >= band.children_from if children is not None else False)
        times = np.maximum(children, 1) if band.each_child and children is not None else 1
        scores += within * np.asarray(
            band.coefficient.hundredths * 256 * times + (RULES_MAX - number), np.int32
        )
        left = left & ~within
    return belongs & ~left, scores


def highest(scores: Sequence[Scores], size: int) -> Scores:
    """The highest score of each person, 0 where nothing held."""
    return reduce(np.maximum, scores, np.zeros(size, np.int32))


def hundredths(scores: Scores) -> NDArray[np.int32]:
    return scores >> 8


def rule_numbers(scores: Scores) -> NDArray[np.int32]:
    """The pack's rule of each score; RULES_MAX where nothing held."""
    return RULES_MAX - (scores & 255)


def _all(flags: Sequence[Flags], size: int) -> Flags:
    return reduce(np.logical_and, flags) if flags else np.ones(size, np.bool_)


def _any(flags: Sequence[Flags], size: int) -> Flags:
    return reduce(np.logical_or, flags) if flags else np.zeros(size, np.bool_)
