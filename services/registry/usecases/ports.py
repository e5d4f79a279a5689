"""What the registry's use cases need of the world; store/ and wiring.py provide it."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel.row_files import FilePart, RowProblem
from services.registry.domain.imports import Import
from services.registry.domain.people import Communes, Person, Registration


class Units(Protocol):
    def communes_on(self, day: date) -> Communes:
        """Every commune that exists on that day."""


class BlindIndexes(Protocol):
    def of(self, personal_id: str) -> bytes:
        """The keyed hash by which a personal_id is found without being stored in clear."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as lists show them: the personal_id masked, nothing sensitive."""

    person_id: UUID
    household_id: UUID
    personal_id_masked: str
    full_name: str
    birth_date: date
    sex: str
    commune_code: str
    province_code: str


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person as registered, opened: for an officer with the permission to see it.

    `changed_on`, `usable_from`: of the account, as in Registration.
    """

    person_id: UUID
    household_id: UUID
    version: int
    person: Person
    changed_on: date | None
    usable_from: date | None


@dataclass(frozen=True, slots=True)
class PreparedPeople:
    """Registrations with all that writing them takes: encrypted rows and sealed events, each made by store/.

    The first value of a row, and an event's `key`, is the person's id.
    """

    registrations: Sequence[Registration]
    people: Sequence[tuple[Any, ...]]
    accounts: Sequence[tuple[Any, ...]]
    events: Sequence[Any]

    def without(self, known: Collection[bytes]) -> "PreparedPeople":
        """Less those whose blind index is known."""
        if not known:
            return self
        kept = [one for one in self.registrations if one.blind_index not in known]
        ids = {one.person_id for one in kept}
        return PreparedPeople(
            kept,
            [row for row in self.people if row[0] in ids],
            [row for row in self.accounts if row[0] in ids],
            [event for event in self.events if event.key in ids],
        )

    def with_also(self, more: "PreparedPeople") -> "PreparedPeople":
        return PreparedPeople(
            [*self.registrations, *more.registrations],
            [*self.people, *more.people],
            [*self.accounts, *more.accounts],
            [*self.events, *more.events],
        )


#: Work for the processor alone, so that it can be done ahead, in a thread.
Prepare = Callable[[Sequence[Registration]], PreparedPeople]


class Batch(Protocol):
    """People registered in one transaction, their events with them."""

    async def known(self, blind_indexes: Collection[bytes]) -> frozenset[bytes]:
        """Those that are registered already, anywhere in the nation."""

    async def carers(self, blind_indexes: Collection[bytes], territory: str | None) -> Mapping[bytes, UUID]:
        """Those of them that are registered in the territory (None = the nation)."""

    async def add(self, prepared: PreparedPeople) -> None: ...


class ClaimedImport(Protocol):
    """An import that this worker holds for one transaction; nobody else works on it meanwhile."""

    found: Import
    people: Batch

    def parts_of_file(self) -> AsyncIterator[FilePart]:
        """The uploaded file's rows; raises FileRefused."""

    async def keep_part(self, part: FilePart) -> None: ...

    async def accept(self, rows_total: int) -> None:
        """The file is whole: the upload goes, its parts wait."""

    async def refuse(self, code: str, at: str | None) -> None:
        """The file is refused: the upload and all parts go."""

    async def part_numbers(self) -> list[int]:
        """The next part's number, and that of the one after it, as far as there are."""

    async def part(self, number: int) -> FilePart: ...

    async def part_taken(
        self, part: FilePart, taken: int, problems: Sequence[RowProblem], status: str
    ) -> None:
        """Progress, the refused rows with what is wrong, and the part itself goes."""


class ImportQueue(Protocol):
    def claim(self) -> AbstractAsyncContextManager[ClaimedImport | None]:
        """The oldest unfinished import, locked for one transaction; None when there is none."""


class Change(Enum):
    """What became of a change."""

    DONE = "done"
    OUTRUN = "outrun"
    PERSONAL_ID_TAKEN = "personal_id_taken"


class People(Protocol):
    """People one at a time, and found: inside the caller's territory (None = the nation)."""

    async def register(self, registration: Registration, territory: str | None) -> bool:
        """False when the personal_id is registered already."""

    async def change(self, registration: Registration, territory: str | None) -> Change:
        """Record the next version of a person, if it is the next one; the account only with a payee_id."""

    async def open_person(self, person_id: UUID, territory: str | None) -> PersonRecord | None: ...

    async def note_disclosure(
        self, record: PersonRecord, sub: str, purpose: str, territory: str | None
    ) -> None:
        """Keep who was shown a person's facts unmasked, and what for."""

    async def lookup(self, blind_indexes: Sequence[bytes], territory: str | None) -> Mapping[bytes, UUID]: ...

    async def lines(
        self,
        territory: str | None,
        *,
        name: str | None,
        blind_index: bytes | None,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[PersonLine]: ...

    async def count(self, territory: str | None) -> int: ...


class Imports(Protocol):
    """What an officer uploads and sees of imports, inside their territory."""

    async def open(
        self, found: Import, digest: bytes, uploaded_by: str, pieces: Callable[[], AsyncIterator[bytes]]
    ) -> UUID:
        """Store the upload; the id of the import that it is."""

    async def read(self, import_id: UUID, territory: str | None) -> Import | None: ...

    async def problems(
        self, import_id: UUID, territory: str | None, after: tuple[int, str, str], limit: int
    ) -> list[RowProblem]: ...

    async def refused_rows(
        self, import_id: UUID, territory: str | None, after: int, limit: int
    ) -> list[tuple[int, tuple[str, ...], list[RowProblem]]]: ...
