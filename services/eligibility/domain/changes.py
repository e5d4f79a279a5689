"""What a month's law changes for many people at once: who keeps what they have, whose decision differs.

The same as usecases/determine.py finds person by person, for those of whom columns tell all: standing
recipients under a signature, and whoever is to have what they have. The rest (`one_by_one`) are few:
applicants whose decision differs, proposals that wait, facts that change within the month, facts that do not
fit into a row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.months import Month
from services.eligibility.domain.columns import ABSENT, PROGRAMMES, Days, Flags, day_number
from services.eligibility.domain.decisions import OUTWARD
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE
from services.eligibility.domain.packs import Place
from services.eligibility.domain.standing_columns import (
    DECIDED,
    NOT_THERE,
    People,
    Places,
    Standings,
)
from services.eligibility.domain.vectorised import (
    BESIDE,
    CARER_CARE,
    FIRST,
    NO_RULE,
    OWN_CARE,
    Outcomes,
    VectorPack,
    by_place,
    evaluate,
)

#: The pack of a place in the month; None where the policy does not hold the law of the month.
PackOf = Callable[[Place], VectorPack | None]

CATEGORY_BYTES = 32
_NONE = b"none".ljust(CATEGORY_BYTES)
_ALLOWANCE, _PENSION, _NURTURE, _CARE, _OWN_CARE = range(len(DECIDED))
#: For each of DECIDED the line that tells of it: of the allowance, pension or nurture a person has one.
_MAIN, _CARERS, _OWN = range(3)
LINE_OF = (_MAIN, _MAIN, _MAIN, _CARERS, _OWN)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """What is said of each of some people: `programme` is a place in DECIDED, or NOT_THERE for nothing; the
    others are the columns of `Terms`."""

    programme: NDArray[np.int8]
    granted: Flags
    category: NDArray[np.bytes_]
    hundredths: NDArray[np.int64]
    standard: NDArray[np.int64]
    amount: NDArray[np.int64]
    payee: NDArray[np.bytes_]
    payee_id: Bytes

    def take(self, at: NDArray[np.intp]) -> "Lines":
        return Lines(*(getattr(self, each.name)[at] for each in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Decisions to be made: of which person, the version of its programme, and what it says."""

    person: NDArray[np.intp]
    version: NDArray[np.int32]
    decided_on: Days
    lines: Lines

    def __len__(self) -> int:
        return len(self.person)

    def take(self, at: NDArray[np.intp]) -> "Changes":
        return Changes(self.person[at], self.version[at], self.decided_on[at], self.lines.take(at))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Of the people given, by their places: those of whom decisions change, those without an answer, those
    to be decided one by one; and how many of the others the month grants something or nothing."""

    changes: Changes
    undetermined: NDArray[np.intp]
    one_by_one: NDArray[np.intp]
    granted: int
    refused: int


def changes(people: People, standings: Standings, pack_of: PackOf, month: Month, today: int) -> Found:
    """`today` in days since 1970-01-01."""
    facts, rows = people.facts, standings.rows_of(people.ids)
    receiving = facts.already_receiving & (facts.decision_signed_on != ABSENT)
    said, undetermined = lines_of(people, pack_of, today)
    has_something = np.logical_or.reduce([line.granted for line in said])
    nothing = ~has_something & ~_any_stands(rows, standings.granted)
    # Nothing is proposed for who never asked and of whom nothing stands.
    concerned = (_asked(people) != NOT_THERE) | facts.in_facility | (rows != NOT_THERE).any(axis=0)
    differ, end = [], np.zeros(len(people), np.bool_)
    for number, line in enumerate(LINE_OF):
        differs, ends = _differs(number, people, standings, rows[number], said[line], nothing)
        differ.append(differs & concerned)
        end |= ends
    alone = ~people.plain | (people.settled_on > day_number(month.last_day))
    alone |= _any_stands(rows, standings.status == b"p")
    # Who loses the ground within the month has it to the month's end, by the facts of the month before.
    alone |= (people.facts_version > 1) & end
    alone |= np.logical_or.reduce(differ) & ~receiving & ~undetermined
    decided = ~alone & ~undetermined
    parts = []
    for number, differs in enumerate(differ):
        these = np.flatnonzero(differs & decided)
        parts.append(_changes(number, these, people, standings, rows[number, these], said[LINE_OF[number]]))
    granted = int(np.count_nonzero(decided & has_something))
    return Found(
        _joined(parts),
        np.flatnonzero(undetermined & ~alone),
        np.flatnonzero(alone),
        granted,
        int(np.count_nonzero(decided)) - granted,
    )


def lines_of(people: People, pack_of: PackOf, signed_on: int | Days) -> tuple[list[Lines], Flags]:
    """What the month grants each of the people, in the lines of LINE_OF, and of whom the policy has no
    answer. Applications are determined as if signed on `signed_on`."""
    said, undetermined = [_nothing(len(people)) for _ in range(3)], np.zeros(len(people), np.bool_)
    facts = people.facts
    # A proposal as if signed today: that is what its signature will make of it.
    applied = (facts.application_received_on != ABSENT) & ~facts.already_receiving
    facts = replace(
        facts, decision_signed_on=np.where(applied, np.asarray(signed_on, np.int32), facts.decision_signed_on)
    )
    for these, pack in at_places(people.places, pack_of):
        if pack is None:
            undetermined[these] = True
            continue
        found = evaluate(pack, facts.take(these), traced=False)
        undetermined[these] = found.undetermined > 0
        _say(said[_MAIN], these, pack, found, (FIRST, BESIDE))
        _say(said[_CARERS], these, pack, found, (CARER_CARE,))
        _say(said[_OWN], these, pack, found, (OWN_CARE,))
    main, carers = said[_MAIN], said[_CARERS]
    for line, number, payee, ids in (
        (main, _NURTURE, b"f", people.facility),
        (carers, _CARE, b"c", people.carer),
    ):
        paid = np.flatnonzero(line.programme == number)
        line.payee[paid], line.payee_id[paid] = payee, ids[paid]
    own = said[_OWN].programme
    own[own == _CARE] = _OWN_CARE
    return said, undetermined


def at_places(places: Places, pack_of: PackOf) -> Iterator[tuple[NDArray[np.intp], VectorPack | None]]:
    """Those of all places that have the same law, with its pack."""
    if not len(places.province):
        return
    names, numbers = np.unique(np.char.add(places.province, places.former), return_inverse=True)
    packs = [pack_of(_place(name)) for name in names]
    first = {id(pack): number for number, pack in reversed(list(enumerate(packs)))}
    law = np.array([first[id(pack)] for pack in packs])
    for number, these in by_place(law[numbers]):
        yield these, packs[number]


def _place(key: bytes) -> Place:
    province, former = key[:2].decode().strip(), key[2:].decode().strip()
    return Place(province or None, former or None)


def _say(
    said: Lines, these: NDArray[np.intp], pack: VectorPack, found: Outcomes, slots: tuple[int, ...]
) -> None:
    """What some of the slots of awards give these people; benefits paid together are one line."""
    first = found.rule[slots[0]].astype(np.int32)
    beside = found.rule[slots[1]].astype(np.int32) if len(slots) > 1 else np.full(len(first), NO_RULE)
    pairs, place = np.unique(first * 512 + beside + 1, return_inverse=True)
    texts, programmes, standards = [], [], []
    for one, other in (divmod(int(pair), 512) for pair in pairs):
        awarded = [pack.rules[at] for at in (one, other - 1) if at != NO_RULE] if one != NO_RULE else []
        texts.append("+".join(OUTWARD.get(rule.clause, rule.clause) for rule in awarded) or "none")
        programmes.append(DECIDED.index(awarded[0].programme) if awarded else NOT_THERE)
        standards.append(awarded[0].standard.dong if awarded else 0)
    said.programme[these] = np.array(programmes, np.int8)[place]
    said.granted[these] = said.programme[these] != NOT_THERE
    padded = [text.encode().ljust(CATEGORY_BYTES) for text in texts]
    said.category[these] = np.array(padded, f"S{CATEGORY_BYTES}")[place]
    said.hundredths[these] = sum(found.hundredths[slot] for slot in slots)
    said.standard[these] = np.array(standards, np.int64)[place]
    said.amount[these] = sum(found.amount[slot] for slot in slots)


def _nothing(size: int) -> Lines:
    """Of so many people that nothing is granted."""
    return Lines(
        np.full(size, NOT_THERE, np.int8),
        np.zeros(size, np.bool_),
        np.full(size, _NONE),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.full(size, b"s"),
        np.zeros((size, 16), np.uint8),
    )


def _differs(
    number: int,
    people: People,
    standings: Standings,
    rows: NDArray[np.intp],
    said: Lines,
    nothing: Flags,
) -> tuple[Flags, Flags]:
    """Whose decision in a programme must say something else: it is granted on other terms than stand, it
    ends, or nothing at all is granted to who asked, which is a refusal. And whose grant ends."""
    there, stands = said.programme == number, rows != NOT_THERE
    found, ends = there & ~stands, np.zeros(len(people), np.bool_)
    both = np.flatnonzero(there & stands)
    found[both] = ~_same(said.take(both), people.places.take(both), standings, rows[both])
    rest = np.flatnonzero(~there & stands)
    ends[rest] = standings.granted[rows[rest]]
    asked = np.flatnonzero(nothing & (_asked(people) == number))
    refused = asked[stands[asked]]
    found[asked] = True
    found[refused] = ~people.places.take(refused).same(standings.places.take(rows[refused]))
    return found | ends, ends


def _asked(people: People) -> NDArray[np.int8]:
    """The programme that a refusal is about; NOT_THERE of who never asked (`PersonFacts.asked`)."""
    facts = people.facts
    dated = (facts.application_received_on != ABSENT) | (facts.decision_signed_on != ABSENT)
    allowance = (facts.applied_for >> PROGRAMMES.index(MONTHLY_ALLOWANCE) & 1).astype(np.bool_)
    asked = np.where(facts.in_facility, _NURTURE, np.where(allowance, _ALLOWANCE, _PENSION))
    return np.where(facts.already_receiving | dated, asked, NOT_THERE).astype(np.int8)


def _same(said: Lines, places: Places, standings: Standings, rows: NDArray[np.intp]) -> Flags:
    same: Flags = (
        (said.granted == standings.granted[rows])
        & (said.category == standings.category[rows])
        & (said.hundredths == standings.hundredths[rows])
        & (said.standard == standings.standard[rows])
        & (said.amount == standings.amount[rows])
        & (said.payee == standings.payee[rows])
        & (said.payee_id == standings.payee_id[rows]).all(axis=1)
    )
    also_there: Flags = same & places.same(standings.places.take(rows))
    return also_there


def _any_stands(rows: NDArray[np.intp], flags: Flags) -> Flags:
    """Of whom something stands, in any programme, that is flagged."""
    found: Flags = np.logical_or.reduce([(of != NOT_THERE) & np.append(flags, False)[of] for of in rows])
    return found


def _changes(
    number: int,
    these: NDArray[np.intp],
    people: People,
    standings: Standings,
    rows: NDArray[np.intp],
    said: Lines,
) -> Changes:
    """The next version in a programme of each of these people; a refusal where nothing is granted in it."""
    lines = said.take(these)
    refused = np.flatnonzero(lines.programme != number)
    for column, nothing in zip(_columns(lines), _columns(_nothing(len(refused))), strict=True):
        column[refused] = nothing
    lines.programme[:] = number
    before = np.append(standings.version, np.int32(0))[rows]
    return Changes(these, before + np.int32(1), people.facts.decision_signed_on[these], lines)


def _columns(lines: Lines) -> list[NDArray[Any]]:
    return [getattr(lines, each.name) for each in fields(lines)]


def _joined(parts: list[Changes]) -> Changes:
    """In the order of the people."""
    columns = zip(*(_columns(part.lines) for part in parts), strict=True)
    joined = Changes(
        np.concatenate([part.person for part in parts]),
        np.concatenate([part.version for part in parts]),
        np.concatenate([part.decided_on for part in parts]),
        Lines(*(np.concatenate(of) for of in columns)),
    )
    return joined.take(np.argsort(joined.person, kind="stable"))
