"""Taking a population file in: inspect it whole, then take part by part what is right in it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.kernel.ids import new_id
from services.registry.domain import imports as life
from services.registry.domain.imports import FileRefused, FileRow, RowProblem
from services.registry.domain.people import Person, Registration, household_id, payee_id
from services.registry.domain.rows import Frame, read_row
from services.registry.usecases.ports import BlindIndexes, ClaimedImport, ImportQueue, Units


@dataclass(frozen=True)
class TakeImports:
    """The import worker's step. Each call is one transaction: killed anywhere, the next call goes on."""

    queue: ImportQueue
    units: Units
    blind_indexes: BlindIndexes

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
        part = await claimed.next_part()
        frame = Frame(found.as_of, self.units.communes_on(found.as_of), found.territory)
        # Off the event loop: a part is a tenth of a second of reading, and health checks must answer.
        stated, problems = await asyncio.to_thread(read_part, part.rows, frame, self.blind_indexes)
        known = await claimed.people.known([one.blind_index for _, one in stated])
        registrations = [one for _, one in stated if one.blind_index not in known]
        for row_number, one in stated:
            if one.blind_index in known:
                problems.append(RowProblem(row_number, "personal_id", "duplicate_personal_id"))
        await claimed.people.add(registrations)
        status = life.moved(found.status, life.DONE if await claimed.is_last(part) else life.RUNNING)
        await claimed.part_taken(part, len(registrations), problems, status)


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


def read_part(
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
