"""Eligibility behind its doors on one day, with what other services tell it made up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from contracts import topics
from libs.common.kernel.ids import new_id, show
from libs.common.runtime.consumer import Consumer
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import Opener, Sealer
from services.eligibility.domain.records import Uncollected
from services.eligibility.events.incoming import Incoming
from services.eligibility.settings import EligibilitySettings
from services.eligibility.store.facts import record_people, record_residences
from services.eligibility.wiring import on_month_closed, service
from tests.support.broker import TestBroker
from tests.support.doors import Door, Topic, deliver, open_door
from tests.support.postgres import ServiceDatabase, TestCluster


@dataclass
class World:
    door: Door
    database: ServiceDatabase
    consumer: Consumer
    sealer: Sealer
    people: Topic
    residences: Topic

    def person(self, person_id: UUID, version: int = 1, **changed: Any) -> Any:
        """PersonRecorded of a severely disabled adult in Ninh Thuận, decided in 2016."""
        facts = changed.pop("facts", {"disability_degree": "severe"})
        data = {
            "person_id": show("per", person_id),
            "version": version,
            "household_id": show("hhd", new_id()),
            "commune_code": "22738",
            "province_code": "56",
            "former_province_code": "58",
            "birth_date": "1985-03-01",
            "sex": "female",
            "poverty_status": "none",
            "area": "other",
            "already_receiving": True,
            "applied_for": ["monthly_allowance"],
            "decision_signed_on": "2016-05-04",
            "facts": self.sealer.seal(orjson.dumps(facts)),
            **changed,
        }
        return self.people.record(person_id, "PersonRecorded", data)

    def again(self, record: Any) -> Any:
        """The same event once more, further on in the log."""
        event_id = UUID(dict(record.headers)["ce_id"].decode())
        return self.people.record(UUID(record.key.decode()), "PersonRecorded", record.value, event_id)

    def resident(self, person_id: UUID, facility_id: UUID) -> Any:
        data = {
            "residence_id": show("res", new_id()),
            "person_id": show("per", person_id),
            "facility_id": show("fac", facility_id),
            "from_date": "2018-02-01",
            "state_paid": True,
        }
        return self.residences.record(person_id, "ResidenceStarted", data)

    async def close_month(self, month: str = "2019-12") -> dict[str, Any]:
        """Both upstream services close the month; wait until everybody is determined."""
        await deliver(self.consumer, self.people.month_closed(month))
        await deliver(self.consumer, self.residences.month_closed(month))
        for _ in range(200):
            answer = await self.door.client.get(
                f"/v1/determinations/{month}", headers=self.door.as_("province-officer")
            )
            counts: dict[str, Any] = answer.json()
            if counts["done"]:
                return counts
            await asyncio.sleep(0.05)
        raise AssertionError("the month was not determined in 10 seconds")

    async def told(self) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.database.url_superuser)
        rows = await connection.fetch("select type, data from outbox order by id")
        await connection.close()
        return [{"type": row["type"], **orjson.loads(row["data"])} for row in rows]

    async def decisions_of(self, person_id: UUID) -> list[dict[str, Any]]:
        answer = await self.door.client.get(
            "/v1/decisions",
            params={"person_id": show("per", person_id)},
            headers=self.door.as_("province-officer"),
        )
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


async def _nothing_comes_back(_: Connection, told: Sequence[Uncollected]) -> None:
    assert not told


@pytest.fixture
async def world(
    request: pytest.FixtureRequest, postgres_cluster: TestCluster, broker: TestBroker
) -> AsyncIterator[World]:
    """On the business date that a test asks for, else in December 2019."""
    database = await postgres_cluster.fresh_database("eligibility")
    settings = EligibilitySettings.from_environment(
        "eligibility",
        {
            **database.environment,
            "ANSINH_KAFKA_BOOTSTRAP": broker.bootstrap,
            "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false",
            "ANSINH_BUSINESS_DATE": getattr(request, "param", "2019-12-05"),
        },
    )
    own = Database(settings)
    await own.open()
    assert settings.seal_private and settings.seal_public_eligibility
    opener = Opener(settings.seal_private.get_secret_value())
    incoming = Incoming(opener, record_people, record_residences, _nothing_comes_back)
    handlers = {topics.PERSON.name: incoming.people, topics.RESIDENCE.name: incoming.residences}
    async with open_door(service(settings)) as door:
        yield World(
            door,
            database,
            Consumer(own, settings, handlers, on_month_closed),
            Sealer(settings.seal_public_eligibility),
            Topic(topics.PERSON.name),
            Topic(topics.RESIDENCE.name),
        )
    await own.close()
