"""A draft of the law against today's, on many people: what it costs, who gains, who loses.

Nothing is decided here. What somebody gets is what the law of the month grants to the person as if signed,
with care money, whoever receives it. Whom one of the two laws has no answer for is counted as
`undetermined` and in no other figure. What is suspended or stopped stays so under both laws.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.months import Month
from services.eligibility.domain.ages import latest_birth
from services.eligibility.domain.categories import outward
from services.eligibility.domain.columns import (
    ABSENT,
    PROGRAMMES,
    Days,
    FactColumns,
    Flags,
    Wholes,
    day_number,
)
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import OWN_CARE_ALLOWANCE
from services.eligibility.domain.packs import Pack, Place
from services.eligibility.domain.policy import Policy
from services.eligibility.domain.standing_columns import DECIDED
from services.eligibility.domain.vectorised import (
    BESIDE,
    CARER_CARE,
    FIRST,
    NO_RULE,
    OWN_CARE,
    Outcomes,
    VectorPack,
    by_place,
    compile_pack,
    evaluate,
)

UNKNOWN, NONE, UNDETERMINED = "unknown", "none", "undetermined"
EVERY_PROGRAMME = (1 << len(PROGRAMMES)) - 1
SEXES = ("female", "male", UNKNOWN)
#: The first age of each band. They are those of statistics, and none of the law.
AGES = (0, 10, 20, 30, 40, 50, 60, 65, 70, 75, 80, 85, 90)
#: Who counts as having applied: everybody for everything, or whoever has.
FULL, REGISTERED = TAKE_UPS = ("full", "registered")
CATEGORY, PROVINCE, AGE, SEX = DIMENSIONS = ("category", "province", "age", "sex")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of people and sums of đồng a month. `winners` get more than today, the newly entitled among
    them; `losers` less, those no longer entitled among them; `unchanged` the same, or nothing twice."""

    people: int = 0
    undetermined: int = 0
    recipients_today: int = 0
    recipients_draft: int = 0
    winners: int = 0
    losers: int = 0
    unchanged: int = 0
    newly_entitled: int = 0
    no_longer_entitled: int = 0
    today_dong: int = 0
    draft_dong: int = 0
    gained_dong: int = 0
    lost_dong: int = 0

    @property
    def change_dong(self) -> int:
        """What the draft costs more a month; negative where it costs less."""
        return self.draft_dong - self.today_dong

    @property
    def average_change_dong(self) -> int:
        """The change of somebody whom the draft changes anything for, in whole đồng."""
        changed = self.winners + self.losers
        return round(self.change_dong / changed) if changed else 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in FIGURES))


FIGURES = tuple(each.name for each in fields(Figures))
MONEY = tuple(name for name in FIGURES if name.endswith("_dong"))
COUNTS = tuple(name for name in FIGURES if name not in MONEY)


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of all, and of each value of each dimension: every one of the four adds up to all.

    A category has today's recipients and money by the category of today, the draft's by that of the draft.
    People and their movements stand at the draft's category, or today's where the draft grants nothing.
    `held`: how many of the people have a suspension or stop. `unreadable`: how many more there are whose
    facts can't be read, by the code of what is wrong; no figure has them.
    """

    total: Figures = Figures()
    by: Mapping[str, Mapping[str, Figures]] = field(default_factory=lambda: {name: {} for name in DIMENSIONS})
    held: int = 0
    unreadable: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Counted") -> "Counted":
        by = {
            name: {
                key: self.by[name].get(key, Figures()) + other.by[name].get(key, Figures())
                for key in {**self.by[name], **other.by[name]}
            }
            for name in DIMENSIONS
        }
        unreadable = Counter(self.unreadable) + Counter(other.unreadable)
        return Counted(self.total + other.total, by, self.held + other.held, unreadable)


@dataclass(frozen=True, slots=True)
class Found:
    """What came out for a month. Without `applies` the draft says the same as the law of that month."""

    month: Month
    applies: bool
    counted: Counted


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Part of a population: `place` has the number of each in `places_of(policy)`, `sex` that in SEXES;
    `held` a bit for each programme of DECIDED that is suspended or stopped (None: nobody's is).
    `unreadable`: as in `Counted`; these are not among the people."""

    facts: FactColumns
    place: NDArray[np.int16]
    sex: NDArray[np.uint8]
    held: NDArray[np.uint8] | None = None
    unreadable: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.facts)

    def take(self, people: NDArray[np.intp]) -> "People":
        held = None if self.held is None else self.held[people]
        return People(self.facts.take(people), self.place[people], self.sex[people], held)


