"""The stages of a scenario, from registry to decisions. Each may be run again from anywhere."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from deploy.local.demo.client import Client, Refused
from deploy.local.demo.screen import Stage
from scenarios import Manifest

_OFFICER = "province-officer"
_MINISTRY = "ministry"
_NOT_SETTLED = "facts_not_settled"
_LOOKUP_MAX = 1_000
_FACILITIES_MAX = 500
_ADMISSIONS_MAX = 1_000
_PAGE_MAX = 500
#: How often somebody else may sign first what was just listed, an earlier attempt of ours say.
_OVERTAKEN_MAX = 50
T = TypeVar("T")


@dataclass(eq=False)
class Wrong(Exception):
    """The platform answered, and not as a scenario must go."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass
class Journey:
    """What the stages hand on to one another."""

    client: Client
    manifest: Manifest
    population: Path
    person_ids: dict[str, str] = field(default_factory=dict)
    run_id: str = ""
    campaign_id: str = ""
    gift_run_id: str = ""

    @property
    def months(self) -> tuple[str, ...]:
        return self.manifest.benefit_months


async def register_facilities(journey: Journey, stage: Stage) -> None:
    lines = json.loads((journey.population / "facilities.json").read_text(encoding="utf-8"))
    taken = 0
    for part in _parts(lines, _FACILITIES_MAX):
        answer = await journey.client.post(_OFFICER, "facilities", "/v1/facilities", part)
        taken += len(answer["items"])
        stage.at(taken, len(lines))
    stage.tell(f"{taken:,} cơ sở · facilities")


async def import_people(journey: Journey, stage: Stage) -> None:
    """The whole file, which must be taken without a refused row."""
    client, manifest = journey.client, journey.manifest
    file = journey.population / "people.csv"
    accepted = await client.upload(
        _OFFICER, "registry", "/v1/imports", file, "text/csv", as_of=manifest.business_date
    )

    async def read() -> dict[str, Any]:
        found: dict[str, Any] = await client.get(_OFFICER, "registry", f"/v1/imports/{accepted['import_id']}")
        return found

    found = await stage.follow(
        "import",
        read,
        lambda shown: shown["status"] in ("done", "refused"),
        lambda shown: (shown["rows_read"], shown.get("rows_total") or manifest.people),
    )
    if found["status"] == "refused" or found["rows_refused"]:
        raise Wrong(f"import: {found['status']}, {found['rows_refused']} rows refused, {found['problem']}")
    stage.tell(f"{found['rows_taken']:,} người · people")


async def admit_residents(journey: Journey, stage: Stage) -> None:
    """Residents to their facilities, once facilities knows the people."""
    with (journey.population / "residents.csv").open(encoding="utf-8", newline="") as file:
        residents = list(csv.DictReader(file))
    if not residents:
        stage.tell("không có · none")
        return
    await _look_up(journey, [row["personal_id"] for row in residents])
    await _wait_for_people(journey, stage)
    facilities = await _facility_ids(journey)
    admitted = 0
    for part in _parts(residents, _ADMISSIONS_MAX):
        body = [
            {
                "person_id": journey.person_ids[row["personal_id"]],
                "facility_id": facilities[row["facility_code"]],
                "admitted_on": row["admitted_on"],
                "state_paid": row["state_paid"] == "true",
            }
            for row in part
        ]
        answer = await journey.client.post(_OFFICER, "facilities", "/v1/admissions", body)
        refused = [item for item in answer["items"] if item.get("problem")]
        if refused:
            raise Wrong(f"admissions: {len(refused)} refused, first: {refused[0]}")
        admitted += len(part)
        stage.at(admitted, len(residents))
    stage.tell(f"{admitted:,} người ở cơ sở · residents")


