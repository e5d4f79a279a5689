"""Facts of many people as columns: what the vectorised evaluator reads, and how they are stored.

`FactColumns` has the fields of `PersonFacts` by the same names, one array a field:

- a date is an int32 of days since 1970-01-01, `ABSENT` where it is not given;
- a code is a uint8, the place of its value in `CODES`;
- yes or no is a bool; money (đồng) and counts are int64; `applied_for` has a bit for each of `PROGRAMMES`;
- children lie behind one another: those of person i are `first_child[i]` to `first_child[i + 1]`.

The packed form (`pack`, `unpack`) is for storing and shipping: `WORDS` int32 a person, one a child.

| word | what |
|---|---|
| 0 | `birth_date` |
| 1 | codes, yes-or-no facts and programmes, from the lowest bit in the order of `BITS`; above them the sex |
| 2 | `pension_dong_monthly`, at most `PENSION_MAX` |
| 3, 4, 5 | `disability_certificate_on`, `application_received_on`, `decision_signed_on` |
| 6 | how many children follow (16 bits); above them `children_under_36_months`, at most `COUNT_MAX` |
| a child's | days of `birth_date` times 4; bit 1 `studying`, bit 0 `study_continuous` |

The sex is no fact of `FactColumns`, as no law asks for it: who counts people adds it to their words
(`with_sex`, `sex_of`), where two bits were free and say *not known* in words without it.

Whoever stores packed facts stores `LAYOUT` beside them: it changes with anything said here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.eligibility.domain.facts import (
    AREAS,
    CARERS,
    CHILD_SITUATIONS,
    DEGREES,
    MARITAL,
    MONTHLY_ALLOWANCE,
    POVERTY,
    SOCIAL_PENSION,
    Child,
    PersonFacts,
)

Days = NDArray[np.int32]
Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Wholes = NDArray[np.int64]
Words = NDArray[np.int32]

LAYOUT = 1
WORDS = 7
#: The day that stands for none. No date comes near it.
ABSENT = -(2**31)
#: Above every amount that a rule compares with, so that what is cut off changes no answer.
PENSION_MAX = 2**31 - 1
COUNT_MAX = 2**15 - 1
PROGRAMMES = (MONTHLY_ALLOWANCE, SOCIAL_PENSION)
#: The values that each code stands for, by its place; None: not given.
CODES: dict[str, tuple[object, ...]] = {
    "poverty_status": POVERTY,
    "area": AREAS,
    "disability_degree": DEGREES,
    "marital_status": (None, *MARITAL),
    "child_situation": (None, *CHILD_SITUATIONS),
    "carer": (None, *CARERS),
}
FLAGS = (
    "hiv_positive",
    "received_as_child_without_support",
    "studying",
    "study_continuous",
    "single_parent",
    "has_family_supporter",
    "has_stable_income",
    "pregnant",
    "care_drawn_by_spouse",
    "cannot_live_in_community",
    "eligible_for_facility",
    "fostered_in_community",
    "in_facility",
    "already_receiving",
)
DAYS = ("birth_date", "disability_certificate_on", "application_received_on", "decision_signed_on")
WHOLES = ("pension_dong_monthly", "children_under_36_months")
#: Word 1: each fact and its width in bits; 30 in all.
BITS: tuple[tuple[str, int], ...] = (
    ("poverty_status", 2),
    ("area", 1),
    ("disability_degree", 2),
    ("marital_status", 3),
    ("child_situation", 4),
    ("carer", 2),
    *((name, 1) for name in FLAGS),
    ("applied_for", len(PROGRAMMES)),
)
_OF_PERSON = (*DAYS, *CODES, *FLAGS, *WHOLES, "applied_for")
_OF_CHILD = ("birth_date", "studying", "study_continuous")
_DAY_WORDS = dict(zip(DAYS, (0, 3, 4, 5), strict=True))
_EPOCH = date(1970, 1, 1).toordinal()
#: By the two highest bits of word 1.
PACKED_SEXES = (None, "female", "male")
_SEX_SHIFT = 30


@dataclass(frozen=True, slots=True, eq=False)
class ChildColumns:
    birth_date: Days
    studying: Flags
    study_continuous: Flags


@dataclass(frozen=True, slots=True, eq=False)
class FactColumns:
    """Facts of people; each array has an entry for each of them, `first_child` one more."""

    birth_date: Days
    disability_certificate_on: Days
    application_received_on: Days
    decision_signed_on: Days
    poverty_status: Codes
    area: Codes
    disability_degree: Codes
    marital_status: Codes
    child_situation: Codes
    carer: Codes
    hiv_positive: Flags
    received_as_child_without_support: Flags
    studying: Flags
    study_continuous: Flags
    single_parent: Flags
    has_family_supporter: Flags
    has_stable_income: Flags
    pregnant: Flags
    care_drawn_by_spouse: Flags
    cannot_live_in_community: Flags
    eligible_for_facility: Flags
    fostered_in_community: Flags
    in_facility: Flags
    already_receiving: Flags
    pension_dong_monthly: Wholes
    children_under_36_months: Wholes
    applied_for: Codes
    children: ChildColumns
    first_child: Wholes

    def __len__(self) -> int:
        return len(self.birth_date)

    def part(self, first: int, last: int) -> "FactColumns":
        """The people from `first` up to but not including `last`, without copying."""
        of_people, children = slice(first, last), slice(self.first_child[first], self.first_child[last])
        return FactColumns(
            **{name: getattr(self, name)[of_people] for name in _OF_PERSON},
            children=ChildColumns(**{name: getattr(self.children, name)[children] for name in _OF_CHILD}),
            first_child=self.first_child[first : last + 1] - self.first_child[first],
        )

    def take(self, people: NDArray[np.intp]) -> "FactColumns":
        """The people at these places, in this order, with their children."""
        counts = np.diff(self.first_child)[people]
        first = _first_child(counts)
        # The place of each child: counted on from its own person's first one.
        of_children = np.arange(first[-1]) + np.repeat(self.first_child[people] - first[:-1], counts)
        return FactColumns(
            **{name: getattr(self, name)[people] for name in _OF_PERSON},
            children=ChildColumns(**{name: getattr(self.children, name)[of_children] for name in _OF_CHILD}),
            first_child=first,
        )


@dataclass(frozen=True, slots=True, eq=False)
class PackedFacts:
    """`people`: (N, WORDS) int32; `children`: int32, a word a child, those of each person in turn."""

    people: NDArray[np.int32]
    children: NDArray[np.int32]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def code_of(fact: str, value: object) -> int:
    """The code of a fact's value. KeyError for a fact, ValueError for a value that has none."""
    return CODES[fact].index(value)


