"""Recalculations through the GraphQL door, over the real eligibility service."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from gateway.wiring import build
from libs.common.kernel.ids import show
from tests.gateway.conftest import gateway_settings
from tests.gateway.test_over_eligibility import ByHost
from tests.gateway.world.services import Services
from tests.services.eligibility.test_recalculation import late
from tests.services.eligibility.world import World, world

__all__ = ["late", "world"]

SHOWN = """id state reason fromMonth toMonth provinceCode provinceName communeCode requestedBy appliedBy
    people undetermined elsewhere contentHash
    programmes { programme people differences arrearsDong recoveryDong }"""
ASK = f"""mutation ($people: [ID!], $province: String) {{ recalculate(
    fromMonth: "2019-12", toMonth: "2019-12", reason: LATE_FACT,
    personIds: $people, provinceCode: $province) {{ {SHOWN} }} }}"""
READ = f"""query ($id: ID!, $after: String) {{ recalculation(id: $id) {{ {SHOWN}
    differences(first: 5, after: $after) {{ nextCursor nodes {{
        id personId programme month oldDong newDong dong payee payeePersonId applied heldBack
        commune {{ code name }} oldDecision {{ id amountDong }}
        reasons {{ rule held citation facts {{ fact has }} }} }} }} }} }}"""
LIST = f"""query ($after: String) {{ recalculations(first: 1, after: $after) {{
    nextCursor nodes {{ {SHOWN} }} }} }}"""
APPLY = """mutation ($id: ID!, $hash: String!) {
    applyRecalculation(id: $id, contentHash: $hash) { state appliedBy } }"""
DISCARD = "mutation ($id: ID!) { discardRecalculation(id: $id) { state } }"
Late = tuple[World, UUID]


class Client:
    def __init__(self, at: World, door: httpx.AsyncClient) -> None:
        self._world, self._door = at, door

    async def say(self, query: str, role: str = "province-officer", **variables: Any) -> dict[str, Any]:
        headers = self._world.door.as_(role, sub=f"{role}@56", territory="56")
        body = {"query": query, "variables": variables}
        said: dict[str, Any] = (await self._door.post("/graphql", json=body, headers=headers)).json()
        return said

    async def ready(self, **variables: Any) -> dict[str, Any]:
        made = (await self.say(ASK, **variables))["data"]["recalculate"]
        for _ in range(200):
            answer = await self.say(READ, id=made["id"])
            assert "errors" not in answer, answer
            found: dict[str, Any] = answer["data"]["recalculation"]
            if found["state"] == "READY":
                return found
            await asyncio.sleep(0.05)
        raise AssertionError("not ready in 10 seconds")


@pytest.fixture
async def client(late: Late) -> AsyncIterator[Client]:
    at, _ = late
    pool = httpx.AsyncClient(transport=ByHost(httpx.ASGITransport(at.door.app), Services().transport()))
    gateway = build(gateway_settings(), pool, verifier=at.door.signer.verifier())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://gateway") as door:
        yield Client(at, door)


async def test_it_is_asked_for_read_with_both_sides_and_applied_by_another(
    client: Client,
    late: Late,
) -> None:
    found = await client.ready(people=[show("per", late[1])])
    assert (found["people"], found["fromMonth"], found["requestedBy"]) == (
        1,
        "2019-12",
        "province-officer@56",
    )
    [programme] = found["programmes"]
    assert (programme["arrearsDong"], programme["recoveryDong"]) == (135_000, 0)
    [one] = found["differences"]["nodes"]
    assert (one["oldDong"], one["newDong"], one["dong"], one["heldBack"]) == (
        405_000,
        540_000,
        135_000,
        False,
    )
    assert one["oldDecision"]["amountDong"] == 405_000
    held = [reason for reason in one["reasons"] if reason["held"]]
    assert held and held[0]["citation"]
    own = await client.say(APPLY, id=found["id"], hash=found["contentHash"])
    assert own["errors"][0]["extensions"]["code"] == "not_permitted"
    applied = await client.say(APPLY, role="checker", id=found["id"], hash=found["contentHash"])
    assert applied["data"]["applyRecalculation"] == {"state": "APPLIED", "appliedBy": "checker@56"}


async def test_they_are_listed_page_by_page_and_one_is_given_up(client: Client) -> None:
    first, second = await client.ready(), await client.ready(province="56")
    page = (await client.say(LIST))["data"]["recalculations"]
    rest = (await client.say(LIST, after=page["nextCursor"]))["data"]["recalculations"]
    assert [one["id"] for one in page["nodes"] + rest["nodes"]] == [second["id"], first["id"]]
    assert rest["nodes"][0]["programmes"] == first["programmes"] != []
    given_up = await client.say(DISCARD, id=first["id"])
    assert given_up["data"]["discardRecalculation"] == {"state": "DISCARDED"}


async def test_a_refusal_is_told_and_another_s_is_null(client: Client) -> None:
    refused = await client.say(ASK, province="01")
    assert refused["errors"][0]["extensions"]["code"] == "not_permitted"
    nobody = show("rec", UUID(int=1))
    assert (await client.say(READ, id=nobody))["data"]["recalculation"] is None
