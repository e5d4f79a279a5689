"""Transactions that wait for each other: the one that is undone is done again, and once."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import asyncpg

from libs.common.kernel.ids import new_id
from tests.services.eligibility.nation import Nation, nation, somebody
from tests.services.eligibility.office import Files
from tests.support.postgres import TestCluster


async def crossed(url: str, person: UUID, done: Awaitable[object]) -> object:
    """Hold what stands of the person, wait until `done` holds the proposal and waits for us, then ask for the
    proposal: whoever waited first is undone, and that is not us."""
    other = await asyncpg.connect(url)
    watch = await asyncpg.connect(url)
    try:
        await other.execute("set deadlock_timeout = '60s'")
        async with other.transaction():
            await other.execute("select from standing where person_id = $1 for update", person)
            doing = asyncio.ensure_future(done)
            for _ in range(200):
                if await watch.fetchval(
                    "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                    " and datname = current_database()"
                ):
                    break
                await asyncio.sleep(0.05)
            undone = "select from decision where person_id = $1 and status = 'proposed' for update"
            await asyncio.wait_for(other.execute(undone, person), 30)
        return await asyncio.wait_for(doing, 30)
    finally:
        await other.close()
        await watch.close()


async def test_a_signature_that_crosses_another_transaction_is_written_once(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        person = new_id()
        await office.apply(person, "2026-10-06")
        await office.close_month("2026-10")
        await crossed(files.database.url_superuser, person, office.sign_proposals(person))
        [decision] = await office.decisions(person)
        assert decision["status"] == "signed"
        assert await office.told("DecisionSigned") == ["DecisionSigned"]


async def _proposed(world: Nation) -> UUID:
    rows = await world.rows("select person_id from decision where status = 'proposed' order by 1 limit 1")
    found: UUID = rows[0][0]
    return found


async def test_a_part_that_crosses_another_transaction_is_determined_once(
    postgres_cluster: TestCluster,
) -> None:
    async with nation(postgres_cluster, "2021-08-05") as world:
        await world.know([somebody(number) for number in range(60)], [])
        await world.close("2021-08")
        await world.determine_all()
        place, before = world.place, len(await world.decisions())
    # Proposals of August have outlived: each is made again, and so what stands of it is written.
    async with nation(postgres_cluster, "2021-09-05", place) as world:
        await world.close("2021-09")
        await crossed(place.url_superuser, await _proposed(world), world.determine_all())
        proposed = await world.rows(
            "select person_id, programme, version from decision where status = 'proposed' and version = 2"
        )
        assert proposed and len(await world.decisions()) > before
        open_parts = await world.rows("select part from redetermination_part where done_at is null")
        assert open_parts == []