def columns_of(people: Sequence[PersonFacts]) -> FactColumns:
    children = [child for person in people for child in person.children]
    columns: dict[str, Any] = {
        **{name: _days([getattr(person, name) for person in people]) for name in DAYS},
        **{name: np.array([getattr(person, name) for person in people], np.bool_) for name in FLAGS},
        **{name: np.array([getattr(person, name) for person in people], np.int64) for name in WHOLES},
    }
    for name, values in CODES.items():
        codes = {value: code for code, value in enumerate(values)}
        columns[name] = np.array([codes[getattr(person, name)] for person in people], np.uint8)
    bits = {programme: 1 << bit for bit, programme in enumerate(PROGRAMMES)}
    return FactColumns(
        **columns,
        applied_for=np.array([sum(bits[one] for one in person.applied_for) for person in people], np.uint8),
        children=ChildColumns(
            _days([child.birth_date for child in children]),
            np.array([child.studying for child in children], np.bool_),
            np.array([child.study_continuous for child in children], np.bool_),
        ),
        first_child=_first_child(np.array([len(person.children) for person in people], np.int64)),
    )


def row(columns: FactColumns, index: int) -> PersonFacts:
    """The facts of one of the people, as they went into `columns_of`."""
    own = columns.children
    children = tuple(
        Child(
            date.fromordinal(int(own.birth_date[at]) + _EPOCH),
            bool(own.studying[at]),
            bool(own.study_continuous[at]),
        )
        for at in range(columns.first_child[index], columns.first_child[index + 1])
    )
    facts: dict[str, Any] = {
        **{name: date_of(int(getattr(columns, name)[index])) for name in DAYS},
        **{name: bool(getattr(columns, name)[index]) for name in FLAGS},
        **{name: int(getattr(columns, name)[index]) for name in WHOLES},
        **{name: values[getattr(columns, name)[index]] for name, values in CODES.items()},
    }
    applied = int(columns.applied_for[index])
    programmes = frozenset(one for bit, one in enumerate(PROGRAMMES) if applied >> bit & 1)
    return PersonFacts(**facts, children=children, applied_for=programmes)


