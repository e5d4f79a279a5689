"""What eligibility hears: people, residences, and from payments what nobody collected."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import orjson

from libs.common.kernel.ids import read
from libs.common.kernel.months import Month
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.postgres import Connection
from libs.common.runtime.sealing import Opener
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.history import FactsVersion
from services.eligibility.domain.records import PersonRecord, ResidenceRecord, Uncollected

KeepPeople = Callable[[Connection, Sequence[PersonRecord]], Awaitable[None]]
SuspendUncollected = Callable[[Connection, Sequence[Uncollected]], Awaitable[None]]
KeepResidences = Callable[[Connection, Sequence[ResidenceRecord]], Awaitable[None]]


class _Person(msgspec.Struct):
    """PersonRecorded, as far as the law asks, and the sex. contracts.events.registry holds its promise."""

    person_id: str
    version: int
    commune_code: str
    province_code: str
    poverty_status: str
    area: str
    already_receiving: bool
    facts: str
    true_from: date | None = None
    former_province_code: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    applied_for: list[str] = []
    application_received_on: str | None = None
    decision_signed_on: str | None = None


class _Residence(msgspec.Struct):
    residence_id: str
    person_id: str
    facility_id: str
    from_date: date | None = None
    until_date: date | None = None
    state_paid: bool | None = None


class _Uncollected(msgspec.Struct):
    person_id: str
    programme: str
    benefit_months: list[str]


class Incoming:
    """Handlers of the consumed topics. `opener` holds eligibility's private key; the others keep records."""

    def __init__(
        self,
        opener: Opener,
        keep_people: KeepPeople,
        keep_residences: KeepResidences,
        suspend_uncollected: SuspendUncollected,
    ) -> None:
        self._opener = opener
        self._keep_people = keep_people
        self._keep_residences = keep_residences
        self._suspend_uncollected = suspend_uncollected
        self._person = msgspec.json.Decoder(_Person)
        self._residence = msgspec.json.Decoder(_Residence)
        self._uncollected = msgspec.json.Decoder(_Uncollected)

    async def people(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        await self._keep_people(connection, [self._person_row(event) for event in events])

    async def residences(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        await self._keep_residences(connection, [self._residence_row(event) for event in events])

    async def uncollected(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        await self._suspend_uncollected(connection, [self._uncollected_row(event) for event in events])

    def _person_row(self, event: IncomingEvent) -> PersonRecord:
        told = self._person.decode(event.data)
        person: dict[str, Any] = orjson.loads(self._opener.open(told.facts))
        carer = person.pop("carer", None)
        if told.birth_date:
            person["birth_date"] = told.birth_date
        dates = {
            "application_received_on": told.application_received_on,
            "decision_signed_on": told.decision_signed_on,
            "disability_certificate_on": person.pop("disability_certificate_on", None),
        }
        context: dict[str, Any] = {"already_receiving": told.already_receiving}
        if told.applied_for:
            context["applied_for"] = told.applied_for
        case = {
            "person": person,
            "household": {"poverty_status": told.poverty_status, "area": told.area},
            "dates": {name: day for name, day in dates.items() if day},
            "context": context,
            **({"carer": carer} if carer else {}),
        }
        return PersonRecord(
            person_id=event.key,
            shard=event.shard,
            facts=FactsVersion(
                told.version,
                told.true_from,
                Place(told.commune_code, told.province_code, told.former_province_code),
                case,
                told.sex,
            ),
        )

    def _residence_row(self, event: IncomingEvent) -> ResidenceRecord:
        told = self._residence.decode(event.data)
        return ResidenceRecord(
            residence_id=read("res", told.residence_id),
            person_id=_person_id(told.person_id, event.key),
            facility_id=read("fac", told.facility_id),
            from_date=told.from_date,
            until_date=told.until_date,
            state_paid=told.state_paid,
        )

    def _uncollected_row(self, event: IncomingEvent) -> Uncollected:
        told = self._uncollected.decode(event.data)
        months = tuple(Month.parse(month) for month in told.benefit_months)
        return Uncollected(_person_id(told.person_id, event.key), told.programme, months)


def _person_id(shown: str, key: UUID) -> UUID:
    person = read("per", shown)
    assert person == key, "an event of a person is keyed by that person"
    return person
