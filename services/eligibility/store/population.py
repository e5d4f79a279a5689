"""The facts that the service keeps, part by part, for whoever counts over all of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg
import numpy as np
import orjson

from libs.common.kernel import id_columns
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Database
from services.eligibility.domain.columns import PACKED_SEXES, columns_of
from services.eligibility.domain.monthly import read_facts
from services.eligibility.domain.packs import Place
from services.eligibility.domain.simulation import SEXES, UNKNOWN, People
from services.eligibility.domain.standing_columns import DECIDED
from services.eligibility.domain.standing_columns import People as PackedPeople
from services.eligibility.store.packed_people import PARTS, read_people

#: The place in SEXES of each of PACKED_SEXES.
_SEXES = np.array([SEXES.index(sex or UNKNOWN) for sex in PACKED_SEXES], np.uint8)
#: Who has no packed form, or a suspension or stop, is read whole, so many at a time.
_WHOLE_AT_ONCE = 10_000
_WHOLE = """
    select f.facts, f.province_code, f.former_province_code, exists (
        select from residence r
        where r.person_id = f.person_id and r.state_paid and r.from_date <= $3
          and (r.until_date is null or r.until_date >= $2)
    ) as resident, f.sex, array(
        select h.programme from hold h
        where h.person_id = f.person_id and h.from_month <= $2
          and (h.until_month is null or h.until_month > $2)
    ) as held
    from person_facts f where f.person_id = any($1::uuid[])
"""


class KeptPopulation:
    """Implements the use cases' Population: facts as they were last recorded. A part is a few tens of
    megabytes; the nation is never in memory at once. `places`: as domain/simulation.py numbers them."""

    def __init__(self, database: Database, places: Sequence[Place]) -> None:
        self._database = database
        self._numbers = {_code(one.province, one.former_province): at for at, one in enumerate(places)}

    async def size(self, province: str | None) -> int:
        async with self._database.bulk() as connection:
            return int(
                await connection.fetchval(
                    "select count(*) from person_facts where $1::text is null or province_code = $1", province
                )
            )

    async def parts(self, month: Month, province: str | None) -> AsyncIterator[People]:
        for part in range(PARTS):
            async with self._database.bulk() as connection:
                packed = await read_people(connection, part, month)
                here, whole = await asyncio.to_thread(self._split, packed, province)
                if len(here):
                    yield here
                for first in range(0, len(whole), _WHOLE_AT_ONCE):
                    some = whole[first : first + _WHOLE_AT_ONCE]
                    rows = await connection.fetch(_WHOLE, some, month.first_day, month.last_day)
                    yield await asyncio.to_thread(self._whole, rows)

    def _split(self, packed: PackedPeople, province: str | None) -> tuple[People, list[UUID]]:
        """Those of the province whom columns tell, and the ids of the others."""
        places = packed.places
        here = np.ones(len(packed), np.bool_)
        if province is not None:
            here = places.province == province.encode()
        at = np.flatnonzero(here & packed.plain)
        codes = np.char.add(places.province[at], places.former[at])
        found, which = np.unique(codes, return_inverse=True)
        numbers = np.array([self._numbers[code] for code in found.tolist()], np.int16)
        facts = packed.facts.take(at)
        people = People(facts, numbers[which], _SEXES[packed.sex[at]])
        return people, id_columns.uuids(packed.ids[here & ~packed.plain])

    def _whole(self, rows: Sequence[asyncpg.Record]) -> People:
        """Who can't be read is counted by what is wrong first, and keeps nobody from being counted."""
        facts, read = [], []
        unreadable: Counter[str] = Counter()
        for row in rows:
            try:
                known = read_facts(orjson.loads(row["facts"]))
            except Refusal as refusal:
                unreadable[refusal.errors[0].code] += 1
                continue
            facts.append(replace(known, in_facility=row["resident"]))
            read.append(row)
        places = [self._numbers[_code(row["province_code"], row["former_province_code"])] for row in read]
        held = [sum(1 << DECIDED.index(one) for one in set(row["held"])) for row in read]
        return People(
            columns_of(facts),
            np.array(places, np.int16),
            _SEXES[[PACKED_SEXES.index(row["sex"]) for row in read]],
            np.array(held, np.uint8),
            unreadable,
        )


def _code(province: str | None, former: str | None) -> bytes:
    """Province and former province as the packed facts tell them, one after the other."""
    return f"{province or '':2}{former or '':2}".encode()
