"""Taking a population file in: inspect it whole, then take part by part what is right in it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from libs.common.kernel import row_files as life
from libs.common.kernel.ids import new_id
from libs.common.kernel.row_files import FilePart, FileRefused, FileRow, RowProblem
from services.registry.domain.imports import Import
from services.registry.domain.people import Person, Registration, household_id, payee_id
from services.registry.domain.rows import Frame, read_row
from services.registry.usecases.ports import (
    BlindIndexes,
    ClaimedImport,
    ImportQueue,
    Prepare,
    PreparedPeople,
    Units,
)


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part as far as it goes without the database. `rows`: the good ones with their numbers, `carers` the
    blind index of each stated carer by row number; `prepared` is all but those who have a carer."""

    part: FilePart
    rows: list[tuple[int, Registration]]
    carers: dict[int, bytes]
    problems: list[RowProblem]
    prepared: PreparedPeople


@dataclass
class TakeImports:
    """The import worker's step. Each call is one transaction: killed anywhere, the next call goes on.

    While the database writes one part, the next is read, checked and encrypted in a thread. What was made
    ahead lives in memory only and is made again by whoever has not got it.
    """

    queue: ImportQueue
    units: Units
    blind_indexes: BlindIndexes
    prepare: Prepare
    _ahead: dict[tuple[UUID, int], "asyncio.Task[ReadPart]"] = field(default_factory=dict)

    async def step(self) -> bool:
        """True when there was something to do."""
        async with self.queue.claim() as claimed:
            if claimed is None:
                return False
            if claimed.found.status == life.QUEUED:
                await _inspect(claimed)
            else:
                await self._take_part(claimed)
        return True

    async def _take_part(self, claimed: ClaimedImport) -> None:
        found = claimed.found
        number, *later = await claimed.part_numbers()
        made = self._ahead.pop((found.import_id, number), None)
        read = await (made or self._read(claimed.found, await claimed.part(number)))
        known = await claimed.people.known([one.blind_index for _, one in read.rows])
        carers = await claimed.people.carers(set(read.carers.values()), found.territory)
        self._ahead.clear()
        for following in later:
            self._ahead[found.import_id, following] = self._read(found, await claimed.part(following))
        cared_for, refused = settled(read, known, carers)
        prepared = await asyncio.to_thread(self.prepare, cared_for)
        await claimed.people.add(read.prepared.without(known).with_also(prepared))
        status = life.moved(found.status, life.RUNNING if later else life.DONE)
        taken = len(read.rows) - len(refused)
        await claimed.part_taken(read.part, taken, [*read.problems, *refused], status)

    def _read(self, found: Import, part: FilePart) -> "asyncio.Task[ReadPart]":
        # Off the event loop: health checks must answer meanwhile.
        return asyncio.create_task(asyncio.to_thread(self._read_in_thread, found, part))

    def _read_in_thread(self, found: Import, part: FilePart) -> ReadPart:
        frame = Frame(found.as_of, self.units.communes_on(found.as_of), found.territory)
        rows, problems = read_rows(part.rows, frame, self.blind_indexes)
        carers = {
            row_number: self.blind_indexes.of(one.person.carer.personal_id)
            for row_number, one in rows
            if one.person.carer and one.person.carer.personal_id
        }
        alone = [one for row_number, one in rows if row_number not in carers]
        return ReadPart(part, rows, carers, problems, self.prepare(alone))


async def _inspect(claimed: ClaimedImport) -> None:
    rows = 0
    try:
        async for part in claimed.parts_of_file():
            await claimed.keep_part(part)
            rows += len(part.rows)
    except FileRefused as refused:
        life.moved(claimed.found.status, life.REFUSED)
        await claimed.refuse(refused.code, refused.at)
        return
    life.moved(claimed.found.status, life.RUNNING)
    await claimed.accept(rows)


def read_rows(
    rows: Sequence[FileRow], frame: Frame, blind_indexes: BlindIndexes
) -> tuple[list[tuple[int, Registration]], list[RowProblem]]:
    """People stated by these rows, each with its row number, and what is wrong with the rest.

    Of two rows with one personal_id the first is taken.
    """
    stated: list[tuple[int, Registration]] = []
    problems: list[RowProblem] = []
    seen: set[bytes] = set()
    for row_number, cells in rows:
        person = read_row(cells, frame)
        if not isinstance(person, Person):
            problems.extend([RowProblem(row_number, column, code) for column, code in person])
            continue
        blind_index = blind_indexes.of(person.personal_id)
        if blind_index in seen:
            problems.append(RowProblem(row_number, "personal_id", "duplicate_personal_id"))
            continue
        seen.add(blind_index)
        stated.append((row_number, new_registration(person, blind_index, blind_indexes)))
    return stated, problems


def settled(
    read: ReadPart, known: Collection[bytes], carers: Mapping[bytes, UUID]
) -> tuple[list[Registration], list[RowProblem]]:
    """Those of a part who have a carer, the carer found, and the rows refused by what is registered:
    `known` people, and whose carer is neither in `carers` nor taken from an earlier row."""
    found = dict(carers)
    cared_for: list[Registration] = []
    refused: list[RowProblem] = []
    for row_number, one in read.rows:
        if one.blind_index in known:
            refused.append(RowProblem(row_number, "personal_id", "duplicate_personal_id"))
            continue
        if row_number in read.carers:
            carer_id = found.get(read.carers[row_number])
            if carer_id is None:
                refused.append(RowProblem(row_number, "carer_personal_id", "carer_unknown"))
                continue
            cared_for.append(replace(one, person=one.person.cared_for_by(carer_id)))
        found[one.blind_index] = one.person_id
    return cared_for, refused


def new_registration(person: Person, blind_index: bytes, blind_indexes: BlindIndexes) -> Registration:
    """A person's first registration, with the ids that everybody will know them by."""
    payout = person.payout
    payee = None
    if payout:
        own = payout.payee_relation == "self"
        payee = payee_id(blind_index if own else blind_indexes.of(payout.payee_personal_id), payout)
    return Registration(
        person_id=new_id(),
        household_id=household_id(person.commune_code, person.household_number),
        version=1,
        blind_index=blind_index,
        payee_id=payee,
        person=person,
    )
