"""Fixtures of the gateway's tests: the gateway over stand-in services, with real tokens."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gateway.settings import GatewaySettings
from gateway.wiring import build
from tests.gateway.world.services import Services
from tests.support.issuer import HeldKeys, Signer


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer.new()


@pytest.fixture
def verifier(signer: Signer) -> HeldKeys:
    return signer.verifier()


@pytest.fixture
def services() -> Services:
    return Services()


def gateway_settings() -> GatewaySettings:
    """Services under their own names, short pauses, the civil day held still."""
    return GatewaySettings.model_validate(
        {
            "service": "gateway",
            "registry_url": "http://registry",
            "eligibility_url": "http://eligibility",
            "payments_url": "http://payments",
            "facilities_url": "http://facilities",
            "local": True,
            "business_date": "2024-02-05",
            "progress_seconds": 0.01,
            "progress_outage_seconds_max": 2.0,
            "token_check_seconds": 0.05,
        }
    )


@pytest.fixture
def gateway(services: Services, verifier: HeldKeys) -> FastAPI:
    pool = httpx.AsyncClient(transport=services.transport())
    return build(gateway_settings(), pool, verifier=verifier)


@pytest.fixture
async def client(gateway: FastAPI, signer: Signer) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in, in Vietnamese."""
    headers = {"Authorization": f"Bearer {signer.token()}"}
    transport = httpx.ASGITransport(gateway)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as made:
        yield made


@pytest.fixture
def browser(gateway: FastAPI) -> Iterator[TestClient]:
    """For WebSockets."""
    with TestClient(gateway) as made:
        yield made
