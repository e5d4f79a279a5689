"""A decision's receipt is made again from what was known then, and a replay tells whether it is the same."""

import json
import zlib
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.monthly import ask
from services.eligibility.settings import PACKAGED_POLICY
from services.eligibility.store.policies import from_texts
from services.eligibility.store.policy_files import LATER_FILES, load_files, policy_of
from tests.services.eligibility import golden
from tests.services.eligibility.world import World, world
from tests.support.doors import deliver

__all__ = ["world"]
_RECEIPTS = sorted(golden.FOLDER.glob("*.json"))
MILD = {"disability_degree": "mild"}


async def receipt(world: World, decision: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/decisions/{decision['decision_id']}"
    answer = await world.door.client.get(path, headers=world.door.as_("auditor"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def replay(world: World, decision: dict[str, Any]) -> Any:
    path = f"/v1/decisions/{decision['decision_id']}/replay"
    return await world.door.client.post(path, headers=world.door.as_("auditor"))


async def as_owner(world: World, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(world.database.url_superuser)
    await connection.execute(statement, *values)
    await connection.close()


@pytest.mark.parametrize("path", _RECEIPTS, ids=lambda path: path.stem)
def test_a_receipt_that_was_written_down_comes_out_the_same_for_ever(path: Path) -> None:
    kept = json.loads(path.read_text())
    texts = json.loads((golden.FOLDER / "policies" / f"{kept['policy_hash']}.json").read_text())
    policy = from_texts(texts)
    assert policy.hash == kept["policy_hash"]
    answer = ask(Engine(policy), golden.known_of(kept), Month.parse(kept["month"]))
    assert golden.says(answer, kept["programme"]) == kept["says"]


def test_there_are_receipts_to_come_out_the_same() -> None:
    assert {path.stem for path in _RECEIPTS} == set(golden.CASES)


async def test_a_decision_made_again_is_equal_bit_for_bit(world: World) -> None:
    person, facility, resident = new_id(), new_id(), new_id()
    await deliver(
        world.consumer,
        [world.person(person), world.person(resident), world.resident(resident, facility)],
    )
    await world.close_month()
    for one in (person, resident):
        [decision] = await world.decisions_of(one)
        answer = (await replay(world, decision)).json()
        assert (answer["equal"], answer["differences"]) == (True, [])
        assert answer["input_hash"] == (await receipt(world, decision))["input_hash"]


async def test_a_receipt_tells_what_was_known_then_whatever_is_learned_later(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month("2019-12")
    [decision] = await world.decisions_of(person)
    before = await receipt(world, decision)
    await deliver(world.consumer, [world.person(person, 2, true_from="2019-06-01", facts=MILD)])
    assert await receipt(world, decision) == before
    assert before["facts"]["person"]["disability_degree"] == "severe"
    assert (await replay(world, decision)).json()["equal"]


async def test_a_decision_is_made_again_by_the_kept_policy_that_it_names(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    connection = await asyncpg.connect(world.database.url_superuser)
    texts = orjson.loads(await connection.fetchval("select files from policy"))
    await connection.close()
    texts["standards/central.yaml"] = texts["standards/central.yaml"].replace("270000", "280000")
    other = from_texts(texts)
    await as_owner(
        world,
        "insert into policy (policy_hash, version, files) values ($1, 'other', $2)",
        other.hash,
        orjson.dumps(texts).decode(),
    )
    await as_owner(world, "update decision set policy_hash = $1", other.hash)
    answer = (await replay(world, decision)).json()
    told = {one["what"]: (one["recorded"], one["replayed"]) for one in answer["differences"]}
    assert told == {"standard_dong": (270_000, 280_000), "amount_dong": (405_000, 420_000)}


async def test_a_policy_kept_before_a_file_was_new_is_read_and_replayed_without_it(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    connection = await asyncpg.connect(world.database.url_superuser)
    texts = orjson.loads(await connection.fetchval("select files from policy"))
    await connection.close()
    older = {name: text for name, text in texts.items() if name not in {*LATER_FILES, "programmes.yaml"}}
    assert len(texts) - len(older) == len(LATER_FILES) + 1
    kept = from_texts(older)
    assert (kept.procedures, kept.supports, kept.occasions, kept.visits) == ({}, (), None, ())
    await as_owner(
        world,
        "insert into policy (policy_hash, version, files) values ($1, 'older', $2)",
        kept.hash,
        orjson.dumps(older).decode(),
    )
    await as_owner(world, "update decision set policy_hash = $1", kept.hash)
    answer = (await replay(world, decision)).json()
    assert (answer["equal"], answer["policy_hash"]) == (True, kept.hash)


@pytest.mark.parametrize("name", sorted(LATER_FILES))
def test_the_policy_in_use_needs_every_file(name: str) -> None:
    files = load_files(PACKAGED_POLICY)
    del files[name]
    with pytest.raises(Refusal, match=name):
        policy_of(files)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("update decision set amount_dong = amount_dong + 1000", {"amount_dong"}),
        ("update decision set trace = set_bit(trace, 0, 1 - get_bit(trace, 0))", {"trace"}),
        (
            "update person_facts set facts = jsonb_set(facts, '{person,studying}', 'true')",
            {"input_hash", "trace"},
        ),
        ("update person_facts set true_from = '2018-01-01'", {"input_hash"}),
    ],
    ids=["the amount", "a bit of the trace", "a fact", "the day a fact is true from"],
)
async def test_a_planted_change_is_seen_where_it_is(world: World, statement: str, where: set[str]) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    await as_owner(world, statement)
    answer = (await replay(world, decision)).json()
    assert not answer["equal"]
    assert {one["what"] for one in answer["differences"]} == where


async def test_a_decision_of_before_keeps_the_text_of_its_receipt_and_is_not_made_again(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    text = zlib.compress(orjson.dumps({"determined_month": "2019-12", "reasons": [], "input_hash": "ab"}))
    await as_owner(
        world,
        "update decision set receipt = $1, trace = null, input_hash = null, determined_month = null,"
        " facts_month = null",
        text,
    )
    assert (await receipt(world, decision))["input_hash"] == "ab"
    answer = await replay(world, decision)
    assert (answer.status_code, answer.json()["code"]) == (409, "decision_not_replayable")


async def test_nobody_replays_a_decision_of_another_province(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    path = f"/v1/decisions/{decision['decision_id']}/replay"
    answer = await world.door.client.post(path, headers=world.door.as_("auditor", territory="01"))
    assert answer.status_code == 404


async def test_a_version_counts_when_all_before_it_are_there(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await deliver(world.consumer, [world.person(person, 3, facts={"disability_degree": "extremely_severe"})])
    await world.close_month("2019-12")
    await deliver(world.consumer, [world.person(person, 2, facts=MILD)])
    await world.close_month("2020-01")
    found = sorted(await world.decisions_of(person), key=lambda one: int(one["version"]))
    assert [one["amount_dong"] for one in found] == [405_000, 540_000]
    assert [(await receipt(world, one))["facts_version"] for one in found] == [1, 3]
    assert all([(await replay(world, one)).json()["equal"] for one in found])


async def test_who_loses_the_ground_within_a_month_has_the_benefit_to_its_end(world: World) -> None:
    """NĐ 136/2013 Đ8, NĐ 20/2021 Đ8.2: it stops from the month after."""
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month("2019-12")
    await deliver(world.consumer, [world.person(person, 2, true_from="2020-01-10", facts=MILD)])
    assert (await world.close_month("2020-01"))["granted"] == 1
    assert len(await world.decisions_of(person)) == 1
    assert (await world.close_month("2020-02"))["granted"] == 0
    _, ended = sorted(await world.decisions_of(person), key=lambda one: int(one["version"]))
    assert (ended["outcome"], ended["effective_from"]) == ("refused", "2020-02")


async def test_a_level_that_rises_within_a_month_is_paid_from_that_month(world: World) -> None:
    person = new_id()
    extremely = {"disability_degree": "extremely_severe"}
    await deliver(world.consumer, [world.person(person)])
    await world.close_month("2019-12")
    await deliver(world.consumer, [world.person(person, 2, true_from="2020-01-31", facts=extremely)])
    await world.close_month("2020-01")
    found = sorted(await world.decisions_of(person), key=lambda one: int(one["version"]))
    assert [(one["effective_from"], one["amount_dong"]) for one in found] == [
        ("2019-12", 405_000),
        ("2020-01", 540_000),
    ]
