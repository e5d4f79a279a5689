"""People one at a time, and found: as the app role, inside the caller's territory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import UniqueViolationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from libs.common.runtime import outbox
from libs.common.runtime.postgres import Connection, Database, raw
from services.registry.domain.names import match_key
from services.registry.domain.people import Registration, masked
from services.registry.store.batches import (
    ACCOUNT_COLUMNS,
    PERSON_COLUMNS,
    ToEvents,
    account_values,
    person_values,
)
from services.registry.store.protection import Protection
from services.registry.store.tables import HouseholdRow, PayoutAccountRow, PersonRow
from services.registry.usecases.ports import Change, PersonLine, PersonRecord

_LINE = (
    "select person_id, household_id, personal_id_sealed, full_name, birth_date, sex, commune_code,"
    " province_code from person"
)
_ONE_PERSONAL_ID = "person_personal_id_index_key"
_CHANGE = (
    f"update person set ({', '.join(PERSON_COLUMNS[1:])})"
    f" = ({', '.join(f'${at}' for at in range(2, len(PERSON_COLUMNS) + 1))})"
    " where person_id = $1 and version = $2 - 1"
)
_CHANGE_ACCOUNT = (
    f"insert into payout_account as known ({', '.join(ACCOUNT_COLUMNS)})"
    f" values ({', '.join(f'${at}' for at in range(1, len(ACCOUNT_COLUMNS) + 1))})"
    " on conflict (person_id) do update set version = known.version + 1, "
    + ", ".join(f"{name} = excluded.{name}" for name in ACCOUNT_COLUMNS[2:])
    + " returning version"
)


class PeopleTable:
    def __init__(self, database: Database, protection: Protection, to_events: ToEvents) -> None:
        self._database = database
        self._protection = protection
        self._to_events = to_events

    async def register(self, registration: Registration, territory: str | None) -> bool:
        person = registration.person
        account = account_values(registration, self._protection)
        try:
            async with self._database.session(territory) as session:
                await session.exec(
                    insert(HouseholdRow)
                    .values(
                        household_id=registration.household_id,
                        number=person.household_number,
                        commune_code=person.commune_code,
                        province_code=person.province_code,
                    )
                    .on_conflict_do_nothing(index_elements=["household_id"])
                )
                session.add(
                    PersonRow(**_named(PERSON_COLUMNS, person_values(registration, self._protection)))
                )
                await session.flush()
                if account:
                    session.add(PayoutAccountRow(**_named(ACCOUNT_COLUMNS, account)))
                    await session.flush()
                await outbox.append(await raw(session), self._to_events([registration]))
        except IntegrityError as error:
            if _ONE_PERSONAL_ID not in str(error.orig):
                raise
            return False
        return True

    async def change(self, registration: Registration, territory: str | None) -> Change:
        person = registration.person
        values = _named(PERSON_COLUMNS, person_values(registration, self._protection))
        try:
            async with self._database.writing(territory) as connection:
                await connection.execute(
                    "insert into household (household_id, number, commune_code, province_code)"
                    " values ($1, $2, $3, $4) on conflict (household_id) do nothing",
                    registration.household_id,
                    person.household_number,
                    person.commune_code,
                    person.province_code,
                )
                changed = await connection.execute(_CHANGE, *values.values())
                if changed != "UPDATE 1":
                    return Change.OUTRUN
                if registration.payee_id:
                    registration = await self._change_account(connection, registration)
                await outbox.append(connection, self._to_events([registration]))
        except UniqueViolationError as error:
            if error.constraint_name != _ONE_PERSONAL_ID:
                raise
            return Change.PERSONAL_ID_TAKEN
        return Change.DONE

    async def _change_account(self, connection: Connection, registration: Registration) -> Registration:
        values = account_values(registration, self._protection)
        assert values, "somebody with a payee has an account"
        version = await connection.fetchval(_CHANGE_ACCOUNT, *values)
        return replace(registration, account_version=version)

    async def open_person(self, person_id: UUID, territory: str | None) -> PersonRecord | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                "select p.*, h.number, a.channel, a.agency_code, a.secret_sealed, a.changed_on, a.usable_from"
                " from person p"
                " join household h using (household_id) left join payout_account a using (person_id)"
                " where person_id = $1",
                person_id,
            )
        if row is None:
            return None
        return PersonRecord(
            row["person_id"],
            row["household_id"],
            row["version"],
            self._protection.person(row),
            row["changed_on"],
            row["usable_from"],
        )

    async def note_disclosure(
        self, record: PersonRecord, sub: str, purpose: str, territory: str | None
    ) -> None:
        async with self._database.writing(territory) as connection:
            await connection.execute(
                "insert into disclosure (person_id, province_code, disclosed_to, purpose)"
                " values ($1, $2, $3, $4)",
                record.person_id,
                record.person.province_code,
                sub,
                purpose,
            )

    async def lookup(self, blind_indexes: Sequence[bytes], territory: str | None) -> Mapping[bytes, UUID]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select personal_id_index, person_id from person where personal_id_index = any($1::bytea[])",
                list(blind_indexes),
            )
        return {row["personal_id_index"]: row["person_id"] for row in rows}

    async def lines(
        self,
        territory: str | None,
        *,
        name: str | None,
        blind_index: bytes | None,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[PersonLine]:
        """In the order of registration, those after `after`. A name that nobody has finds its nearest."""
        async with self._database.reading(territory) as connection:
            if name is None or blind_index is not None:
                rows = await _listed(connection, blind_index, commune_code, after, limit)
            else:
                key = match_key(name)
                rows = await _named_so(connection, "people_named", _like(key), commune_code, after, limit)
                if not rows and after is None:
                    rows = await _named_so(connection, "people_named_like", key, commune_code, None, limit)
        return [self._line(row) for row in rows]

    async def count(self, territory: str | None) -> int:
        async with self._database.reading(territory) as connection:
            people: int = await connection.fetchval("select count(*) from person")
        return people

    def _line(self, row: Any) -> PersonLine:
        born: date = row["birth_date"]
        return PersonLine(
            person_id=row["person_id"],
            household_id=row["household_id"],
            personal_id_masked=masked(self._protection.open_text(row["personal_id_sealed"])),
            full_name=row["full_name"],
            birth_date=born,
            sex=row["sex"],
            commune_code=row["commune_code"],
            province_code=row["province_code"],
        )


async def _listed(
    connection: Connection,
    blind_index: bytes | None,
    commune_code: str | None,
    after: UUID | None,
    limit: int,
) -> list[Any]:
    """By equality only: these filters use their indexes under row-level security."""
    conditions = {
        "personal_id_index = ": blind_index,
        "commune_code = ": commune_code,
        "person_id > ": after,
    }
    given = [(text, value) for text, value in conditions.items() if value is not None]
    where = " and ".join(f"{text}${at}" for at, (text, _) in enumerate(given, start=2))
    rows: list[Any] = await connection.fetch(
        f"{_LINE}{' where ' if where else ''}{where} order by person_id limit $1",
        limit,
        *(value for _, value in given),
    )
    return rows


async def _named_so(
    connection: Connection, function: str, key: str, commune_code: str | None, after: UUID | None, limit: int
) -> list[Any]:
    """People by name, by one of the search functions of the first migration, in its order."""
    rows: list[Any] = await connection.fetch(
        f"{_LINE} join {function}($1, $2, $3, $4) on found = person_id order by place",
        key,
        commune_code,
        after,
        limit,
    )
    return rows


def _like(key: str) -> str:
    """Text for LIKE in which nothing is a wildcard."""
    return key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _named(columns: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, values, strict=True))
