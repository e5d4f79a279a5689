"""Take in a list of what another authority decided: right rows become decisions, wrong ones are told."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.foreign_decisions import Version, row_id, versions
from services.eligibility.domain.foreign_lists import ForeignDecision, read_list

#: Whose decision it is: a person and a programme.
Key = tuple[UUID, str]
_UNKNOWN = (
    "Không có người này trong địa bàn của tài khoản.",
    "There is no such person in the account's territory.",
)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that an earlier list had, and the decision that it became."""

    row: ForeignDecision
    decision_id: UUID


@dataclass(frozen=True, slots=True)
class Known:
    """Of the people of a list: where those live whom the caller may see; of each key the rows of earlier
    lists in the order in which they came, and the last version."""

    places: Mapping[UUID, Place]
    rows: Mapping[Key, Sequence[KeptRow]]
    last_version: Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class NewRow:
    row: ForeignDecision
    row_id: UUID
    decision_id: UUID
    place: Place


@dataclass(frozen=True, slots=True)
class ListTaken:
    """`decision_ids`: what the rows that are right became, in their order, `recorded` of them now."""

    list_hash: str
    rows: int
    recorded: int
    decision_ids: tuple[UUID, ...]
    errors: tuple[FieldError, ...]


class ForeignWork(Protocol):
    """One import; another one waits until it ends."""

    async def known(self, people: Collection[UUID], territory: str | None) -> Known: ...

    async def record(
        self, rows: Sequence[NewRow], found: Sequence[Version], list_hash: str, sub: str
    ) -> None:
        """Rows, decisions and their events."""


class ForeignWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[ForeignWork]: ...


class TakeForeignList:
    """`elsewhere`: the programmes that others decide."""

    def __init__(self, works: ForeignWorks, elsewhere: Collection[str], clock: Clock) -> None:
        self._works = works
        self._elsewhere = elsewhere
        self._clock = clock

    async def __call__(self, text: str, sub: str, territory: str | None) -> ListTaken:
        """Refusal `case_invalid` where it is no such table. A list that came before changes nothing."""
        today = self._clock.business_date()
        list_hash = sha256(text.encode()).hexdigest()
        found = await asyncio.to_thread(read_list, text, self._elsewhere, today)
        async with self._works() as work:
            known = await work.known({row.person for row in found.decisions}, territory)
            here = [row for row in found.decisions if row.person in known.places]
            new, made = await asyncio.to_thread(_changes, here, known, Month.of(today))
            await work.record(new, made, list_hash, sub)
        ids = {kept.row: kept.decision_id for rows in known.rows.values() for kept in rows}
        ids |= {one.row: one.decision_id for one in new}
        unknown = tuple(
            FieldError(f"rows[{number}].person_id", "unknown", *_UNKNOWN)
            for number, row in zip(found.numbers, found.decisions, strict=True)
            if row.person not in known.places
        )
        decided = tuple(ids[row] for row in here)
        return ListTaken(list_hash, found.rows, len(new), decided, found.errors + unknown)


def _changes(
    rows: Sequence[ForeignDecision], known: Known, month: Month
) -> tuple[list[NewRow], list[Version]]:
    """The rows that no earlier list had, and the versions that they call for."""
    new: list[NewRow] = []
    made: list[Version] = []
    of_key: dict[Key, list[ForeignDecision]] = {}
    for row in rows:
        of_key.setdefault((row.person, row.programme), []).append(row)
    for key, said in of_key.items():
        before = [kept.row for kept in known.rows.get(key, ())]
        added = [row for row in said if row not in before]
        if not added:
            continue
        place = known.places[key[0]]
        found = versions(before, added, known.last_version.get(key, 0), place, month)
        begins = {(one.row_id, one.decision.effective_from): one.decision.decision_id for one in found}
        ids = [row_id(row) for row in added]
        new += [
            NewRow(row, one, begins[one, row.from_month], place) for one, row in zip(ids, added, strict=True)
        ]
        made += found
    return new, made
