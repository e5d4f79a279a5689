"""The facts that the service keeps, streamed part by part to whoever counts over all of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import asyncpg
import numpy as np
import orjson

from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Database
from services.eligibility.domain.case_reading import read_person
from services.eligibility.domain.columns import columns_of
from services.eligibility.domain.packs import Place
from services.eligibility.domain.simulation import SEXES, UNKNOWN, People

#: A part is a few tens of megabytes while it is read; the nation is never in memory at once.
_PEOPLE_AT_ONCE = 20_000
_PEOPLE = """
    select f.facts, f.province_code, f.former_province_code, exists (
        select from residence r
        where r.person_id = f.person_id and r.state_paid and r.from_date <= $2
          and (r.until_date is null or r.until_date >= $1)
    ) as resident
    from person_facts f
    where $3::text is null or f.province_code = $3
"""


class KeptPopulation:
    """Implements the use cases' Population. `places`: as domain/simulation.py numbers them."""

    def __init__(self, database: Database, places: Sequence[Place]) -> None:
        self._database = database
        self._numbers = {place: number for number, place in enumerate(places)}

    async def size(self, province: str | None) -> int:
        async with self._database.bulk() as connection:
            return int(
                await connection.fetchval(
                    "select count(*) from person_facts where $1::text is null or province_code = $1", province
                )
            )

    async def parts(self, month: Month, province: str | None) -> AsyncIterator[People]:
        async with self._database.bulk() as connection:
            cursor = await connection.cursor(_PEOPLE, month.first_day, month.last_day, province)
            while rows := await cursor.fetch(_PEOPLE_AT_ONCE):
                yield await asyncio.to_thread(self._people, rows)

    def _people(self, rows: Sequence[asyncpg.Record]) -> People:
        facts = [
            replace(read_person(**orjson.loads(row["facts"])), in_facility=row["resident"]) for row in rows
        ]
        places = [Place(row["province_code"], row["former_province_code"]) for row in rows]
        # The law does not ask for the sex, so that no fact here tells it.
        sex = np.full(len(rows), SEXES.index(UNKNOWN), np.uint8)
        return People(columns_of(facts), np.array([self._numbers[one] for one in places], np.int16), sex)
