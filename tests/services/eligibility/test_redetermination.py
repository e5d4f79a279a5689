"""Determining again: only what changes, in order, by one law, as far as it was asked for."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from fastapi import FastAPI

from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.eligibility.settings import PACKAGED_POLICY, EligibilitySettings
from services.eligibility.store.packed_people import PARTS
from services.eligibility.usecases.redetermine import COMMUNE, NATION, PROVINCE, Job, Scope
from services.eligibility.wiring import service
from tests.services.eligibility.nation import Nation, nation, somebody
from tests.services.eligibility.world import World
from tests.services.eligibility.world import world as served  # noqa: F401 - a fixture
from tests.support.broker import TestBroker
from tests.support.doors import deliver, open_door
from tests.support.postgres import TestCluster

_PEOPLE = 120
MONTH = Month(2021, 6)


@pytest.fixture
async def world(postgres_cluster: TestCluster) -> AsyncIterator[Nation]:
    async with nation(postgres_cluster, "2021-06-05") as made:
        await made.know([somebody(number) for number in range(_PEOPLE)], [])
        await made.close("2021-06")
        await made.determine_all()
        yield made


async def ask(world: Nation, scope: Scope | None = None, policy_hash: str | None = None) -> Job:
    job = Job(
        new_id(), MONTH, scope or Scope(NATION), policy_hash or world.law.policy.hash, "somebody@ministry"
    )
    await world.jobs.add(job)
    return job


async def _say_less(world: Nation) -> None:
    """What stands of every confirmed grant says another amount than the law grants."""
    await world.rows(
        "update standing set says = set_byte(says, 83, get_byte(says, 83) # 1)"
        " where get_byte(says, 20) = ascii('g') and get_byte(says, 21) = ascii('c') returning 1"
    )


async def test_where_nothing_changed_nothing_is_written(world: Nation) -> None:
    before = await world.decisions(), await world.events()
    job = await ask(world)
    await world.determine_all()
    assert (await world.decisions(), await world.events()) == before
    found = await world.jobs.progress(job.job_id, None)
    assert found and (found["state"], found["determined"], found["changed"]) == ("done", _PEOPLE, 0)


async def test_two_at_once_are_done_one_after_the_other(world: Nation) -> None:
    await _say_less(world)
    first, second = await ask(world), await ask(world)
    await world.determine_all()
    one, other = [await world.jobs.progress(job.job_id, None) for job in (first, second)]
    assert one and other and one["changed"] > 50 and other["changed"] == 0
    assert (one["state"], other["state"]) == ("done", "done")


async def test_a_slice_is_the_people_of_its_province_or_commune(world: Nation) -> None:
    await _say_less(world)
    for scope, where in (
        (Scope(PROVINCE, "56"), "province_code = '56'"),
        (Scope(COMMUNE, "318"), "commune_code = '318'"),
        (Scope(NATION, None, territory="01"), "province_code = '01'"),
    ):
        [(expected,)] = await world.rows(f"select count(*) from person_facts where {where}")
        job = await ask(world, scope)
        await world.determine_all()
        found = await world.jobs.progress(job.job_id, None)
        assert found and found["persons"] == found["determined"] == expected > 0
        assert 0 < found["changed"] <= expected


async def test_a_slice_forgets_nobody_elsewhere_who_is_undetermined(world: Nation) -> None:
    unreadable = {"person": {"birth_date": "1948-01-01", "disability_degree": "no such degree"}}
    people = [somebody(number) for number in range(500, 580)]
    people = [replace(one, facts=replace(one.facts, case={**one.facts.case, **unreadable})) for one in people]
    await world.know(people, [])
    undetermined = "select person_id from undetermined order by 1"
    for scope in (Scope(NATION), Scope(PROVINCE, "56"), Scope(COMMUNE, "318"), Scope(NATION, None, "01")):
        await ask(world, scope)
        await world.determine_all()
        assert [one for (one,) in await world.rows(undetermined)] == sorted(one.person_id for one in people)


async def test_who_was_undetermined_and_has_an_answer_now_is_undetermined_no_more(world: Nation) -> None:
    unreadable = somebody(501)
    case = {**unreadable.facts.case, "person": {"birth_date": "1948-01-01", "disability_degree": "none such"}}
    await world.know([replace(unreadable, facts=replace(unreadable.facts, case=case))], [])
    job = await ask(world)
    await world.determine_all()
    found = await world.jobs.progress(job.job_id, None)
    assert found and found["undetermined"] == 1
    await world.know([replace(unreadable, facts=replace(unreadable.facts, version=2))], [])
    await ask(world, Scope(COMMUNE, unreadable.facts.place.commune_code))
    await world.determine_all()
    assert await world.rows("select person_id from undetermined") == []


async def test_who_signs_while_a_part_is_being_determined_and_the_part_both_come_to_their_end(
    world: Nation,
) -> None:
    """The part's table of what stands is written anew, and one of its proposals is being signed."""
    [(decision_id,)] = await world.rows(
        "select decision_id from decision where status = 'proposed' order by decision_id limit 1"
    )
    await _say_less(world)
    job = await ask(world)
    signer = await asyncpg.connect(world.place.url_superuser)
    async with signer.transaction():
        await signer.execute("select from decision where decision_id = $1 for update", decision_id)
        determining = asyncio.create_task(world.determine_all())
        for _ in range(200):
            if await world.rows("select 1 from pg_locks where not granted"):
                break
            await asyncio.sleep(0.05)
        await signer.execute(
            "update decision set status = 'signed', signed_on = decided_on, signed_by_sub = 'signer'"
            " where decision_id = $1",
            decision_id,
        )
    await signer.close()
    await determining
    found = await world.jobs.progress(job.job_id, None)
    assert found and found["state"] == "done"
    says = (
        "select get_byte(s.says, 21) = ascii('s') from standing s join decision using (person_id, programme)"
        f" where decision_id = '{decision_id}'"
    )
    assert await world.rows(says) == [(True,)]


