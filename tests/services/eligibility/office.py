"""An office on a day: eligibility behind its doors, on a database that outlives the day."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from contracts import topics
from libs.common.kernel.clock import WallClock
from libs.common.kernel.ids import new_id, show
from libs.common.runtime.consumer import Consumer
from libs.common.runtime.postgres import Database
from libs.common.runtime.sealing import Sealer
from services.eligibility.domain.case_law import CaseLaw
from services.eligibility.settings import EligibilitySettings
from services.eligibility.wiring import engine, handlers, hearing, on_month_closed, service
from tests.support.broker import TestBroker
from tests.support.doors import Door, Topic, deliver, open_door
from tests.support.postgres import ServiceDatabase

PROVINCE, COMMUNE = "92", "31135"
ELSEWHERE, FAR_COMMUNE = "01", "00004"


@cache
def _case_law() -> CaseLaw:
    return CaseLaw(engine().policy)


@dataclass
class Files:
    """What stays when the day ends."""

    database: ServiceDatabase
    broker: TestBroker
    people: Topic = field(default_factory=lambda: Topic(topics.PERSON.name))
    residences: Topic = field(default_factory=lambda: Topic(topics.RESIDENCE.name))
    uncollected: Topic = field(default_factory=lambda: Topic(topics.UNCOLLECTED.name))

    @asynccontextmanager
    async def on(self, day: str) -> AsyncIterator["Office"]:
        settings = EligibilitySettings.from_environment(
            "eligibility",
            {
                **self.database.environment,
                "ANSINH_KAFKA_BOOTSTRAP": self.broker.bootstrap,
                "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false",
                "ANSINH_BUSINESS_DATE": day,
            },
        )
        own = Database(settings)
        await own.open()
        incoming = hearing(settings, _case_law(), WallClock(settings.business_date))
        assert settings.seal_public_eligibility
        async with open_door(service(settings)) as door:
            consumer = Consumer(own, settings, handlers(incoming), on_month_closed)
            yield Office(self, door, consumer, Sealer(settings.seal_public_eligibility))
        await own.close()


@dataclass
class Office:
    files: Files
    door: Door
    consumer: Consumer
    sealer: Sealer

    async def record(self, person_id: UUID, version: int = 1, **changed: Any) -> None:
        """PersonRecorded of a severely disabled adult who has received since 2022, unless changed."""
        facts = changed.pop("facts", {"disability_degree": "severe"})
        data = {
            "person_id": show("per", person_id),
            "version": version,
            "household_id": show("hhd", new_id()),
            "commune_code": COMMUNE,
            "province_code": PROVINCE,
            "birth_date": "1985-03-01",
            "sex": "female",
            "poverty_status": "none",
            "area": "other",
            "already_receiving": True,
            "applied_for": ["monthly_allowance"],
            "decision_signed_on": "2022-05-04",
            "facts": self.sealer.seal(orjson.dumps(facts)),
            **changed,
        }
        await deliver(self.consumer, [self.files.people.record(person_id, "PersonRecorded", data)])

    async def apply(self, person_id: UUID, received_on: str, **changed: Any) -> None:
        """The same person, as somebody who applies."""
        await self.record(
            person_id,
            **{
                "already_receiving": False,
                "decision_signed_on": None,
                "application_received_on": received_on,
                **changed,
            },
        )

    async def close_month(self, month: str) -> None:
        """Everything upstream of the month is in; wait until everybody is determined."""
        await deliver(self.consumer, self.files.people.month_closed(month))
        await deliver(self.consumer, self.files.residences.month_closed(month))
        await self.until(lambda: self._determined(month), f"{month} was not determined")

    async def pay_month(self, month: str) -> None:
        """Its decisions are determined and closed: payments pays by them."""
        await self.close_month(month)
        status, said = await self.post("/v1/month-closings", {"month": month}, "ministry", territory="*")
        assert status == 200, said

    async def _determined(self, month: str) -> bool:
        return bool((await self.get(f"/v1/determinations/{month}"))["done"])

    async def until(self, holds: Any, problem: str) -> None:
        for _ in range(200):
            if await holds():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{problem} in 10 seconds")

    async def get(self, path: str, role: str = "commune-officer", **asked: Any) -> dict[str, Any]:
        territory = asked.pop("territory", PROVINCE)
        answer = await self.door.client.get(
            path, params=asked, headers=self.door.as_(role, territory=territory)
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def post(
        self, path: str, body: Any = None, role: str = "commune-officer", **claims: Any
    ) -> tuple[int, Any]:
        headers = self.door.as_(role, **{"territory": PROVINCE, "sub": f"{role}@test", **claims})
        answer = await self.door.client.post(path, json=body, headers=headers)
        return answer.status_code, answer.json()

    async def prepare(self, kind: str, person_id: UUID, **more: Any) -> dict[str, Any]:
        body = {"kind": kind, "person_id": show("per", person_id), "programme": "monthly_allowance", **more}
        status, case = await self.post("/v1/measures", body)
        assert status == 201, case
        return dict(case)

    async def sign(self, case: dict[str, Any], **claims: Any) -> dict[str, Any]:
        """The chair signs a measure; wait until it is carried out."""
        path = f"/v1/cases/{case['case_id']}/signature"
        status, signed = await self.post(path, role="commune-chair", **claims)
        assert status == 200, signed
        await self.until(self._carried_out, "a measure was not carried out")
        return dict(signed)

    async def _carried_out(self) -> bool:
        rows = await self.rows(
            "select from case_file where signed_by_sub is not null and not carried_out"
            " and kind <> 'application'"
        )
        return not rows

    async def take(self, kind: str, person_id: UUID, **more: Any) -> dict[str, Any]:
        """Prepared by one, signed by another, carried out."""
        return await self.sign(await self.prepare(kind, person_id, **more))

    async def sign_proposals(self, person_id: UUID) -> None:
        found = await self.decisions(person_id)
        proposed = [one["decision_id"] for one in found if one["status"] == "proposed"]
        status, said = await self.post("/v1/signatures", {"decision_ids": proposed}, role="commune-chair")
        assert status == 200, said

    async def decisions(self, person_id: UUID) -> list[dict[str, Any]]:
        found = await self.get(
            "/v1/decisions", role="auditor", territory="*", person_id=show("per", person_id)
        )
        return sorted(found["items"], key=lambda one: int(one["version"]))

    async def cases(self, person_id: UUID, territory: str = PROVINCE) -> list[dict[str, Any]]:
        found = await self.get("/v1/cases", person_id=show("per", person_id), territory=territory)
        return list(found["items"])

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.files.database.url_superuser)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def told(self, *types: str) -> list[str]:
        rows = await self.rows("select type from outbox where type = any($1) order by id", list(types))
        return [row["type"] for row in rows]


def paid(decisions: list[dict[str, Any]], *months: str) -> list[tuple[str, int]]:
    """Where and how much each month pays: the newest version in force, as payments reads it."""
    found = []
    for month in months:
        standing = [
            one for one in decisions if one["status"] != "proposed" and one["effective_from"] <= month
        ]
        last = max(standing, key=lambda one: int(one["version"]), default=None)
        found.append((last["commune_code"], last["amount_dong"]) if last else ("", 0))
    return found
