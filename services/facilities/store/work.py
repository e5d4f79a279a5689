"""One transaction on facilities and residences as the app role: state and events together, in sets."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from libs.common.kernel.cooling import Term
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.facilities.domain.facilities import Facility, FacilityRecorded
from services.facilities.domain.residences import Residence

#: Turns facts into events; wiring.py passes events.outgoing.to_events.
ToEvents = Callable[[Sequence[FacilityRecorded | Residence]], list[OutgoingEvent]]

#: Residences as `stay` reads them.
STAYS = (
    "select residence_id, person_id, facility_id, lower(during) as from_date,"
    " upper(during) - 1 as until_date, state_paid from residence"
)


class FacilityWork:
    """See usecases.ports.Work."""

    def __init__(self, connection: Connection, cipher: FieldCipher, to_events: ToEvents) -> None:
        self._connection = connection
        self._cipher = cipher
        self._to_events = to_events

    async def recorded(self, facility_ids: Collection[UUID]) -> dict[UUID, FacilityRecorded]:
        # Locked in the order of ids: requests that share facilities wait for each other in turn.
        rows = await self._connection.fetch(
            "select * from facility where facility_id = any($1::uuid[]) order by facility_id for update",
            list(facility_ids),
        )
        return {row["facility_id"]: self._facility(row) for row in rows}

    async def record(self, changed: Sequence[FacilityRecorded]) -> None:
        if not changed:
            return
        await self._connection.execute(
            "insert into facility (facility_id, version, code, name, kind, sector, province_code,"
            " commune_code, places, agency_code, account_sealed, changed_on, usable_from)"
            " select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[],"
            " $7::text[], $8::text[], $9::int[], $10::text[], $11::bytea[], $12::date[], $13::date[])"
            " on conflict (facility_id) do update set version = excluded.version, name = excluded.name,"
            " kind = excluded.kind, sector = excluded.sector, commune_code = excluded.commune_code,"
            " places = excluded.places, agency_code = excluded.agency_code,"
            " account_sealed = excluded.account_sealed, changed_on = excluded.changed_on,"
            " usable_from = excluded.usable_from, recorded_at = now()",
            *_columns([self._values(one) for one in changed]),
        )
        await outbox.append(self._connection, self._to_events(changed))

    async def known_people(self, person_ids: Collection[UUID]) -> frozenset[UUID]:
        rows = await self._connection.fetch(
            "select person_id from known_person where person_id = any($1::uuid[])", list(person_ids)
        )
        return frozenset(row["person_id"] for row in rows)

    async def stays_in(self, facility_ids: Collection[UUID]) -> list[Residence]:
        return await self._stays("where facility_id = any($1::uuid[])", facility_ids)

    async def stays_of(self, person_ids: Collection[UUID]) -> list[Residence]:
        return await self._stays("where person_id = any($1::uuid[])", person_ids)

    async def locked_stays(self, residence_ids: Collection[UUID]) -> dict[UUID, Residence]:
        found = await self._stays(
            "where residence_id = any($1::uuid[]) order by residence_id for update", residence_ids
        )
        return {stay.residence_id: stay for stay in found}

    async def start(self, residences: Sequence[Residence]) -> frozenset[UUID]:
        if not residences:
            return frozenset()
        rows = await self._connection.fetch(
            "insert into residence"
            " (residence_id, person_id, facility_id, province_code, state, during, state_paid)"
            " select new.residence_id, new.person_id, facility_id, province_code, 'resident',"
            " daterange(new.from_date, null), new.state_paid"
            " from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::boolean[])"
            " as new (residence_id, person_id, facility_id, from_date, state_paid)"
            " join facility using (facility_id) on conflict do nothing returning residence_id",
            *_columns(
                [
                    (one.residence_id, one.person_id, one.facility_id, one.from_date, one.state_paid)
                    for one in residences
                ]
            ),
        )
        started = frozenset(row["residence_id"] for row in rows)
        begun = [one for one in residences if one.residence_id in started]
        await outbox.append(self._connection, self._to_events(begun))
        return started

    async def end(self, residences: Sequence[Residence]) -> None:
        if not residences:
            return
        await self._connection.execute(
            "update residence set state = 'left', during = daterange(lower(during), ended.until_date, '[]')"
            " from unnest($1::uuid[], $2::date[]) as ended (residence_id, until_date)"
            " where residence.residence_id = ended.residence_id",
            *_columns([(one.residence_id, one.until_date) for one in residences]),
        )
        await outbox.append(self._connection, self._to_events(residences))

    async def _stays(self, condition: str, ids: Collection[UUID]) -> list[Residence]:
        return [stay(row) for row in await self._connection.fetch(f"{STAYS} {condition}", list(ids))]

    def _values(self, one: FacilityRecorded) -> tuple[Any, ...]:
        facility = one.facility
        return (
            one.facility_id,
            one.version,
            facility.code,
            facility.name,
            facility.kind,
            facility.sector,
            facility.province_code,
            facility.commune_code,
            facility.places,
            facility.agency_code,
            self._cipher.encrypt(orjson.dumps([facility.account_number, facility.account_name])),
            one.term.changed_on,
            one.term.usable_from,
        )

    def _facility(self, row: Any) -> FacilityRecorded:
        number, name = orjson.loads(self._cipher.decrypt(row["account_sealed"]))
        facility = Facility(
            row["code"],
            row["name"],
            row["kind"],
            row["sector"],
            row["province_code"],
            row["commune_code"],
            row["places"],
            row["agency_code"],
            number,
            name,
        )
        term = Term(row["changed_on"], row["usable_from"])
        return FacilityRecorded(row["facility_id"], row["version"], facility, term)


class FacilityWorks:
    """Opens transactions; see usecases.ports.Works."""

    def __init__(self, database: Database, cipher: FieldCipher, to_events: ToEvents) -> None:
        self._database = database
        self._cipher = cipher
        self._to_events = to_events

    @asynccontextmanager
    async def work(self, territory: str | None) -> AsyncIterator[FacilityWork]:
        async with self._database.writing(territory) as connection:
            yield FacilityWork(connection, self._cipher, self._to_events)


def stay(row: Any) -> Residence:
    """A residence from a row of `STAYS`."""
    until: date | None = row["until_date"]
    return Residence(
        row["residence_id"], row["person_id"], row["facility_id"], row["from_date"], until, row["state_paid"]
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
