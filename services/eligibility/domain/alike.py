"""Changed decisions in groups of which all texts have one width, so that they are written as matrices."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel import id_columns
from libs.common.kernel.byte_rows import Bytes, beside, digits, numerals, of_texts
from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.bases import Bases
from services.eligibility.domain.changes import Changes
from services.eligibility.domain.columns import date_of
from services.eligibility.domain.decisions import (
    CARER,
    CONFIRMED,
    FACILITY,
    GRANTED,
    REFUSED,
    SELF,
    Decision,
    Place,
    Terms,
)
from services.eligibility.domain.standing_columns import DECIDED, People, Places

_PAYEES = {payee[:1].encode(): payee for payee in (SELF, FACILITY, CARER)}
_BLANK = ord(" ")


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Decisions of one programme, outcome, category and payee, whose numbers have as many digits each.

    `sample` is the first of them; `former`, `resident`: whether these have a former province, a facility.
    """

    month: Month
    changes: Changes
    ids: Bytes
    people: Bytes
    places: Places
    facilities: Bytes
    facts_version: NDArray[np.int32]
    former: bool
    resident: bool
    bases: Bases
    sample: Decision

    def __len__(self) -> int:
        return len(self.ids)


def alike(changes: Changes, people: People, bases: Bases, month: Month) -> Iterator[Alike]:
    """All of the changes, in groups; within one in their order. `people` are those they are about."""
    lines, places = changes.lines, people.places.take(changes.person)
    residents = people.facility[changes.person].any(axis=1)
    _, categories = np.unique(lines.category, return_inverse=True)
    key = np.zeros(len(changes), np.int64)
    for column, values in (
        (lines.programme, len(DECIDED)),
        (lines.granted, 2),
        (lines.payee != b"s", 2),
        (residents, 2),
        (bases.width, 1 << 8),
        (places.former != b"  ", 2),
        (_shorter(places.commune), 2),
        (digits(changes.version), 20),
        (digits(lines.hundredths), 20),
        (digits(lines.standard), 20),
        (digits(lines.amount), 20),
        (categories, int(categories.max(initial=0)) + 1),
    ):
        key = key * values + column
    order = np.argsort(key, kind="stable")
    _, first = np.unique(key[order], return_index=True)
    for at in np.split(order, first[1:]) if len(order) else ():
        yield _group(changes.take(at), people, places.take(at), bases.take(at), month)


def _shorter(communes: NDArray[np.bytes_]) -> NDArray[np.bool_]:
    last: NDArray[np.bool_] = of_texts(communes, 5)[:, 4] == _BLANK
    return last


def _group(changes: Changes, people: People, places: Places, bases: Bases, month: Month) -> Alike:
    lines, ids = changes.lines, people.ids[changes.person]
    programme = DECIDED[lines.programme[0]]
    own = _ids(ids, programme, changes)
    payee = _PAYEES[bytes(lines.payee[0])]
    codes = (bytes(of[0]).decode().strip() for of in (places.commune, places.province, places.former))
    commune, province, former = codes
    decided_on = date_of(int(changes.decided_on[0]))
    assert decided_on, "whose decision changes here receives under a signature"
    sample = Decision(
        decision_id=id_columns.uuids(own[:1])[0],
        person_id=id_columns.uuids(ids[:1])[0],
        version=int(changes.version[0]),
        programme=programme,
        status=CONFIRMED,
        effective_from=month,
        pays_from=month,
        terms=Terms(
            outcome=GRANTED if lines.granted[0] else REFUSED,
            category=bytes(lines.category[0]).decode().strip(),
            coefficient=Coefficient(int(lines.hundredths[0])),
            standard=Dong(int(lines.standard[0])),
            amount=Dong(int(lines.amount[0])),
            payee=payee,
            facility_id=id_columns.uuids(lines.payee_id[:1])[0] if payee == FACILITY else None,
            payee_person_id=id_columns.uuids(lines.payee_id[:1])[0] if payee == CARER else None,
            place=Place(commune, province, former or None),
        ),
        decided_on=decided_on,
    )
    facilities, versions = people.facility[changes.person], people.facts_version[changes.person]
    about = (changes, own, ids, places, facilities, versions)
    return Alike(month, *about, bool(former), bool(facilities[0].any()), bases, sample)


def _ids(people: Bytes, programme: str, changes: Changes) -> Bytes:
    """`decisions.decision_id` of each."""
    pieces = (
        b"decision\x1f",
        id_columns.texts(people),
        f"\x1f{programme}\x1f".encode(),
        numerals(changes.version),
    )
    return id_columns.derived(beside(pieces, len(people)))