async def test_what_is_called_off_goes_no_further_and_can_be_asked_for_again(world: Nation) -> None:
    await _say_less(world)
    job = await ask(world)
    for part in range(PARTS // 2):
        await world.determine(part)
    assert await world.jobs.cancel(job.job_id, None) is True
    await world.determine_all()
    found = await world.jobs.progress(job.job_id, None)
    assert found and (found["state"], found["parts_done"]) == ("cancelled", PARTS // 2)
    assert await world.jobs.cancel(job.job_id, None) is False
    again = await ask(world)
    await world.determine_all()
    rest = await world.jobs.progress(again.job_id, None)
    assert rest and rest["changed"] > 0 and rest["state"] == "done"


async def test_a_job_is_decided_whole_by_the_policy_it_was_asked_under(
    world: Nation, postgres_cluster: TestCluster, tmp_path: Path
) -> None:
    """The service restarts in the middle, with another policy: what is left is decided by the first."""
    policy = tmp_path / "policy"
    shutil.copytree(PACKAGED_POLICY, policy)
    [changed] = [path for path in policy.rglob("*.yaml") if "dong: 270000" in path.read_text()][:1]
    changed.write_text(changed.read_text().replace("dong: 270000", "dong: 280000"))
    await _say_less(world)
    job = await ask(world)
    for part in range(PARTS // 2):
        await world.determine(part)
    async with nation(postgres_cluster, "2021-06-05", world.place, ANSINH_POLICY_DIR=str(policy)) as other:
        assert other.law.policy.hash != world.law.policy.hash
        await other.determine_all()
        found = await other.jobs.progress(job.job_id, None)
        assert found and found["state"] == "done"
        assert {row[0] for row in await other.rows("select policy_hash from decision")} == {job.policy_hash}
        await ask(other)
        await other.determine_all()
        newest = await other.rows("select distinct policy_hash from decision order by 1")
        assert len(newest) == 2


async def test_a_job_goes_on_after_the_service_itself_was_ended_in_the_middle(
    world: Nation, broker: TestBroker
) -> None:
    """Two services one after the other, each with its own connections, tellers and claims."""
    await _say_less(world)
    job = await ask(world)
    held = await asyncpg.connect(world.place.url_superuser)
    held_part = held.transaction()
    await held_part.start()
    await held.execute(f"lock table decision_{PARTS - 1} in share mode")
    async with open_door(_served(world, broker)):
        await _until(world, job, lambda done: done >= PARTS // 2)
    await held_part.rollback()
    await held.close()
    found = await world.jobs.progress(job.job_id, None)
    assert found and found["state"] == "running" and found["parts_done"] < PARTS
    async with open_door(_served(world, broker)):
        await _until(world, job, lambda done: done == PARTS)
    found = await world.jobs.progress(job.job_id, None)
    assert found and (found["state"], found["determined"]) == ("done", _PEOPLE)
    versions = "select person_id, programme, version from decision group by 1, 2, 3 having count(*) > 1"
    assert await world.rows(versions) == [] and found["changed"] > 50


def _served(world: Nation, broker: TestBroker) -> FastAPI:
    kafka = {"ANSINH_KAFKA_BOOTSTRAP": broker.bootstrap, "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false"}
    environment = {**world.place.environment, **kafka, "ANSINH_BUSINESS_DATE": "2021-06-05"}
    return service(EligibilitySettings.from_environment("eligibility", environment))


async def _until(world: Nation, job: Job, reached: Callable[[int], bool]) -> None:
    for _ in range(300):
        found = await world.jobs.progress(job.job_id, None)
        if found and reached(found["parts_done"]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it stands still: {found}")


async def test_who_may_asks_over_http_and_sees_how_far_it_is(served: World) -> None:  # noqa: F811
    await deliver(served.consumer, [served.person(new_id())])
    client, ministry = served.door.client, served.door.as_("ministry")
    early = await client.post("/v1/determinations", json={"month": "2019-12"}, headers=ministry)
    assert (early.status_code, early.json()["code"]) == (422, "month_invalid")
    await served.close_month()

    async def ask(role: str, territory: str, **slice_: str) -> tuple[int, str]:
        body = {"month": "2019-12", **slice_}
        headers = served.door.as_(role, territory=territory)
        answer = await client.post("/v1/determinations", json=body, headers=headers)
        return answer.status_code, answer.json().get("code") or answer.json()["job_id"]

    assert await ask("maker", "*") == (403, "not_permitted")
    assert await ask("province-officer", "56", scope="province", scope_code="01") == (403, "not_permitted")
    assert await ask("ministry", "*", scope="province", scope_code="22738") == (422, "request_invalid")
    status, job = await ask("province-officer", "56", scope="province", scope_code="56")
    assert status == 202
    own = served.door.as_("province-officer", territory="56")
    for _ in range(200):
        shown = (await client.get(f"/v1/determinations/jobs/{job}", headers=own)).json()
        if shown["state"] == "done":
            break
        await asyncio.sleep(0.05)
    assert (shown["determined"], shown["granted"], shown["changed"]) == (1, 1, 0)
    elsewhere = served.door.as_("province-officer", territory="01")
    assert (await client.get(f"/v1/determinations/jobs/{job}", headers=elsewhere)).status_code == 404
    over = await client.delete(f"/v1/determinations/jobs/{job}", headers=own)
    assert (over.status_code, over.json()["code"]) == (409, "determination_over")
    items = (await client.get("/v1/determinations/jobs", headers=ministry)).json()["items"]
    assert [(one["ordinary"], one["state"]) for one in items] == [(False, "done"), (True, "done")]