def pack(columns: FactColumns) -> PackedFacts:
    words = np.empty((len(columns), WORDS), np.int32)
    for name, word in _DAY_WORDS.items():
        words[:, word] = getattr(columns, name)
    bits, shift = np.zeros(len(columns), np.int32), 0
    for name, width in BITS:
        bits |= getattr(columns, name).astype(np.int32) << shift
        shift += width
    words[:, 1] = bits
    words[:, 2] = np.minimum(columns.pension_dong_monthly, PENSION_MAX)
    under_36_months = np.minimum(columns.children_under_36_months, COUNT_MAX)
    words[:, 6] = np.diff(columns.first_child) | under_36_months << 16
    own = columns.children
    children = own.birth_date * np.int32(4) + own.studying * np.int32(2) + own.study_continuous
    return PackedFacts(words, children.astype(np.int32))


def unpack(packed: PackedFacts) -> FactColumns:
    words = packed.people
    columns: dict[str, Any] = {name: words[:, word].copy() for name, word in _DAY_WORDS.items()}
    bits, shift = words[:, 1].copy(), 0
    for name, width in BITS:
        kind = np.bool_ if name in FLAGS else np.uint8
        columns[name] = (bits >> shift & (1 << width) - 1).astype(kind)
        shift += width
    return FactColumns(
        **columns,
        pension_dong_monthly=words[:, 2].astype(np.int64),
        children_under_36_months=(words[:, 6] >> 16).astype(np.int64),
        children=ChildColumns(
            packed.children >> 2,
            (packed.children & 2).astype(np.bool_),
            (packed.children & 1).astype(np.bool_),
        ),
        first_child=_first_child(words[:, 6] & 0xFFFF),
    )


def with_sex(words: Words, sexes: Sequence[str | None]) -> Words:
    """The words of people with their sex."""
    codes = np.array([PACKED_SEXES.index(sex) for sex in sexes], np.uint32)
    told = words.copy()
    told[:, 1] |= (codes << np.uint32(_SEX_SHIFT)).view(np.int32)
    return told


def sex_of(words: Words) -> Codes:
    """The place in PACKED_SEXES of each."""
    return (np.ascontiguousarray(words[:, 1]).view(np.uint32) >> np.uint32(_SEX_SHIFT)).astype(np.uint8)


def _first_child(counts: NDArray[Any]) -> Wholes:
    first = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    return first


def _days(days: Sequence[date | None]) -> Days:
    return np.array([ABSENT if day is None else day.toordinal() - _EPOCH for day in days], np.int32)


def date_of(day: int) -> date | None:
    """The day of a number of `day_number`; None for ABSENT."""
    """The inverse of `day_number`, None for ABSENT."""
    return None if day == ABSENT else date.fromordinal(day + _EPOCH)
