"""A month is paid into wallets: from the registry to the operators' books, in both of their languages."""

import asyncio
import csv
from pathlib import Path

import orjson
from rich.console import Console

from deploy.local import keys, supervisor
from deploy.local.demo import figures
from deploy.local.demo.client import Client
from deploy.local.demo.run import drive
from deploy.local.demo.screen import Screen
from deploy.local.demo.stages import Journey
from deploy.local.environment import Choice
from deploy.local.places import Places
from scenarios import Manifest, business_date, generate
from simulators.main import WALLETS
from tests.support.ports import free_port_base

_SCENARIO, _PEOPLE = "ha-noi-2023", 600
_SUMS = ("settled_dong", "returned_dong")
Totals = dict[str, int]


def _into_wallets(people: Path) -> None:
    """Whoever has a bank account has a wallet instead, with one operator or the other."""
    with people.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["channel"] == "bank_account":
            operator = WALLETS[int(row["account_number"]) % len(WALLETS)]
            row |= {"channel": "e_wallet", "agency_code": operator}
    with people.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


async def _paid(places: Places, manifest: Manifest, population: Path) -> tuple[figures.Figures, Totals]:
    """The figures of the month, and what the ledger says of wallets, whatever the programme."""
    choice = Choice(business_date=business_date(_SCENARIO).isoformat())
    async with supervisor.running(places, choice, print) as platform:
        client = Client(places, keys.load(places.var), manifest.province_code)
        try:
            journey = Journey(client, manifest, population)
            found, _ = await supervisor.while_alive(platform, drive(Screen(Console(quiet=True)), journey))
            asked = {"run_id": journey.run_id, "by": "channel"}
            totals = await client.get("auditor", "payments", "/v1/totals", **asked)
        finally:
            await client.close()
    of_wallets = [item for item in totals["items"] if item["key"] == "e_wallet"]
    return found, {name: sum(item[name] for item in of_wallets) for name in _SUMS}


def _books(places: Places, operator: str) -> Totals:
    """What the operator itself has written down, by its last word on each batch."""
    lines = (places.data / "simulators" / f"{operator}.jsonl").read_bytes().splitlines()
    pages = {page["payment_file_id"]: page for page in map(orjson.loads, lines)}
    return {name: sum(page[name] for page in pages.values()) for name in _SUMS}


def test_a_month_is_paid_into_wallets_of_both_languages(tmp_path: Path) -> None:
    places, population = Places(tmp_path / "var", free_port_base()), tmp_path / "population"
    manifest = generate(_SCENARIO, population, _PEOPLE)
    _into_wallets(population / "people.csv")
    found, ledger = asyncio.run(_paid(places, manifest, population))
    assert figures.problems(manifest, found) == []
    books = [_books(places, operator) for operator in WALLETS]
    assert all(one["settled_dong"] > 0 for one in books)
    assert {name: sum(one[name] for one in books) for name in _SUMS} == ledger
