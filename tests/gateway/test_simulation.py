"""A draft tried through the GraphQL door, over the real eligibility service."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.wiring import build
from libs.common.kernel.ids import new_id
from tests.gateway.conftest import gateway_settings
from tests.gateway.test_over_eligibility import ByHost
from tests.gateway.world.services import Services
from tests.services.eligibility.test_simulations_over_http import HANOI, STANDARD
from tests.services.eligibility.world import World, world  # noqa: F401 - a fixture
from tests.support.doors import deliver

ASK = """mutation ($draft: String!, $province: String) {
    simulate(draft: $draft, months: ["2027-01"], provinceCode: $province) { id title status } }"""
FIGURES = """people undetermined recipientsToday recipientsDraft winners losers unchanged newlyEntitled
    noLongerEntitled todayDong draftDong gainedDong lostDong changeDong averageChangeDong todayYearDong
    draftYearDong changeYearDong"""
READ = f"""query ($id: ID!) {{ simulation(id: $id) {{ status progress months provinceCode takeUp
    result(month: "2027-01") {{ month applies restsOnPeople restsOnProvinces heldPeople
        unreadablePeople unreadableReasons {{ code people }} total {{ {FIGURES} }}
        byCategory {{ key name {FIGURES} }} byProvince {{ key name {FIGURES} }}
        byAge {{ key name {FIGURES} }} bySex {{ key name {FIGURES} }} chart }} }} }}"""


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    pool = httpx.AsyncClient(transport=ByHost(httpx.ASGITransport(world.door.app), Services().transport()))
    gateway = build(gateway_settings(), pool, verifier=world.door.signer.verifier())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://gateway") as made:
        yield made


async def asked(client: httpx.AsyncClient, headers: dict[str, str], **variables: Any) -> dict[str, Any]:
    answer = await client.post("/graphql", json={"query": ASK, "variables": variables}, headers=headers)
    said: dict[str, Any] = answer.json()
    return said


async def read(client: httpx.AsyncClient, headers: dict[str, str], simulation_id: str) -> Any:
    for _ in range(400):
        body = {"query": READ, "variables": {"id": simulation_id}}
        answer = (await client.post("/graphql", json=body, headers=headers)).json()
        assert "errors" not in answer, answer
        found = answer["data"]["simulation"]
        if found is None or found["status"] == "DONE":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("no answer in 20 seconds")


async def test_a_draft_is_asked_about_and_its_figures_are_read(
    client: httpx.AsyncClient,
    world: World,  # noqa: F811
) -> None:
    await deliver(world.consumer, [world.person(new_id()) for _ in range(4)])
    await deliver(world.consumer, [world.person(new_id(), 1, **HANOI)])
    await deliver(world.consumer, [world.person(new_id(), facts={"horse": True})])
    ministry = world.door.as_("ministry")
    said = await asked(client, ministry, draft=STANDARD)
    found = await read(client, ministry, said["data"]["simulate"]["id"])
    assert (found["progress"], found["months"], found["takeUp"]) == (1.0, ["2027-01"], "FULL")
    month = found["result"]
    assert (month["restsOnPeople"], month["restsOnProvinces"], month["applies"]) == (5, 2, True)
    assert (month["heldPeople"], month["unreadablePeople"]) == (0, 1)
    assert month["unreadableReasons"] == [{"code": "unknown_field", "people": 1}]
    assert (month["total"]["winners"], month["total"]["changeDong"]) == (4, 360_000)
    [category] = month["byCategory"]
    assert (category["key"], category["name"]) == ("k6", "Người khuyết tật")
    assert {row["name"]: row["winners"] for row in month["byProvince"]} == {
        "Thành phố Hà Nội": 0,
        "Tỉnh Khánh Hòa": 4,
    }
    assert [row["name"] for row in month["byAge"]] == ["40–49 tuổi"]
    assert [row["name"] for row in month["bySex"]] == ["Nữ"]
    assert "Người khuyết tật" in month["chart"] and month["chart"].startswith("<svg")

    officer = world.door.as_("province-officer", territory="56")
    assert await read(client, officer, said["data"]["simulate"]["id"]) is None
    of_province = await asked(client, officer, draft=STANDARD)
    month = (await read(client, officer, of_province["data"]["simulate"]["id"]))["result"]
    assert (month["total"]["winners"], month["total"]["changeDong"]) == ("<10", None)


async def test_a_draft_s_mistakes_and_a_missing_role_are_told_by_their_codes(
    client: httpx.AsyncClient,
    world: World,  # noqa: F811
) -> None:
    wrong = STANDARD.replace("600000", "600050")
    said = await asked(client, world.door.as_("ministry"), draft=wrong)
    extensions = said["errors"][0]["extensions"]
    assert extensions["code"] == "draft_invalid" and "levels[0].dong" in str(extensions)
    said = await asked(client, world.door.as_("auditor"), draft=STANDARD)
    assert said["errors"][0]["extensions"]["code"] == "not_permitted"
