"""People of one part of the nation with their facts, and what stands of their decisions, as columns.

`Days` count from 1970-01-01, ids are 16 bytes (all 0: none), codes of places are bytes, blanks after them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.byte_rows import Bytes
from services.eligibility.domain.columns import Codes, Days, FactColumns, Flags
from services.eligibility.domain.facts import (
    CARE_ALLOWANCE,
    MONTHLY_ALLOWANCE,
    NURTURE_ALLOWANCE,
    OWN_CARE_ALLOWANCE,
    SOCIAL_PENSION,
)

#: The programmes that decisions are about, by the place that stands for each.
DECIDED = (MONTHLY_ALLOWANCE, SOCIAL_PENSION, NURTURE_ALLOWANCE, CARE_ALLOWANCE, OWN_CARE_ALLOWANCE)
NOT_THERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Commune (5 bytes), province and former province (2 bytes each; blank: none)."""

    commune: NDArray[np.bytes_]
    province: NDArray[np.bytes_]
    former: NDArray[np.bytes_]

    def take(self, at: NDArray[Any]) -> "Places":
        return Places(self.commune[at], self.province[at], self.former[at])

    def same(self, other: "Places") -> Flags:
        found: Flags = (
            (self.commune == other.commune)
            & (self.province == other.province)
            & (self.former == other.former)
        )
        return found


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """`facts` are the newest state, complete for each month that ends on or after `settled_on`.

    `plain`: columns tell all of them; `facility`: whose state-paid residents they are; `carer`: who cares for
    them; `chain`: the hash of all versions; `sex`: as columns.py packs it, for who counts.
    """

    ids: Bytes
    plain: Flags
    facts_version: NDArray[np.int32]
    settled_on: Days
    places: Places
    facility: Bytes
    chain: Bytes
    carer: Bytes
    sex: Codes
    facts: FactColumns

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, at: NDArray[np.intp]) -> "People":
        return People(
            self.ids[at],
            self.plain[at],
            self.facts_version[at],
            self.settled_on[at],
            self.places.take(at),
            self.facility[at],
            self.chain[at],
            self.carer[at],
            self.sex[at],
            self.facts.take(at),
        )

    def housed(self, residents: Bytes, facilities: Bytes) -> "People":
        """With the residents' facilities; who is no resident lives in the community."""
        at = find(self.ids, residents)
        at, facilities = at[at != NOT_THERE], facilities[at != NOT_THERE]
        facility, inside = np.zeros((len(self), 16), np.uint8), np.zeros(len(self), np.bool_)
        facility[at], inside[at] = facilities, True
        return replace(self, facility=facility, facts=replace(self.facts, in_facility=inside))

    def set_apart(self, ids: Bytes) -> "People":
        """With these, as far as they are here, to be decided one by one."""
        plain, at = self.plain.copy(), find(self.ids, ids)
        plain[at[at != NOT_THERE]] = False
        return replace(self, plain=plain)


@dataclass(frozen=True, slots=True, eq=False)
class Standings:
    """What the newest decision of a person in a programme says, in the columns of a decision.

    `programme` is a place in DECIDED, or NOT_THERE for another that is `named`; `status` and `payee` are
    first letters, `payee_id` is the facility or the carer.
    """

    ids: Bytes
    named: NDArray[np.bytes_]
    programme: NDArray[np.int8]
    version: NDArray[np.int32]
    granted: Flags
    status: NDArray[np.bytes_]
    payee: NDArray[np.bytes_]
    category: NDArray[np.bytes_]
    places: Places
    hundredths: NDArray[np.int64]
    standard: NDArray[np.int64]
    amount: NDArray[np.int64]
    payee_id: Bytes

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, ids: Bytes) -> NDArray[np.intp]:
        """(programmes, people): the row of each person in each programme, or NOT_THERE."""
        people = find(ids, self.ids)
        known = (people != NOT_THERE) & (self.programme != NOT_THERE)
        rows = np.full((len(DECIDED), len(ids)), NOT_THERE, np.intp)
        rows[self.programme[known], people[known]] = np.flatnonzero(known)
        return rows


def find(ids: Bytes, wanted: Bytes) -> NDArray[np.intp]:
    """For each wanted id its place among `ids`, which are each there once; NOT_THERE where it is not."""
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), NOT_THERE, np.intp)
    there, keys = _ends(ids), _ends(wanted)
    order = np.argsort(there)
    if (np.diff(there[order].view(np.int64)) == 0).any():
        there, keys = _wholes(ids), _wholes(wanted)
        order = np.argsort(there)
    # In their order, as the next is then near the last: a fifth of the time.
    asked, at = np.argsort(keys), np.empty(len(keys), np.intp)
    at[asked] = np.searchsorted(there[order], keys[asked])
    at = order[np.minimum(at, len(ids) - 1)]
    return np.where((ids[at] == wanted).all(axis=1), at, NOT_THERE)


def _ends(ids: Bytes) -> NDArray[Any]:
    """The last eight bytes, which chance has made: as good as the whole, and sorted sooner."""
    return np.ascontiguousarray(ids[:, 8:]).view(np.uint64).reshape(-1)


def beginnings(ids: Bytes) -> NDArray[np.uint64]:
    """The first eight bytes as numbers, in whose order indexes have ids."""
    return np.ascontiguousarray(ids[:, :8]).view(">u8").reshape(-1).astype(np.uint64)


def _wholes(ids: Bytes) -> NDArray[Any]:
    return np.ascontiguousarray(ids).view("S16").reshape(-1)


def codes(texts: Sequence[str | None], width: int) -> NDArray[np.bytes_]:
    """Codes of places as the columns have them."""
    return np.array([(text or "").ljust(width).encode() for text in texts], f"S{width}")
