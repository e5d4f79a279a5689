"""POST /v1/simulations: a draft against the law on the kept facts; who may ask, and who is told how much."""

import asyncio
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import asyncpg
import pytest

from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Database
from services.eligibility.settings import EligibilitySettings
from services.eligibility.store.simulations import SimulationRows
from services.eligibility.usecases.simulate import Question
from tests.services.eligibility.test_simulation import EXAMPLES
from tests.services.eligibility.world import World, world  # noqa: F401 - a fixture
from tests.support.doors import deliver
from tests.support.postgres import TestCluster

STANDARD = (EXAMPLES / "muc-chuan-600-nghin.yaml").read_text(encoding="utf-8")
HANOI: dict[str, Any] = {"commune_code": "00004", "province_code": "01", "former_province_code": "01"}
PROVINCE = {"territory": "56"}


async def ask(at: World, roles: str = "ministry", **body: Any) -> tuple[int, dict[str, Any]]:
    claims = body.pop("claims", {})
    answer = await at.door.client.post(
        "/v1/simulations",
        json={"draft": STANDARD, "months": ["2027-01"], **body},
        headers={**at.door.as_(roles, **claims), "Accept-Language": "en"},
    )
    return answer.status_code, answer.json()


async def found(at: World, asked: dict[str, Any], roles: str = "ministry", **claims: Any) -> dict[str, Any]:
    for _ in range(400):
        answer = await at.door.client.get(
            f"/v1/simulations/{asked['simulation_id']}", headers=at.door.as_(roles, **claims)
        )
        said: dict[str, Any] = answer.json()
        if answer.status_code != 200 or said["status"] in ("done", "failed"):
            return said
        await asyncio.sleep(0.05)
    raise AssertionError("no answer in 20 seconds")


async def people(at: World, count: int, **changed: Any) -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    await deliver(at.consumer, [at.person(person, **changed) for person in ids])
    return ids


