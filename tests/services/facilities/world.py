"""Facilities for tests: the real application on a real database, the registry's news given by hand."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson

from contracts.events.registry import PersonRecorded
from contracts.topics import PERSON
from libs.common.kernel.ids import derived_id, new_id, show
from libs.common.kernel.sharding import shard_of
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.sealing import Opener
from services.facilities import wiring
from services.facilities.settings import FacilitiesSettings
from tests.support.postgres import ServiceDatabase

BUSINESS_DATE = "2023-12-01"
OFFICER = "province-officer"


class Tokens:
    """Stands for the issuer: the token `role@territory` is somebody of that role and territory."""

    async def claims(self, token: str) -> dict[str, Any]:
        role, _, territory = token.partition("@")
        return {"sub": f"test:{token}", "roles": [role], "territory": territory or "*"}


@dataclass
class Facilities:
    """What a test holds: the client, the parts behind it, a look into the database, payments' key."""

    parts: wiring.Parts
    client: httpx.AsyncClient
    look: "asyncpg.Connection[asyncpg.Record]"
    payments: Opener

    async def post(self, path: str, items: Any, as_: str = OFFICER) -> httpx.Response:
        return await self.client.post(path, json=items, headers=token(as_))

    async def get(self, path: str, as_: str = OFFICER, **params: str) -> httpx.Response:
        return await self.client.get(path, params=params, headers=token(as_))

    async def record(self, *stated: dict[str, Any], as_: str = OFFICER) -> list[str]:
        """The ids of recorded facilities."""
        answer = await self.post("/v1/facilities", list(stated), as_)
        assert answer.status_code == 200, answer.text
        return [item["facility_id"] for item in answer.json()["items"]]

    async def hear_of(self, *events: IncomingEvent) -> None:
        """The registry's news, as the consumer hands them over."""
        async with self.parts.database.bulk() as connection:
            await self.parts.people_recorded(connection, events)

    async def know(self, count: int) -> list[str]:
        """So many people, known; their ids."""
        people = [derived_id("test person", str(number)) for number in range(count)]
        await self.hear_of(*(person_recorded(one) for one in people))
        return [show("per", one) for one in people]

    async def admit(self, *wanted: dict[str, Any], as_: str = OFFICER) -> list[tuple[str, str | None]]:
        """(status, code) of each."""
        answer = await self.post("/v1/admissions", list(wanted), as_)
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        return [(item["status"], item["problem"] and item["problem"]["code"]) for item in items]

    async def events(self, type_: str) -> list[dict[str, Any]]:
        rows = await self.look.fetch("select data from outbox where type = $1 order by id", type_)
        return [orjson.loads(row["data"]) for row in rows]

    async def violations(self) -> list[int]:
        items = (await self.get("/v1/invariants", as_="auditor")).json()["items"]
        return [item["violations"] for item in items]


def token(as_: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {as_}"}


def facility(code: str = "F1", **changed: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"Trung tâm bảo trợ xã hội thử nghiệm {code}",
        "kind": "elderly",
        "sector": "public",
        "province_code": "01",
        "commune_code": "00001",
        "places": 3,
        "agency_code": "970405",
        "account_number": "888800001111",
        "account_name": "TRUNG TAM THU NGHIEM",
    } | changed


def admission(person_id: str, facility_id: str, on: str = "2023-01-05", paid: bool = True) -> dict[str, Any]:
    return {"person_id": person_id, "facility_id": facility_id, "admitted_on": on, "state_paid": paid}


def person_recorded(person_id: UUID, version: int = 1, province_code: str = "01") -> IncomingEvent:
    told = PersonRecorded(
        person_id=show("per", person_id),
        version=version,
        household_id=show("hhd", person_id),
        commune_code="00001",
        province_code=province_code,
        sex="female",
        poverty_status="poor",
        area="other",
        already_receiving=False,
        facts="sealed",
    )
    data = told.model_dump_json().encode()
    return IncomingEvent(PERSON.name, shard_of(person_id), person_id, "PersonRecorded", new_id(), data)


async def open_facilities(database: ServiceDatabase) -> Facilities:
    environment = {**database.environment, "ANSINH_BUSINESS_DATE": BUSINESS_DATE}
    parts = wiring.parts(FacilitiesSettings.from_environment("facilities", environment))
    application = wiring.service(parts)
    application.state.verifier = Tokens()
    await parts.database.open()
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://facilities", timeout=60
    )
    look = await asyncpg.connect(database.url_superuser)
    return Facilities(parts, client, look, Opener(environment["ANSINH_SEAL_PRIVATE_PAYMENTS"]))


async def close_facilities(facilities: Facilities) -> None:
    await facilities.client.aclose()
    await facilities.look.close()
    await facilities.parts.database.close()