@dataclass(frozen=True, slots=True, eq=False)
class Laws:
    """The two laws of a month, and who counts as having applied under both. Provinces whose law is the same
    share a pair of packs: `pair_of` has the place in `pairs` of each of `places`; a pair is one pack twice
    where the draft changes nothing there."""

    month: Month
    places: tuple[Place, ...]
    pairs: tuple[tuple[VectorPack, VectorPack], ...]
    pair_of: NDArray[np.intp]
    take_up: str

    @property
    def differ(self) -> bool:
        """Whether the draft says anything else than the law, of this month and anywhere."""
        return any(draft is not today for today, draft in self.pairs)


def places_of(policy: Policy) -> tuple[Place, ...]:
    """Everywhere that somebody can live: nowhere known, each province of today, each old one's territory."""
    provinces = sorted(set(policy.successions.values()))
    old = [Place(new, former) for former, new in sorted(policy.successions.items())]
    return (Place(), *map(Place, provinces), *old)


def within(places: tuple[Place, ...], people: People, province: str | None) -> People:
    """Those of the people who live in a province (None: all of them)."""
    if province is None:
        return people
    here = np.array([place.province == province for place in places])
    return people.take(np.flatnonzero(here[people.place]))


def laws_of(today: Engine, draft: Engine, month: Month, take_up: str = FULL) -> Laws:
    """Refusal `not_covered_yet` for a month before one of the two begins."""
    places = places_of(today.policy)
    found: dict[tuple[Pack, Pack], int] = {}
    pair_of = np.zeros(len(places), np.intp)
    for at, place in enumerate(places):
        of_today, of_draft = (replace(law.pack(month, place), place=Place()) for law in (today, draft))
        pair = of_today, of_draft
        pair_of[at] = found.setdefault(pair, len(found))
    pairs = []
    for of_today, of_draft in found:
        now = compile_pack(of_today, today.policy)
        pairs.append((now, now if of_draft == of_today else compile_pack(of_draft, draft.policy)))
    return Laws(month, places, tuple(pairs), pair_of, take_up)


def count(laws: Laws, people: People) -> Counted:
    """What the draft changes for these people. Exact as long as a cell's money stays below 2^53 đồng."""
    total = Counted(unreadable=people.unreadable)
    for number, who in by_place(laws.pair_of[people.place]):
        some = people if len(who) == len(people) else people.take(who)
        total = total + _count(laws, laws.pairs[number], some)
    return total


def _count(laws: Laws, pair: tuple[VectorPack, VectorPack], people: People) -> Counted:
    facts = people.facts
    if laws.take_up == FULL:
        facts = replace(facts, applied_for=np.full_like(facts.applied_for, EVERY_PROGRAMME))
    today = evaluate(pair[0], facts, traced=False)
    draft = today if pair[1] is pair[0] else evaluate(pair[1], facts, traced=False)
    today, draft = (without_held(found, people.held) for found in (today, draft))
    known = (today.undetermined == 0) & (draft.undetermined == 0)
    before, after = _paid(today) * known, _paid(draft) * known
    figures = _figures(before, after, known)
    names = _Names(pair)
    was, will = names.codes(0, today, known), names.codes(1, draft, known)
    moved = np.where(after > 0, will, was)
    provinces = [place.province or UNKNOWN for place in laws.places]
    by = {
        CATEGORY: dict.fromkeys(FIGURES, moved)
        | dict.fromkeys(("recipients_today", "today_dong"), was)
        | dict.fromkeys(("recipients_draft", "draft_dong"), will),
        PROVINCE: dict.fromkeys(FIGURES, people.place),
        AGE: dict.fromkeys(FIGURES, _age_bands(facts.birth_date, laws.month)),
        SEX: dict.fromkeys(FIGURES, people.sex),
    }
    keys = {CATEGORY: names.keys(), PROVINCE: provinces, AGE: age_keys(), SEX: list(SEXES)}
    return Counted(
        Figures(*(int(figures[name].sum()) for name in FIGURES)),
        {name: _cells(figures, by[name], keys[name]) for name in DIMENSIONS},
        0 if people.held is None else int(np.count_nonzero(people.held)),
    )


