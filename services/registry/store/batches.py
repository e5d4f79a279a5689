"""Registering people in sets: rows by COPY, their events with them, in the caller's transaction."""

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection
from services.registry.domain.names import match_key
from services.registry.domain.people import Registration
from services.registry.store.protection import Protection
from services.registry.usecases.ports import PreparedPeople

#: Turns facts into events; wiring.py passes events.outgoing.to_events.
ToEvents = Callable[[Sequence[Registration]], list[OutgoingEvent]]

PERSON_COLUMNS = (
    "person_id",
    "version",
    "household_id",
    "personal_id_index",
    "personal_id_sealed",
    "full_name",
    "search_key",
    "birth_date",
    "sex",
    "commune_code",
    "province_code",
    "former_province_code",
    "poverty_status",
    "area",
    "already_receiving",
    "applied_for",
    "application_received_on",
    "decision_signed_on",
    "facts_sealed",
)
ACCOUNT_COLUMNS = (
    "person_id",
    "version",
    "payee_id",
    "channel",
    "agency_code",
    "commune_code",
    "province_code",
    "changed_on",
    "usable_from",
    "secret_sealed",
)


def person_values(registration: Registration, protection: Protection) -> tuple[Any, ...]:
    """The values of PERSON_COLUMNS."""
    person = registration.person
    return (
        registration.person_id,
        registration.version,
        registration.household_id,
        registration.blind_index,
        protection.text(person.personal_id),
        person.full_name,
        match_key(person.full_name),
        person.birth_date,
        person.sex,
        person.commune_code,
        person.province_code,
        person.former_province_code,
        person.poverty_status,
        person.area,
        person.already_receiving,
        list(person.applied_for),
        person.application_received_on,
        person.decision_signed_on,
        protection.json(person.sensitive),
    )


def account_values(registration: Registration, protection: Protection) -> tuple[Any, ...] | None:
    """The values of ACCOUNT_COLUMNS; None where the person has no account."""
    person, payout = registration.person, registration.person.payout
    if payout is None:
        return None
    return (
        registration.person_id,
        registration.account_version,
        registration.payee_id,
        payout.channel,
        payout.agency_code,
        person.commune_code,
        person.province_code,
        registration.changed_on,
        registration.usable_from,
        protection.payout(payout),
    )


def prepared(
    registrations: Sequence[Registration], protection: Protection, to_events: ToEvents
) -> PreparedPeople:
    """All that writing these people takes; see usecases.ports.Prepare."""
    accounts = [account_values(one, protection) for one in registrations]
    return PreparedPeople(
        registrations,
        [person_values(one, protection) for one in registrations],
        [values for values in accounts if values],
        to_events(registrations),
    )


class PeopleBatch:
    """People registered in one transaction of the bulk role."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def known(self, blind_indexes: Collection[bytes]) -> frozenset[bytes]:
        rows = await self._connection.fetch(
            "select personal_id_index from person where personal_id_index = any($1::bytea[])",
            list(blind_indexes),
        )
        return frozenset(row["personal_id_index"] for row in rows)

    async def carers(self, blind_indexes: Collection[bytes], territory: str | None) -> dict[bytes, UUID]:
        rows = await self._connection.fetch(
            "select personal_id_index, person_id from person where personal_id_index = any($1::bytea[])"
            " and ($2::text is null or province_code = $2)",
            list(blind_indexes),
            territory,
        )
        return {row["personal_id_index"]: row["person_id"] for row in rows}

    async def add(self, prepared: PreparedPeople) -> None:
        if not prepared.registrations:
            return
        await self._add_households(prepared.registrations)
        await self._connection.copy_records_to_table(
            "person", records=prepared.people, columns=PERSON_COLUMNS
        )
        if prepared.accounts:
            await self._connection.copy_records_to_table(
                "payout_account", records=prepared.accounts, columns=ACCOUNT_COLUMNS
            )
        await outbox.append(self._connection, prepared.events)

    async def _add_households(self, registrations: Sequence[Registration]) -> None:
        """In the order of ids, so that two imports with common households can't lock each other out."""
        households = sorted(
            {
                (
                    one.household_id,
                    one.person.household_number,
                    one.person.commune_code,
                    one.person.province_code,
                )
                for one in registrations
            }
        )
        await self._connection.execute(
            "insert into household (household_id, number, commune_code, province_code)"
            " select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])"
            " on conflict (household_id) do nothing",
            *(list(column) for column in zip(*households, strict=True)),
        )