async def close_facts(journey: Journey, stage: Stage) -> None:
    """The registry's facts of each month, then the facilities' on top of them."""
    steps = [(service, month) for service in ("registry", "facilities") for month in journey.months]
    for done, (service, month) in enumerate(steps):
        stage.at(done, len(steps))
        await _close(journey, stage, service, month)
    stage.tell(", ".join(journey.months))


async def decide(journey: Journey, stage: Stage) -> None:
    """Wait until everybody is determined for each month."""
    for month in journey.months:

        async def read(month: str = month) -> dict[str, Any]:
            path = f"/v1/determinations/{month}"
            found: dict[str, Any] = await journey.client.get(_OFFICER, "eligibility", path)
            return found

        found = await stage.follow(
            f"determination of {month}",
            read,
            lambda shown: bool(shown["done"]),
            lambda shown: (shown["decided"], max(shown["persons"], 1)),
        )
        stage.tell(f"{found['granted']:,} hưởng · granted, {found['refused']:,} không · refused")


async def sign(journey: Journey, stage: Stage) -> None:
    """A commune chair signs what is proposed. Asked anew each time, so that no signing is done twice."""
    signed, overtaken, chair = 0, 0, "commune-chair"
    while overtaken < _OVERTAKEN_MAX:
        page = await journey.client.get(
            chair, "eligibility", "/v1/decisions", status="proposed", limit=_PAGE_MAX
        )
        wanted = [item["decision_id"] for item in page["items"]]
        if not wanted:
            stage.tell(f"{signed:,} quyết định · decisions")
            return
        try:
            await journey.client.post(chair, "eligibility", "/v1/signatures", {"decision_ids": wanted})
        except Refused as refused:
            if refused.code != "decision_not_proposed":
                raise
            overtaken += 1
            continue
        signed += len(wanted)
        stage.at(signed, None)
    raise Wrong("signing: what is proposed is always signed by somebody else first")


async def close_decisions(journey: Journey, stage: Stage) -> None:
    for month in journey.months:
        await _close(journey, stage, "eligibility", month)
    stage.tell(", ".join(journey.months))


async def _close(journey: Journey, stage: Stage, service: str, month: str) -> None:
    async def attempt() -> str:
        try:
            await journey.client.post(_MINISTRY, service, "/v1/month-closings", {"month": month})
        except Refused as refused:
            if refused.code != _NOT_SETTLED:
                raise
            return refused.detail
        return ""

    await stage.follow(
        f"{service} closing {month}", attempt, lambda waiting: not waiting, lambda _: (0, None)
    )


async def _look_up(journey: Journey, personal_ids: Sequence[str]) -> None:
    for part in _parts(personal_ids, _LOOKUP_MAX):
        answer = await journey.client.post(
            _OFFICER, "registry", "/v1/people/lookup", {"personal_ids": list(part)}
        )
        for item in answer["items"]:
            if item["person_id"] is None:
                raise Wrong("a resident of the scenario is not in the registry")
            journey.person_ids[part[item["personal_id_index"]]] = item["person_id"]


async def _wait_for_people(journey: Journey, stage: Stage) -> None:
    """Facilities must have heard of everybody before somebody is admitted."""
    topic = "ansinh.registry.person.v1"

    async def read() -> tuple[int, int]:
        told = await journey.client.get("auditor", "registry", "/v1/positions")
        heard = await journey.client.get("auditor", "facilities", "/v1/positions")
        return (
            heard["applied"].get(topic, {"events": 0})["events"],
            told["published"].get(topic, {"events": 0})["events"],
        )

    await stage.follow("people to facilities", read, lambda both: both[0] >= both[1], lambda both: both)


async def _facility_ids(journey: Journey) -> dict[str, str]:
    found: dict[str, str] = {}
    cursor = None
    while True:
        page = await journey.client.get(
            _OFFICER, "facilities", "/v1/facilities", limit=_PAGE_MAX, cursor=cursor
        )
        found.update((item["code"], item["facility_id"]) for item in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _parts(rows: Sequence[T], size: int) -> Iterator[list[T]]:
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part
