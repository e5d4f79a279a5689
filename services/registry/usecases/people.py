"""Registering one person, and finding people."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from libs.common.kernel.cooling import Term, cooled
from libs.common.kernel.errors import FieldError, Refusal
from services.registry.domain.messages import ROW_MESSAGES
from services.registry.domain.people import Person, Registration, goes_elsewhere
from services.registry.domain.rows import Frame, Wrong, read_row, read_true_from
from services.registry.usecases.imports import new_registration
from services.registry.usecases.ports import (
    BlindIndexes,
    Change,
    People,
    PersonLine,
    PersonRecord,
    Units,
)

LOOKUP_MAX = 1_000


@dataclass(frozen=True)
class RegisterPerson:
    """One person, by the same reader as a row of a file."""

    people: People
    units: Units
    blind_indexes: BlindIndexes

    async def __call__(self, cells: Sequence[str], as_of: date, territory: str | None) -> Registration:
        """Refusal `person_invalid` with a FieldError per wrong column, or `personal_id_taken`."""
        read = read_row(cells, Frame(as_of, self.units.communes_on(as_of), territory))
        if isinstance(read, list):
            raise _invalid(read)
        registration = await _stated(read, self.people, self.blind_indexes, territory)
        if not await self.people.register(registration, territory):
            raise _taken()
        return registration


@dataclass(frozen=True)
class ChangePerson:
    """All of a person stated anew: a change, or a correction of what was stated wrongly.

    `cooling_days`: what is due meanwhile still goes to the account before, so that whoever did not ask for
    the change has time to say so.
    """

    people: People
    units: Units
    blind_indexes: BlindIndexes
    cooling_days: int

    async def __call__(
        self,
        before: PersonRecord,
        version: int,
        cells: Sequence[str],
        true_from: str,
        today: date,
        territory: str | None,
    ) -> Registration:
        """The version after `version`, which must be the newest. An account left out stays as it is.

        Refusal `person_invalid`, `personal_id_taken`, or `person_changed` where somebody was quicker.
        """
        read = read_row(cells, Frame(today, self.units.communes_on(today), territory))
        if isinstance(read, list):
            raise _invalid(read)
        since = read_true_from(true_from, read.birth_date, today)
        if isinstance(since, list):
            raise _invalid(since)
        if before.version != version:
            raise _outrun()
        stated = await _stated(read, self.people, self.blind_indexes, territory)
        carer = stated.person.carer
        if carer is not None and carer.person_id == before.person_id:
            raise _invalid([("carer_personal_id", "carer_is_self")])
        same_account = (read.payout, read.commune_code) == (before.person.payout, before.person.commune_code)
        registration = replace(
            stated,
            person_id=before.person_id,
            version=version + 1,
            payee_id=None if same_account else stated.payee_id,
            true_from=since,
        )
        if registration.payee_id:
            registration = self._cooling_off(registration, before, today)
        match await self.people.change(registration, territory):
            case Change.OUTRUN:
                raise _outrun()
            case Change.PERSONAL_ID_TAKEN:
                raise _taken()
        return registration

    def _cooling_off(self, registration: Registration, before: PersonRecord, today: date) -> Registration:
        term = cooled(
            Term(before.changed_on, before.usable_from),
            today,
            self.cooling_days,
            elsewhere=goes_elsewhere(before.person.payout, registration.person.payout),
        )
        return replace(registration, changed_on=term.changed_on, usable_from=term.usable_from)


@dataclass(frozen=True)
class FindPeople:
    """Lists, look-ups and the single person, all inside the caller's territory."""

    people: People
    blind_indexes: BlindIndexes

    async def lines(
        self,
        territory: str | None,
        *,
        name: str | None,
        personal_id: str | None,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[PersonLine]:
        return await self.people.lines(
            territory,
            name=name,
            blind_index=self.blind_indexes.of(personal_id) if personal_id else None,
            commune_code=commune_code,
            after=after,
            limit=limit,
        )

    async def lookup(self, personal_ids: Sequence[str], territory: str | None) -> list[UUID | None]:
        """One person id for each, None where nobody in the territory has it."""
        blind_indexes = [self.blind_indexes.of(personal_id) for personal_id in personal_ids]
        found = await self.people.lookup(blind_indexes, territory)
        return [found.get(blind_index) for blind_index in blind_indexes]

    async def person(
        self, person_id: UUID, territory: str | None, disclosed_to: str, purpose: str | None
    ) -> PersonRecord | None:
        """The person; with a purpose, that they were shown unmasked is kept first."""
        record = await self.people.open_person(person_id, territory)
        if record and purpose:
            await self.people.note_disclosure(record, disclosed_to, purpose, territory)
        return record


def _taken() -> Refusal:
    return Refusal(
        "personal_id_taken",
        "Số định danh này đã được đăng ký. Hãy tìm người này trong sổ thay vì đăng ký lại.",
        "This personal id is registered already. Find the person instead of registering again.",
    )


def _outrun() -> Refusal:
    return Refusal(
        "person_changed",
        "Người khác vừa sửa thông tin này. Hãy mở lại rồi sửa trên bản mới nhất.",
        "Somebody changed this person meanwhile. Open the newest version and change that.",
    )


async def _stated(
    person: Person, people: People, blind_indexes: BlindIndexes, territory: str | None
) -> Registration:
    """What was read, as a first registration, the carer found in the caller's territory."""
    if person.carer is not None and person.carer.personal_id is not None:
        blind_index = blind_indexes.of(person.carer.personal_id)
        carer_id = (await people.lookup([blind_index], territory)).get(blind_index)
        if carer_id is None:
            raise _invalid([("carer_personal_id", "carer_unknown")])
        person = person.cared_for_by(carer_id)
    return new_registration(person, blind_indexes.of(person.personal_id), blind_indexes)


def _invalid(wrong: Wrong) -> Refusal:
    return Refusal(
        "person_invalid",
        "Thông tin có chỗ chưa đúng; xem mục errors để biết trường nào.",
        "Some facts are not valid; see errors for which.",
        tuple(
            FieldError(column, code, ROW_MESSAGES[code].vi, ROW_MESSAGES[code].en) for column, code in wrong
        ),
    )
