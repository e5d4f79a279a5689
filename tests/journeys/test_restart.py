"""What was registered is there again after the platform was ended and started anew."""

import asyncio
from pathlib import Path
from typing import Any

from deploy.local import keys, plan, supervisor
from deploy.local.demo.client import Client
from deploy.local.environment import Choice
from deploy.local.keys import Secrets
from deploy.local.places import Places
from scenarios import generate
from tests.support.ports import free_port_base


def _registry_alone(places: Places, secrets: Secrets, choice: Choice) -> plan.Plan:
    made = plan.make(places, secrets, choice)
    made.services = [child for child in made.services if child.name == "registry"]
    return made


async def _people(places: Places, file: Path | None = None) -> int:
    """Start, take the file if there is one, count, end."""
    async with supervisor.running(places, Choice(business_date="2019-12-05"), print, _registry_alone):
        client = Client(places, keys.load(places.var), "56")
        try:
            if file:
                taken = await client.upload("province-officer", "registry", "/v1/imports", file, "text/csv")
                await _done(client, taken["import_id"])
            return int((await client.get("auditor", "registry", "/v1/counts"))["people"])
        finally:
            await client.close()


async def _done(client: Client, import_id: str) -> None:
    for _ in range(300):
        found: dict[str, Any] = await client.get("province-officer", "registry", f"/v1/imports/{import_id}")
        if found["status"] == "done":
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the import was not done in 30 seconds")


def test_what_was_registered_survives_a_restart(tmp_path: Path) -> None:
    places = Places(tmp_path / "var", free_port_base())
    generate("ninh-thuan-2019", tmp_path / "population", 300)
    assert asyncio.run(_people(places, tmp_path / "population" / "people.csv")) == 300
    assert asyncio.run(_people(places)) == 300