async def test_a_draft_is_tried_on_the_kept_facts_and_decides_nothing(world: World) -> None:  # noqa: F811
    await people(world, 11)
    # More children than packed facts have room for: read whole.
    many = [{"birth_date": "2015-01-01"}] * 6
    await people(world, 1, facts={"disability_degree": "severe", "children": many})
    await people(world, 11, facts={"disability_degree": "none"})
    await people(world, 1, **HANOI)
    home = await people(world, 1)
    await deliver(world.consumer, [world.resident(home[0], new_id())])
    before = await world.told()

    status, asked = await ask(world, months=["2026-12", "2027-01"])
    assert status == 202
    said = await found(world, asked)

    assert (said["status"], said["progress"], said["province"]) == ("done", 1.0, None)
    december, january = said["results"]
    assert (december["applies"], january["applies"]) == (False, True)
    assert december["total"]["change_dong"] == 0
    total = january["total"]
    assert january["rests_on"]["people"] == 25 and january["rests_on"]["provinces"] == 2
    # 60,000 more times 1.5 for twelve, and times 4.0 for the resident; Hà Nội pays 650,000 already.
    assert (total["winners"], total["losers"]) == (13, 0)
    assert (total["change_dong"], total["change_year_dong"]) == (1_320_000, 15_840_000)
    assert {row["key"]: row["winners"] for row in january["by_province"]} == {"01": 0, "56": 13}
    assert {row["key"]: row["people"] for row in january["by_sex"]} == {"female": 25}
    assert ElementTree.fromstring(january["chart"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert await world.told() == before


async def test_an_officer_of_a_province_tries_it_there_alone_and_is_told_of_no_few(world: World) -> None:  # noqa: F811
    await people(world, 12)
    await people(world, 3, birth_date="2015-03-01")
    await people(world, 40, facts={"disability_degree": "none"}, birth_date="1990-03-01")
    await people(world, 30, **HANOI)

    status, asked = await ask(world, "province-officer", claims=PROVINCE)
    assert status == 202
    said = await found(world, asked, "province-officer", **PROVINCE)
    assert said["province"] == "56"
    [january] = said["results"]
    assert january["rests_on"]["people"] == 55
    assert (january["total"]["winners"], january["total"]["people"]) == (15, 55)
    ages = {row["key"]: row for row in january["by_age"]}
    assert (ages["10-19"]["winners"], ages["10-19"]["change_dong"]) == ("<10", None)
    # Another row keeps it company, or the three could be found by subtraction.
    assert [row["winners"] for row in january["by_age"]].count(None) == 1
    assert "3" not in str(ages["10-19"].values())

    as_ministry = await found(world, asked)
    assert {row["key"]: row["winners"] for row in as_ministry["results"][0]["by_age"]}["10-19"] == 3


async def test_nobody_tries_it_or_reads_it_outside_the_own_territory(world: World) -> None:  # noqa: F811
    status, said = await ask(world, "province-officer", claims=PROVINCE, province="01")
    assert (status, said["code"]) == (403, "not_permitted")
    status, said = await ask(world, "auditor")
    assert (status, said["code"]) == (403, "not_permitted")
    _, national = await ask(world)
    assert (await found(world, national, "province-officer", **PROVINCE))["code"] == "not_found"
    _, hanoi = await ask(world, province="01")
    assert (await found(world, hanoi, "province-officer", **PROVINCE))["code"] == "not_found"
    assert (await found(world, hanoi, "province-officer", territory="01"))["status"] == "done"


@pytest.mark.parametrize(
    ("body", "status", "code", "path"),
    [
        ({"draft": STANDARD.replace("600000", "600050")}, 422, "draft_invalid", "levels[0].dong"),
        ({"draft": "title: x"}, 422, "draft_invalid", "draft#changes"),
        ({"months": ["2014-01"]}, 422, "not_covered_yet", "month"),
        ({"months": ["2027-13"]}, 422, "request_invalid", "months[0]"),
        ({"months": []}, 422, "request_invalid", "months"),
        ({"province": "99"}, 422, "request_invalid", "province"),
        ({"draft": "x" * (513 << 10)}, 413, "body_too_large", ""),
    ],
)
async def test_what_is_wrong_is_told_at_once_with_its_path(
    world: World,  # noqa: F811
    body: dict[str, Any],
    status: int,
    code: str,
    path: str,
) -> None:
    answered, said = await ask(world, **body)
    assert (answered, said["code"]) == (status, code)
    assert not path or said["errors"][0]["path"].endswith(path)
    assert "600050" not in str(said)


async def test_a_question_whose_worker_was_killed_is_taken_up_again_and_given_up_in_the_end(
    postgres_cluster: TestCluster,
) -> None:
    of_eligibility = await postgres_cluster.fresh_database("eligibility")
    database = Database(EligibilitySettings.from_environment("eligibility", of_eligibility.environment))
    await database.open()
    superuser = await asyncpg.connect(of_eligibility.url_superuser)
    rows = SimulationRows(database)
    question = Question(new_id(), STANDARD, (Month(2027, 1),), None, "full", "ministry@test")
    assert await rows.put(question, "x", "hash")
    for _ in range(3):
        assert await rows.claim() == question
        await rows.beat(question.simulation_id, 5, 10)
        assert await rows.claim() is None
        await superuser.execute("update simulation set beat_at = now() - interval '2 minutes'")
    assert await rows.claim() is None
    kept = await rows.one(None, question.simulation_id)
    assert kept is not None and kept["state"] == "failed"
    await superuser.close()
    await database.close()


async def test_more_questions_than_may_wait_are_refused(world: World) -> None:  # noqa: F811
    superuser = await asyncpg.connect(world.database.url_superuser)
    await superuser.execute(
        "insert into simulation (simulation_id, draft, title, draft_hash, months, take_up, asked_by, state,"
        " attempts, beat_at) select gen_random_uuid(), 'x', 'x', 'x', '{2027-01-01}', 'full', 'x', 'running',"
        " 1, now() from generate_series(1, 20)"
    )
    status, said = await ask(world)
    assert (status, said["code"]) == (429, "simulations_busy")
    await superuser.close()


async def test_who_may_not_wait_is_refused_before_the_draft_is_read(world: World) -> None:  # noqa: F811
    """By the account, and for the nation, while a province is still served."""
    superuser = await asyncpg.connect(world.database.url_superuser)
    waiting = (
        "insert into simulation (simulation_id, draft, title, draft_hash, months, take_up, asked_by)"
        " select gen_random_uuid(), 'x', 'x', 'x', '{2027-01-01}', 'full', $1"
        " from generate_series(1, 5)"
    )
    await superuser.execute(waiting, "others@test")
    status, said = await ask(world, draft="no draft at all")
    assert (status, said["code"]) == (429, "simulations_busy")
    status, said = await ask(world, draft="no draft at all", province="56")
    assert (status, said["code"]) == (422, "draft_invalid")
    await superuser.execute("update simulation set province_code = '01', asked_by = 'officer@test'")
    status, said = await ask(world, draft="no draft at all", province="56")
    assert (status, said["code"]) == (429, "simulations_busy")
    await superuser.close()


async def test_facts_that_can_t_be_read_are_counted_apart_and_stop_nothing(world: World) -> None:  # noqa: F811
    await people(world, 3)
    await people(world, 2, facts={"disability_degree": "dreadful"})
    await people(world, 1, facts={"horse": True})
    _, asked = await ask(world)
    said = await found(world, asked)
    assert (said["status"], said["progress"]) == ("done", 1.0)
    basis = said["results"][0]["rests_on"]
    assert (basis["people"], basis["unreadable"]) == (3, 3)
    assert basis["unreadable_reasons"] == [
        {"code": "not_one_of", "people": 2},
        {"code": "unknown_field", "people": 1},
    ]
    assert said["results"][0]["total"]["winners"] == 3
    _, asked = await ask(world, "province-officer", claims=PROVINCE)
    basis = (await found(world, asked, "province-officer", **PROVINCE))["results"][0]["rests_on"]
    assert (
        basis["unreadable"] == "<10" and [one["people"] for one in basis["unreadable_reasons"]] == [None] * 2
    )


async def test_the_sex_that_the_registry_tells_is_counted_and_of_whom_it_is_not_known_too(
    world: World,  # noqa: F811
) -> None:
    await people(world, 2)
    await people(world, 3, sex="male")
    many = [{"birth_date": "2015-01-01"}] * 6
    await people(world, 1, sex="male", facts={"disability_degree": "severe", "children": many})
    changed = await people(world, 1, sex="male")
    await deliver(world.consumer, [world.person(changed[0], 3, sex="female")])
    await deliver(world.consumer, [world.person(changed[0], 2, sex="male")])
    old = await people(world, 2)
    superuser = await asyncpg.connect(world.database.url_superuser)
    # As the version before kept them: no column for it, and words without the two bits.
    await superuser.execute("update person_facts set sex = null where person_id = any($1)", old)
    await superuser.execute("delete from packed_facts where person_id = any($1)", old)
    await superuser.close()
    _, asked = await ask(world)
    by_sex = {row["key"]: row["people"] for row in (await found(world, asked))["results"][0]["by_sex"]}
    assert by_sex == {"female": 3, "male": 4, "unknown": 2}
