"""Deciding many people at once writes what deciding one by one writes, to the byte."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from services.eligibility.domain.records import PersonRecord
from services.eligibility.store import parts
from tests.services.eligibility.nation import Nation, nation, resident, somebody
from tests.support.postgres import TestCluster

_PEOPLE = 400


def _newer(before: PersonRecord) -> PersonRecord:
    """A second version: from the middle of August 2021 on no longer disabled, in another household."""
    facts = before.facts
    person = {name: value for name, value in facts.case["person"].items() if name != "disability_degree"}
    case = {**facts.case, "person": person, "household": {"poverty_status": "poor", "area": "other"}}
    return replace(before, facts=replace(facts, version=2, true_from=date(2021, 8, 16), case=case))


async def _live(world: Nation, *, one_by_one: bool) -> None:
    """Three months: everybody new, a fifth with newer facts and another standard, and a silent one."""
    people = [somebody(number) for number in range(_PEOPLE)]
    await world.know(people, [resident(number) for number in range(0, _PEOPLE, 25)])
    for month in ("2021-06", "2021-08", "2021-09"):
        if month == "2021-08":
            await world.know([_newer(one) for one in people[::5]], [])
        if one_by_one:
            # A row without a layout is one that nobody reads as columns.
            await world.rows("update packed_facts set packed = set_byte(packed, 0, 0) returning person_id")
        await world.close(month)
        await world.determine_all()


async def test_many_at_once_are_decided_as_one_by_one(
    postgres_cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A part's changes are written in several goes, as a nation's are.
    monkeypatch.setattr(parts, "_AT_ONCE", 7)
    async with nation(postgres_cluster, "2021-08-05") as many, nation(postgres_cluster, "2021-08-05") as one:
        await _live(many, one_by_one=False)
        await _live(one, one_by_one=True)
        decisions = await many.decisions()
        assert len(decisions) > _PEOPLE and decisions == await one.decisions()
        assert await many.events() == await one.events()
        standing = "select person_id, programme, version, was_in_force, says from standing order by 1, 2"
        assert await many.rows(standing) == await one.rows(standing)
        counts = (
            "select month, sum(p.persons), sum(granted), sum(refused), sum(undetermined), sum(changed)"
            " from redetermination join redetermination_part p using (job_id) group by month order by 1"
        )
        assert await many.rows(counts) == await one.rows(counts)
        undetermined = "select * from undetermined order by 1, 2"
        assert await many.rows(undetermined) == await one.rows(undetermined)


async def test_standing_recipients_are_decided_by_columns_alone(postgres_cluster: TestCluster) -> None:
    """Else the equality of the two ways says nothing."""
    async with nation(postgres_cluster, "2021-08-05") as world:
        await world.know([somebody(number) for number in range(_PEOPLE)], [resident(0)])
        await world.rows(
            "update person_facts set facts = '{}' where (facts -> 'context' ->> 'already_receiving')::bool"
            " and coalesce(jsonb_array_length(facts -> 'person' -> 'children'), 0) <= 4 returning 1"
        )
        await world.close("2021-08")
        await world.determine_all()
        programmes = {row[0] for row in await world.rows("select distinct programme from decision")}
        assert {"monthly_allowance", "nurture_allowance", "care_allowance"} <= programmes
        assert len(await world.decisions()) > _PEOPLE * 0.8


async def test_what_is_decided_while_a_part_is_being_determined_stands_afterwards(
    postgres_cluster: TestCluster,
) -> None:
    """The raise of 07/2021 changes most decisions, so the part's table of what stands is written anew."""
    async with nation(postgres_cluster, "2021-07-05") as world:
        await world.know([somebody(number) for number in range(_PEOPLE)], [])
        await world.close("2021-06")
        await world.determine_all()
        [(person, part)] = await world.rows(
            "select person_id, tableoid::regclass::text from decision"
            " where outcome = 'refused' and status = 'confirmed' order by person_id limit 1"
        )
        await world.close("2021-07")
        async with world.database.bulk() as connection:
            await connection.execute(f"lock table {part} in share row exclusive mode")
            determining = asyncio.create_task(world.determine_all())
            for _ in range(200):
                if await world.rows("select 1 from pg_locks where not granted"):
                    break
                await asyncio.sleep(0.05)
            await connection.execute(
                "insert into decision select (jsonb_populate_record(d, jsonb_build_object("
                "  'version', d.version + 1, 'decision_id', gen_random_uuid()))).*"
                " from decision d where person_id = $1",
                person,
            )
        await determining
        stands = "select version from standing where person_id = '{}'"
        assert await world.rows(stands.format(person)) == [(2,)]


async def test_facts_kept_before_there_were_packed_ones_are_packed_before_their_part_is_determined(
    postgres_cluster: TestCluster,
) -> None:
    people = [somebody(number) for number in range(_PEOPLE)]
    async with nation(postgres_cluster, "2021-08-05") as world, nation(postgres_cluster, "2021-08-05") as old:
        for each in (world, old):
            await each.know(people, [resident(0)])
        packed = "select person_id, packed from packed_facts order by 1"
        as_kept = await world.rows(packed)
        # A part was never packed, a part in another layout, some of it in shorter rows.
        never, otherwise, shorter = (
            f"where get_byte(uuid_send(person_id), 3) % 6 in ({some}) returning 1"
            for some in ("0, 3", "1", "4")
        )
        await old.rows(f"delete from packed_facts {never}")
        await old.rows(f"update packed_facts set packed = set_byte(packed, 0, 250) {otherwise}")
        await old.rows(f"update packed_facts set packed = substr(packed, 1, 100) {shorter}")
        for each in (world, old):
            await each.close("2021-08")
            await each.determine_all()
        assert await old.rows(packed) == as_kept
        assert len(await old.decisions()) > _PEOPLE / 2
        assert await old.decisions() == await world.decisions()
