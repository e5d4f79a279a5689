"""A round of coverage begins with a day, and after the last of the months that are determined in a row."""

from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest

from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime.postgres import Database
from services.eligibility.settings import EligibilitySettings
from services.eligibility.store.coverage import Coverage
from tests.support.postgres import ServiceDatabase, TestCluster

_FIRST, _SECOND = date(2026, 10, 20), date(2026, 10, 21)
_JOB = """
    with job as (
        insert into redetermination (job_id, month, scope, ordinary, requested_by_sub, persons, state)
        values (uuidv7(), $1, 'nation', true, 'month', 0, 'running') returning job_id
    ) insert into redetermination_part (job_id, part) select job_id, 0 from job
"""
_END = """
    with ended as (update redetermination set state = 'done' where month = $1 returning job_id)
    update redetermination_part set done_at = now() where job_id in (select job_id from ended)
"""


@pytest.fixture
async def database(postgres_cluster: TestCluster) -> ServiceDatabase:
    return await postgres_cluster.fresh_database("eligibility")


@pytest.fixture
async def own(database: ServiceDatabase) -> AsyncIterator[Database]:
    opened = Database(EligibilitySettings.from_environment("eligibility", database.environment))
    await opened.open()
    yield opened
    await opened.close()


async def shards_looked_at(own: Database, on: date) -> int:
    """How many shards a worker finds to look at on that day, until there is none."""
    coverage, looked_at = Coverage(own), 0
    while True:
        async with coverage() as work:
            found = await work.claim(on, Month(2026, 11), 10)
            if found is None:
                return looked_at
            await work.record(found, [])
        looked_at += 1


async def test_a_round_waits_for_the_last_of_several_months(own: Database, database: ServiceDatabase) -> None:
    look = await asyncpg.connect(database.url_superuser)
    october, november, december = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
    assert await shards_looked_at(own, _FIRST) == SHARDS
    assert await shards_looked_at(own, _FIRST) == 0
    await look.execute(_JOB, october)
    await look.execute(_JOB, november)
    await look.execute(_END, october)
    assert await shards_looked_at(own, _FIRST) == 0
    await look.execute(_END, november)
    assert await shards_looked_at(own, _FIRST) == SHARDS
    # One that does not come to its end keeps no day's round waiting.
    await look.execute(_JOB, december)
    assert await shards_looked_at(own, _FIRST) == 0
    assert await shards_looked_at(own, _SECOND) == SHARDS
    await look.close()
