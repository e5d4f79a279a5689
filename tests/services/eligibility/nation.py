"""A nation of made-up people in a database of its own, determined part by part without doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from contracts import topics
from libs.common.kernel.ids import derived_id, show
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS, shard_of
from libs.common.runtime.consumer import record_marker
from libs.common.runtime.postgres import Database
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.history import FactsVersion
from services.eligibility.domain.records import PersonRecord, ResidenceRecord
from services.eligibility.settings import EligibilitySettings
from services.eligibility.store.facts import record_people, record_residences
from services.eligibility.store.jobs import StoredJobs
from services.eligibility.store.packed_people import PARTS
from services.eligibility.store.policies import PolicyArchive
from services.eligibility.store.policy_files import load_files, policy_of
from services.eligibility.store.policy_node import Findings
from services.eligibility.usecases.determine import DetermineParts
from services.eligibility.usecases.receipts import Engines
from services.eligibility.wiring import AWAITS, determiner, on_month_closed
from tests.support.postgres import ServiceDatabase, TestCluster

_PLACES = (
    Place("22738", "56", "58"),
    Place("00004", "01", "01"),
    Place("27004", "79", "79"),
    Place("318", "31", "30"),
    Place("10498", "31", "30"),
)
_DECISION = (
    "decision_id, person_id, version, programme, outcome, status, effective_from, pays_from, category,"
    " coefficient_hundredths, standard_dong, amount_dong, payee, facility_id, payee_person_id, commune_code,"
    " province_code, former_province_code, decided_on, signed_on, policy_hash, facts_version,"
    " determined_month, facts_month, resident_of, input_hash, trace"
)


@dataclass
class Nation:
    settings: EligibilitySettings
    place: ServiceDatabase
    database: Database
    jobs: StoredJobs
    determine: DetermineParts
    law: Engine

    async def know(self, people: list[PersonRecord], residences: list[ResidenceRecord]) -> None:
        async with self.database.bulk() as connection:
            await record_people(connection, people)
            if residences:
                await record_residences(connection, residences)

    async def close(self, month: str) -> None:
        """Every marker of the month arrives."""
        async with self.database.bulk() as connection:
            for topic in AWAITS:
                for shard in range(SHARDS):
                    await record_marker(connection, topic, shard, Month.parse(month).first_day)
            await on_month_closed(connection, topics.PERSON.name, 0, Month.parse(month))

    async def determine_all(self) -> None:
        for part in range(PARTS):
            await self.determine(part)

    async def decisions(self) -> list[tuple[Any, ...]]:
        return await self.rows(f"select {_DECISION} from decision order by person_id, programme, version")

    async def events(self) -> list[tuple[Any, ...]]:
        """Each with the bytes of its JSON."""
        return await self.rows(
            "select key, event_id, type, shard, data from outbox where type = 'DecisionRecorded'"
            " order by key, event_id"
        )

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.place.url_superuser)
        found = await connection.fetch(sql)
        await connection.close()
        return [tuple(row) for row in found]


@asynccontextmanager
async def nation(
    cluster: TestCluster, today: str, place: ServiceDatabase | None = None, **environment: str
) -> AsyncIterator[Nation]:
    """In a fresh database, or with what is in `place`."""
    place = place or await cluster.fresh_database("eligibility")
    settings = EligibilitySettings.from_environment(
        "eligibility", {**place.environment, "ANSINH_BUSINESS_DATE": today, **environment}
    )
    database = Database(settings)
    await database.open()
    findings = Findings()
    files = load_files(settings.policy_dir, settings.policy_overlay, findings)
    law, archive = Engine(policy_of(files, findings)), PolicyArchive(database)
    await archive.keep(law.policy, files)
    determine = determiner(settings, database, Engines(archive, law))
    try:
        yield Nation(settings, place, database, StoredJobs(database), determine, law)
    finally:
        await database.close()


def person_id(number: int) -> UUID:
    return derived_id("person", str(number))


def somebody(number: int, seed: int = 1) -> PersonRecord:
    """A person with facts by chance, the same for the same number and seed."""
    chance = Random(f"{number} {seed}")
    born = date(chance.choice((1930, 1941, 1948, 1960, 1985, 2005, 2012, 2018)), chance.randint(1, 12), 3)
    person: dict[str, Any] = {"birth_date": born.isoformat()}
    if chance.random() < 0.6:
        person["disability_degree"] = chance.choice(("mild", "severe", "extremely_severe"))
    if chance.random() < 0.1:
        person["hiv_positive"] = True
    if chance.random() < 0.15:
        person |= {"single_parent": True, "marital_status": "widowed"}
        person["children"] = [
            {"birth_date": f"{chance.randint(2004, 2019)}-05-0{at + 1}"} for at in range(chance.randint(1, 6))
        ]
    if chance.random() < 0.2:
        person["child_situation"] = "abandoned"
    receiving = chance.random() < 0.8
    case: dict[str, Any] = {
        "person": person,
        "household": {"poverty_status": chance.choice(("poor", "near_poor", "none")), "area": "other"},
        "dates": {"decision_signed_on": f"201{chance.randint(5, 8)}-05-04"}
        if receiving
        else {"application_received_on": "2021-07-15"},
        "context": {"already_receiving": receiving},
    }
    if chance.random() < 0.15 and born.year < 2000:
        carer = show("per", person_id(number + 100_000))
        case["carer"] = {"relation": "own_household", "person_id": carer}
    key = person_id(number)
    facts = FactsVersion(1, None, chance.choice(_PLACES), case)
    return PersonRecord(key, shard_of(key), facts)


def resident(number: int) -> ResidenceRecord:
    key = person_id(number)
    facility = derived_id("facility", "one")
    return ResidenceRecord(derived_id("residence", str(number)), key, facility, date(2018, 2, 1), None, True)
