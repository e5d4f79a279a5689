"""From a file in the registry to a resident: with the real relay, broker and consumer between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.facilities import wiring as facilities_wiring
from services.facilities.settings import FacilitiesSettings
from services.registry import wiring as registry_wiring
from services.registry.settings import RegistrySettings
from tests.services.facilities.world import BUSINESS_DATE, OFFICER, Tokens, admission, facility, token
from tests.services.registry.world import csv_file, person, personal_id
from tests.support.broker import TestBroker
from tests.support.postgres import TestCluster

_PEOPLE = 300


@pytest.fixture
async def environment(postgres_cluster: TestCluster, own_broker: TestBroker) -> dict[str, str]:
    made: dict[str, str] = {}
    for service in ("registry", "facilities"):
        made |= (await postgres_cluster.fresh_database(service)).environment
    return made | {
        "ANSINH_BUSINESS_DATE": BUSINESS_DATE,
        "ANSINH_KAFKA_BOOTSTRAP": own_broker.bootstrap,
        "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false",
    }


@asynccontextmanager
async def _served(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The application with all its workers running."""
    application.state.verifier = Tokens()
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client,
    ):
        yield client


async def _eventually(client: httpx.AsyncClient, path: str, as_: str, done: Any) -> dict[str, Any]:
    for _ in range(600):
        shown = (await client.get(path, headers=token(as_))).json()
        if done(shown):
            return dict(shown)
        await asyncio.sleep(0.1)
    raise AssertionError(f"{path} stays {shown}")


async def test_a_person_of_a_file_becomes_a_resident_even_when_the_broker_lost_everything(
    environment: dict[str, str], own_broker: TestBroker
) -> None:
    made = registry_wiring.parts(RegistrySettings.from_environment("registry", environment))
    homes = facilities_wiring.parts(FacilitiesSettings.from_environment("facilities", environment))
    async with _served(registry_wiring.service(made)) as registry:
        content = csv_file([person(number) for number in range(_PEOPLE)])
        sent = await registry.post("/v1/imports", files={"file": content}, headers=token("commune-officer"))
        status = f"/v1/imports/{sent.json()['import_id']}"
        await _eventually(registry, status, "commune-officer", lambda shown: shown["status"] == "done")
        own_broker.kill()
        own_broker.start()

        async with _served(facilities_wiring.service(homes)) as facilities:
            await _eventually(facilities, "/v1/positions", "auditor", _heard_of_all)
            (item,) = (await _post(registry, "/v1/people/lookup", {"personal_ids": [personal_id(7)]}))[
                "items"
            ]
            (home,) = (await _post(facilities, "/v1/facilities", [facility()]))["items"]
            wanted = [admission(item["person_id"], home["facility_id"])]
            (outcome,) = (await _post(facilities, "/v1/admissions", wanted))["items"]

    assert outcome["status"] == "admitted"


def _heard_of_all(positions: dict[str, Any]) -> bool:
    applied = positions["applied"].get("ansinh.registry.person.v1", {"events": 0})
    return bool(applied["events"] == _PEOPLE)


async def _post(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    answer = await client.post(path, json=body, headers=token(OFFICER))
    assert answer.is_success, answer.text
    return answer.json()
