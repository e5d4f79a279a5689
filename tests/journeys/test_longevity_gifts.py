"""Elders who complete an age of the law are found in the register, listed, and paid their gift, once."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from deploy.local import keys, supervisor, verify
from deploy.local.demo import giving
from deploy.local.demo.client import Client
from deploy.local.demo.run import drive
from deploy.local.demo.screen import Screen
from deploy.local.demo.stages import Journey
from deploy.local.environment import Choice
from deploy.local.places import Places
from deploy.local.tokens import token
from scenarios import Manifest, business_date, generate
from scenarios.manifest import Gifts
from tests.support.ports import free_port_base

_SCENARIO, _PEOPLE = "ha-noi-2023", 600
_YEAR = {"from_month": "2023-01", "until_month": "2023-12"}
#: The law's least at 90 and 100; at the other ages the province's, here invented.
_INVENTED_DONG = 300_000


async def _listed(places: Places, province: str) -> bytes:
    """The list that eligibility makes."""
    made = await token(places, keys.load(places.var), "commune-officer", province)
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {made}"}) as http:
        url = f"{places.url('eligibility')}/v1/occasions/longevity/people.csv"
        answer = await http.get(url, params=_YEAR)
    return answer.raise_for_status().content


async def _campaign(client: Client) -> tuple[dict[str, Any], int]:
    """Its terms, a group for each age and former province, and what all of them are given."""
    found = (await client.get("commune-officer", "eligibility", "/v1/occasions/longevity", **_YEAR))["items"]
    given = {
        f"age_{one['age']}_{one['former_province_code']}": one["dong"] or _INVENTED_DONG for one in found
    }
    groups = [{"code": code, "name": f"Mừng thọ {code}", "amount": given[code]} for code in sorted(given)]
    terms = {
        "code": "mung-tho-2023",
        "name": "Chúc thọ, mừng thọ 2023 (mô phỏng)",
        "programme": "longevity_gift",
        "legal_basis": "Luật 39/2009, Thông tư 96/2018",
        "opens_on": business_date(_SCENARIO).isoformat(),
        "closes_on": "2024-03-31",
        "groups": groups,
    }
    return terms, sum((one["dong"] or _INVENTED_DONG) * one["people"] for one in found)


async def _give(journey: Journey) -> dict[str, Any]:
    """All stages of gifts, and what became of the campaign."""
    screen = Screen(Console(quiet=True))
    for step in (
        giving.open_campaign,
        giving.take_lists,
        giving.build_run,
        giving.approve,
        giving.instruct,
        giving.reconcile,
    ):
        async with screen.stage(step.__name__, "", "") as stage:
            await step(journey, stage)
    path = f"/v1/campaigns/{journey.campaign_id}"
    found: dict[str, Any] = await journey.client.get("auditor", "payments", path)
    return found


async def _refused_again(journey: Journey, rows: list[bytes]) -> tuple[int, int]:
    """The same people in another file: how many are taken, and refused as listed already."""
    file = journey.population / "again.csv"
    file.write_bytes(b"".join([rows[0], *reversed(rows[1:])]))
    path = f"/v1/campaigns/{journey.campaign_id}/lists"
    taken = await journey.client.upload("province-officer", "payments", path, file, "text/csv")
    path = f"/v1/campaign-lists/{taken['list_id']}"
    async with asyncio.timeout(60):
        found = await journey.client.get("province-officer", "payments", path)
        while found["status"] not in ("done", "refused"):
            await asyncio.sleep(0.1)
            found = await journey.client.get("province-officer", "payments", path)
    wrong = await journey.client.get("province-officer", "payments", f"{path}/errors", limit=500)
    return found["rows_taken"], sum(item["code"] == "listed_twice" for item in wrong["items"])


async def _given(places: Places, manifest: Manifest, population: Path) -> None:
    choice = Choice(business_date=business_date(_SCENARIO).isoformat())
    async with supervisor.running(places, choice, print) as platform:
        client = Client(places, keys.load(places.var), manifest.province_code)
        try:
            journey = Journey(client, manifest, population)
            await supervisor.while_alive(platform, drive(Screen(Console(quiet=True)), journey))
            content = await _listed(places, manifest.province_code)
            (population / "gifts-001.csv").write_bytes(content)
            header, *people = content.splitlines(keepends=True)
            terms, dong = await _campaign(client)
            journey.manifest = replace(manifest, gifts=Gifts(terms, len(people), dong, {}, None, None))
            found = await _give(journey)
            again = await _refused_again(journey, [header, *people])
            findings, _ = await verify.verify(partial(client.get, "auditor"))
        finally:
            await client.close()
    assert len(people) > 10 and len(terms["groups"]) > 2
    assert (found["listed"], found["refused"], found["instructed_dong"]) == (len(people), 0, dong)
    assert found["settled_dong"] + found["returned_dong"] == dong and found["settled_dong"] > 0
    assert again == (0, len(people))
    assert [finding for finding in findings if finding.violations] == []


def test_who_completes_an_age_is_given_the_gift_of_that_age_once(tmp_path: Path) -> None:
    places, population = Places(tmp_path / "var", free_port_base()), tmp_path / "population"
    manifest = generate(_SCENARIO, population, _PEOPLE)
    asyncio.run(_given(places, manifest, population))
