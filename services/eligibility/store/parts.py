"""A part of the nation in one transaction: people and what stands in columns, changes in rows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.byte_rows import Bytes, beside, of_texts
from libs.common.kernel.id_columns import uuids
from libs.common.runtime import outbox
from libs.common.runtime.binary_copy import EPOCH_DAYS, Field, copy_in, copy_out, number, numbers, rows
from libs.common.runtime.outbox import EventRows
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.alike import Alike, alike
from services.eligibility.domain.bases import Bases
from services.eligibility.domain.changes import Changes
from services.eligibility.domain.columns import day_number
from services.eligibility.domain.policy import Policy
from services.eligibility.domain.standing_columns import DECIDED, NOT_THERE, People, Places, Standings, find
from services.eligibility.store import determinations, jobs
from services.eligibility.store.determinations import ToEvents
from services.eligibility.store.packed_people import read_people
from services.eligibility.usecases.ports import Outcome, Subject
from services.eligibility.usecases.redetermine import Counts, Task

EventsOf = Callable[[Alike], EventRows]

#: What `says` makes of a decision, in the migration that made `standing`.
_SAYS = np.dtype(
    [
        ("programme", "S20"),
        ("outcome", "S1"),
        ("status", "S1"),
        ("payee", "S1"),
        ("category", "S32"),
        ("commune", "S5"),
        ("province", "S2"),
        ("former", "S2"),
        ("hundredths", ">i4"),
        ("standard", ">i8"),
        ("amount", ">i8"),
        ("decided_on", ">i4"),
        ("effective_from", ">i4"),
        ("payee_id", "u1", (16,)),
    ]
)
#: Many, as each group of alike ones among so many decisions costs something of its own.
_AT_ONCE = 32_768
#: From this share of a part on its table of what stands is written anew, and not changed row by row.
_ANEW_FROM = 0.25


class Parts:
    """Transactions on parts."""

    def __init__(
        self, database: Database, policy_in_use: str, to_events: ToEvents, events_of: EventsOf
    ) -> None:
        self._database = database
        self._policy_in_use = policy_in_use
        self._to_events = to_events
        self._events_of = events_of

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._policy_in_use, self._to_events, self._events_of)


class _Work:
    def __init__(
        self, connection: Connection, policy_in_use: str, to_events: ToEvents, events_of: EventsOf
    ) -> None:
        self._connection = connection
        self._policy_in_use = policy_in_use
        self._to_events = to_events
        self._events_of = events_of
        self._stands: _Stands | None = None

    async def claim(self, part: int) -> Task | None:
        return await jobs.claim(self._connection, part, self._policy_in_use)

    async def done(self, task: Task, counts: Counts) -> None:
        await jobs.done(self._connection, task, counts)

    async def people(self, task: Task) -> People:
        everybody = await read_people(self._connection, task.part, task.month)
        people = await asyncio.to_thread(task.scope.of, everybody)
        await determinations.forget_undetermined(self._connection, task.part, task.month, people.ids)
        return people

    async def standings(self, task: Task) -> Standings:
        self._stands = await _read_standing(self._connection, task.part)
        return self._stands.said

    async def write(self, task: Task, policy: Policy, people: People, changes: Changes, bases: Bases) -> None:
        """Decisions and their events, and what stands by them. The part's own tables are written, so that
        no trigger has to find out what is known here."""
        told: list[Bytes] = []
        made = _Made([], [], [])
        for first in range(0, len(changes), _AT_ONCE):
            at = np.arange(first, min(first + _AT_ONCE, len(changes)))
            making = asyncio.to_thread(self._rows, task, policy, people, changes.take(at), bases.take(at))
            # While these rows are made those before them are written.
            made, _ = await asyncio.gather(making, self._append(task, made))
            told += made.says
        await self._append(task, made)
        await self._keep_standing(task, people, changes, told)

    async def _append(self, task: Task, made: "_Made") -> None:
        if made.decisions:
            await copy_in(self._connection, f"decision_{task.part:d}", _DECISION, made.decisions)
            await outbox.append_rows(self._connection, made.events)

    async def subjects(self, task: Task, people: Bytes) -> list[Subject]:
        found: list[Subject] = await determinations.subjects(
            self._connection, task.part, uuids(people), task.month
        )
        return found

    async def record(self, task: Task, outcome: Outcome) -> None:
        """What was decided one by one."""
        await determinations.insert(self._connection, outcome.recorded, self._to_events)
        await determinations.insert_undetermined(self._connection, task.month, outcome.undetermined)
        await determinations.insert_findings(self._connection, outcome.findings)

    def _rows(self, task: Task, policy: Policy, people: People, changes: Changes, bases: Bases) -> "_Made":
        made = _Made([], [], [])
        for group in alike(changes, people, bases, task.month):
            made.decisions.append(_decision_rows(group, policy))
            made.says.append(_standing_rows(group))
            made.events.append(self._events_of(group))
        return made

    async def _keep_standing(
        self, task: Task, people: People, changes: Changes, told: Sequence[Bytes]
    ) -> None:
        known = self._stands
        if not told or known is None:
            return
        table = f"standing_{task.part:d}"
        if len(changes) >= len(known.said) * _ANEW_FROM:
            # Held, and what is newer read: meanwhile somebody may have signed, or a measure been carried out.
            await self._connection.execute(f"lock table {table} in share row exclusive mode")
            newer = await _read_standing(self._connection, task.part, since=known.read_at)
            kept = await asyncio.to_thread(_kept, known, newer, people, changes)
            await self._connection.execute(f"truncate {table}")
            await copy_in(self._connection, table, _STANDING, [*told, *kept], frozen=True)
            return
        await self._connection.execute(
            "create temporary table if not exists told (like standing) on commit delete rows"
        )
        await copy_in(self._connection, "told", _STANDING, told)
        await self._connection.execute(
            f"insert into {table} as known ({', '.join(_STANDING)}) select {', '.join(_STANDING)} from told"
            " on conflict (person_id, programme) do update set"
            " version = excluded.version, was_in_force = true, says = excluded.says"
        )


_STANDING = ("person_id", "programme", "version", "was_in_force", "says")
_DECISION = tuple(name for name, _ in determinations.COLUMNS)


@dataclass(frozen=True, slots=True)
class _Made:
    """Rows of changed decisions, of what stands by them, and their events."""

    decisions: list[Bytes]
    says: list[Bytes]
    events: list[EventRows]


@dataclass(frozen=True, slots=True, eq=False)
class _Stands:
    """Rows of a part's table of what stands, as they are there and as `said`; those of transactions before
    `read_at` are all among them."""

    read_at: str
    ids: Bytes
    version: Bytes
    in_force: Bytes
    says: Bytes
    said: Standings

    def blocks(self, keep: NDArray[np.bool_]) -> list[Bytes]:
        """These rows as they are to be written."""
        made = []
        for programme in np.unique(self.said.named):
            at = np.flatnonzero(keep & (self.said.named == programme))
            name = bytes(programme).strip()
            made.append(
                rows((self.ids[at], name, self.version[at], self.in_force[at], self.says[at]), len(at))
            )
        return made


async def _read_standing(connection: Connection, part: int, since: str | None = None) -> _Stands:
    """All that stands in a part, or what was written by transactions that were not over at `since`."""
    read_at = await connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text")
    # The age of a row that was frozen long ago may come out negative: it is read once more, no harm.
    newer = f" where age(xmin) <= age('{int(since)}'::xid8::xid)" if since else ""
    ids, version, in_force, says = await copy_out(
        connection,
        f"select person_id, version, was_in_force, says from standing_{part:d}{newer}",
        (16, 4, 1, _SAYS.itemsize),
    )
    return _Stands(read_at, ids, version, in_force, says, _standings(ids, version, says))


def _kept(known: _Stands, newer: _Stands, people: People, changes: Changes) -> list[Bytes]:
    """Rows of what stands besides the changes; where there is a newer one, that."""
    keep = _unchanged(known.said, people, changes)
    if not len(newer.said):
        return known.blocks(keep)
    again = set(zip(uuids(newer.ids), newer.said.named.tolist(), strict=True))
    near = np.flatnonzero(find(np.unique(newer.ids, axis=0), known.said.ids) != NOT_THERE)
    names = known.said.named[near].tolist()
    for at, person, name in zip(near, uuids(known.ids[near]), names, strict=True):
        keep[at] &= (person, name) not in again
    return known.blocks(keep) + newer.blocks(_unchanged(newer.said, people, changes))


def _unchanged(standings: Standings, people: People, changes: Changes) -> NDArray[np.bool_]:
    replaced = standings.rows_of(people.ids)[changes.lines.programme, changes.person]
    keep = np.ones(len(standings), np.bool_)
    keep[replaced[replaced != NOT_THERE]] = False
    return keep


def _standings(ids: Bytes, version: Bytes, told: Bytes) -> Standings:
    says = np.ascontiguousarray(told).reshape(-1).view(_SAYS)
    programme = np.full(len(ids), NOT_THERE, np.int8)
    for number_, name in enumerate(DECIDED):
        programme[says["programme"] == name.ljust(20).encode()] = number_
    return Standings(
        ids=np.ascontiguousarray(ids),
        named=says["programme"],
        programme=programme,
        version=np.ascontiguousarray(version).view(">i4").reshape(-1).astype(np.int32),
        granted=says["outcome"] == b"g",
        status=says["status"],
        payee=says["payee"],
        category=says["category"],
        places=Places(says["commune"], says["province"], says["former"]),
        hundredths=says["hundredths"].astype(np.int64),
        standard=says["standard"].astype(np.int64),
        amount=says["amount"].astype(np.int64),
        payee_id=says["payee_id"],
    )


def _decision_rows(group: Alike, policy: Policy) -> Bytes:
    """The fields of `determinations.COLUMNS`, in their order."""
    sample, changes, lines = group.sample, group.changes, group.changes.lines
    month = number(day_number(group.month.first_day) - EPOCH_DAYS, 4)
    place = sample.terms.place
    values: dict[str, Field] = {
        "decision_id": group.ids,
        "person_id": group.people,
        "version": numbers(changes.version, 4),
        "programme": sample.programme.encode(),
        "outcome": sample.terms.outcome.encode(),
        "status": sample.status.encode(),
        "effective_from": month,
        "pays_from": month,
        "category": sample.terms.category.encode(),
        "coefficient_hundredths": numbers(lines.hundredths, 4),
        "standard_dong": numbers(lines.standard, 8),
        "amount_dong": numbers(lines.amount, 8),
        "payee": sample.terms.payee.encode(),
        "facility_id": lines.payee_id if sample.terms.facility_id else None,
        "payee_person_id": lines.payee_id if sample.terms.payee_person_id else None,
        "commune_code": of_texts(group.places.commune, len(place.commune_code)),
        "province_code": of_texts(group.places.province, 2),
        "former_province_code": of_texts(group.places.former, 2) if place.former_province_code else None,
        "decided_on": numbers(changes.decided_on - EPOCH_DAYS, 4),
        "facts_version": numbers(group.facts_version, 4),
        "policy_version": policy.version.encode(),
        "policy_hash": policy.hash.encode(),
        "determined_month": month,
        "facts_month": month,
        "resident_of": group.facilities if group.resident else None,
        "input_hash": group.bases.input_hash,
        "trace": group.bases.trace[:, : group.bases.width[0]],
    }
    return rows([values[name] for name in _DECISION], len(group))


def _standing_rows(group: Alike) -> Bytes:
    sample, lines = group.sample, group.changes.lines
    letters = sample.terms.outcome[:1] + sample.status[:1] + sample.terms.payee[:1]
    says = (
        sample.programme.ljust(20).encode() + letters.encode() + bytes(lines.category[0]),
        of_texts(group.places.commune, 5),
        of_texts(group.places.province, 2),
        of_texts(group.places.former, 2),
        numbers(lines.hundredths, 4),
        numbers(lines.standard, 8),
        numbers(lines.amount, 8),
        numbers(group.changes.decided_on, 4),
        number(day_number(group.month.first_day), 4),
        lines.payee_id,
    )
    fields = (
        group.people,
        sample.programme.encode(),
        numbers(group.changes.version, 4),
        b"\x01",
        beside(says, len(group)),
    )
    return rows(fields, len(group))
