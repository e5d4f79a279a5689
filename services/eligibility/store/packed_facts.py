"""Facts in rows of a fixed width, as the vectorised evaluator reads them, a part of the nation at a time.

They are written beside the facts themselves, in the same transaction. What does not fit (more children than
a row holds, a case that can't be read) has no layout: whoever determines reads the facts instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np

from libs.common.kernel import id_columns
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import read
from libs.common.runtime.postgres import Connection
from services.eligibility.domain import columns
from services.eligibility.domain.case_reading import read_person
from services.eligibility.domain.columns import (
    LAYOUT,
    WORDS,
    Flags,
    Words,
    columns_of,
    day_number,
)
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.domain.history import FactsVersion
from services.eligibility.domain.standing_columns import codes

#: Of a person's children, as many as a row has room for.
CHILDREN_MAX = 4
UNREADABLE = 0
_NOBODY = UUID(int=0)
ROW = np.dtype(
    [
        ("layout", "u1"),
        ("version", "<i4"),
        ("settled_on", "<i4"),
        ("chain", "u1", (32,)),
        ("carer", "u1", (16,)),
        ("commune", "S5"),
        ("province", "S2"),
        ("former", "S2"),
        ("words", "<i4", (WORDS,)),
        ("children", "<i4", (CHILDREN_MAX,)),
    ]
)
Rows = np.ndarray[tuple[int], np.dtype[np.void]]


@dataclass(frozen=True, slots=True)
class Newest:
    """A person's newest version that counts, the chained hash over all of them, and from which day on the
    version as it stands is the state."""

    person_id: UUID
    facts: FactsVersion
    chain: bytes
    holds_from: date


async def keep_packed(connection: Connection, people: Sequence[Newest], *, where: str = "true") -> None:
    """Pack the newest facts of people, each of them once; over rows that are there only where they are so."""
    packed = pack(people)
    await connection.execute(
        "insert into packed_facts (person_id, packed) select * from unnest($1::uuid[], $2::bytea[])"
        f" on conflict (person_id) do update set packed = excluded.packed where {where}",
        [person.person_id for person in people],
        [packed[at].tobytes() for at in range(len(people))],
    )


def pack(people: Sequence[Newest]) -> Rows:
    """In the order of the people."""
    facts = [_readable(person.facts) for person in people]
    places = [person.facts.place for person in people]
    words = columns.pack(columns_of([one or PersonFacts() for one in facts]))
    rows = np.zeros(len(people), ROW)
    rows["layout"] = [UNREADABLE if one is None else LAYOUT for one in facts]
    rows["version"] = [person.facts.version for person in people]
    rows["settled_on"] = [day_number(person.holds_from) for person in people]
    rows["chain"] = np.frombuffer(b"".join(person.chain for person in people), np.uint8).reshape(-1, 32)
    carers = [person.facts.case.get("carer") for person in people]
    rows["carer"] = id_columns.of([read("per", one["person_id"]) if one else _NOBODY for one in carers])
    rows["commune"] = codes([place.commune_code for place in places], 5)
    rows["province"] = codes([place.province_code for place in places], 2)
    rows["former"] = codes([place.former_province_code for place in places], 2)
    rows["words"] = columns.with_sex(words.people, [person.facts.sex for person in people])
    rows["children"][with_children(words.people)] = words.children
    return rows


def _readable(version: FactsVersion) -> PersonFacts | None:
    case = version.case
    try:
        facts = read_person(
            case["person"], *(case.get(part) for part in ("household", "dates", "context", "carer"))
        )
    except Refusal:
        return None
    return facts if len(facts.children) <= CHILDREN_MAX else None


def with_children(words: Words) -> Flags:
    """(people, CHILDREN_MAX): which of a row's places for children are taken."""
    taken: Flags = np.arange(CHILDREN_MAX) < (words[:, 6] & 0xFFFF)[:, None]
    return taken