def without_held(outcomes: Outcomes, held: NDArray[np.uint8] | None) -> Outcomes:
    """What is left where programmes are suspended or stopped; `held` as in `People`."""
    if held is None or not held.any():
        return outcomes
    of_rule = [1 << DECIDED.index(rule.programme) for rule in outcomes.pack.rules]
    # The last is for NO_RULE, which is -1.
    programme = np.array([*of_rule, 0], np.uint8)[outcomes.rule]
    # Care money in the person's own hand is a programme of its own.
    programme[OWN_CARE, programme[OWN_CARE] != 0] = 1 << DECIDED.index(OWN_CARE_ALLOWANCE)
    free = (programme & held) == 0
    return replace(outcomes, award=outcomes.award * free, amount=outcomes.amount * free)


def _paid(outcomes: Outcomes) -> Wholes:
    total: Wholes = outcomes.to_person + outcomes.amount[CARER_CARE]
    return total


def _figures(before: Wholes, after: Wholes, known: Flags) -> dict[str, NDArray[Any]]:
    """Each of FIGURES, person by person."""
    return {
        "people": np.ones(len(known), np.bool_),
        "undetermined": ~known,
        "recipients_today": before > 0,
        "recipients_draft": after > 0,
        "winners": after > before,
        "losers": after < before,
        "unchanged": known & (after == before),
        "newly_entitled": (before == 0) & (after > 0),
        "no_longer_entitled": (before > 0) & (after == 0),
        "today_dong": before,
        "draft_dong": after,
        "gained_dong": np.maximum(after - before, 0),
        "lost_dong": np.maximum(before - after, 0),
    }


def _cells(
    figures: Mapping[str, NDArray[Any]], codes: Mapping[str, NDArray[Any]], keys: list[str]
) -> dict[str, Figures]:
    """The figures of each key that somebody has; keys may stand twice, and are then summed."""
    sums = {
        name: np.bincount(codes[name], weights=each, minlength=len(keys))
        if name in MONEY
        else np.bincount(codes[name][each], minlength=len(keys))
        for name, each in figures.items()
    }
    found: dict[str, Figures] = {}
    for at in np.flatnonzero(np.any([each > 0 for each in sums.values()], axis=0)):
        here = Figures(**{name: int(each[at]) for name, each in sums.items()})
        found[keys[at]] = found.get(keys[at], Figures()) + here
    return found


def age_keys() -> list[str]:
    ends = (f"-{after - 1}" for after in AGES[1:])
    return [f"{first}{end}" for first, end in zip(AGES, (*ends, "+"), strict=True)] + [UNKNOWN]


def _age_bands(born: Days, month: Month) -> NDArray[np.intp]:
    """The place in `age_keys()` of each: whole years at the end of the month."""
    youngest = np.array([day_number(latest_birth(month, age)) for age in reversed(AGES[1:])])
    bands = len(youngest) - np.searchsorted(youngest, born)
    return np.where(born == ABSENT, len(AGES), bands)


class _Names:
    """The categories of a pair of packs by number: both laws' people are counted in the same cells."""

    def __init__(self, pair: tuple[VectorPack, VectorPack]) -> None:
        clauses = [[outward(rule.clause) for rule in pack.rules] for pack in pair]
        self._words = (NONE, *sorted({*clauses[0], *clauses[1]}))
        # The last is for NO_RULE, which is -1.
        self._numbers = [np.array([*map(self._words.index, each), 0]) for each in clauses]

    def keys(self) -> list[str]:
        """What each code means: the first category beside the second, and at the end the undetermined."""
        return [*self._pairs(), UNDETERMINED]

    def codes(self, law: int, outcomes: Outcomes, known: Flags) -> NDArray[np.intp]:
        numbers = self._numbers[law]
        first, beside, own, other = (
            numbers[outcomes.rule[slot]] for slot in (FIRST, BESIDE, OWN_CARE, CARER_CARE)
        )
        first = np.where(outcomes.rule[FIRST] == NO_RULE, np.where(own > 0, own, other), first)
        return np.where(known, first * len(self._words) + beside, len(self._words) ** 2)

    def _pairs(self) -> Iterator[str]:
        for first in self._words:
            for beside in self._words:
                yield first if beside == NONE else f"{first}+{beside}"
