"""Decided months come out different by what is learned later: dry, then applied by a second identity."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.events.eligibility import DifferenceRecorded
from libs.common.kernel.ids import new_id, show
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Place, decision_id, refusal
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.history import FactsVersion, chain_of
from services.eligibility.domain.monthly import Known, ask
from services.eligibility.domain.recalculation import Closings, Difference, InForce, Recalculated, differences
from services.eligibility.wiring import engine
from tests.services.eligibility.world import World, world
from tests.support.doors import deliver

__all__ = ["world"]
PROGRAMME = "monthly_allowance"
CLOSED = datetime(2020, 1, 31, tzinfo=UTC)
FIRST, LAST = Month(2020, 1), Month(2020, 6)
DEGREES = ("mild", "severe", "extremely_severe")
_packaged = cache(engine)


def law() -> Engine:
    return _packaged()


def known_of(*stated: tuple[str, date | None]) -> Known:
    """Somebody standing who is of these degrees of disability, each since a day."""
    versions = tuple(
        FactsVersion(
            number,
            since,
            Place("22738", "56", "58"),
            {
                "person": {"birth_date": "1985-03-01", "disability_degree": degree},
                "household": {"poverty_status": "none"},
                "dates": {"decision_signed_on": "2016-05-04"},
                "context": {"already_receiving": True},
            },
        )
        for number, (degree, since) in enumerate(stated, start=1)
    )
    newest = len(versions)
    return Known(versions, newest, chain_of(versions, newest), None, date(2016, 5, 4))


def decided(known: Known) -> Recalculated:
    """The person as decided for FIRST by what was known first."""
    first = replace(known, versions=known.versions[:1], facts_version=1)
    person = new_id()
    one = InForce(
        decision_id(person, PROGRAMME, 1),
        PROGRAMME,
        1,
        FIRST,
        ask(law(), first, FIRST).terms(PROGRAMME),
        date(2016, 5, 4),
        CLOSED,
    )
    return Recalculated(person, known, [one], {}, {})


def recalculated(person: Recalculated, closings: Sequence[tuple[Month, datetime]] = ()) -> list[Difference]:
    return list(differences(law(), person, FIRST, LAST, Closings(closings)))


def with_applied(person: Recalculated, found: list[Difference]) -> Recalculated:
    applied = dict(person.applied)
    for one in found:
        key = (one.programme, one.month)
        applied[key] = applied.get(key, 0) + one.dong
    return replace(person, applied=applied)


def test_a_late_fact_gives_arrears_from_the_month_it_was_true() -> None:
    person = decided(known_of(("severe", None), ("extremely_severe", date(2020, 4, 20))))
    found = [(str(one.month), one.old, one.new, one.dong) for one in recalculated(person)]
    assert found == [(f"2020-0{month}", 405_000, 540_000, 135_000) for month in (4, 5, 6)]


def test_a_ground_that_was_lost_is_recovered_from_the_month_after() -> None:
    """NĐ 136/2013 Đ8, NĐ 20/2021 Đ8.2: the month itself is still due."""
    person = decided(known_of(("severe", None), ("mild", date(2020, 4, 1))))
    assert [(str(one.month), one.dong) for one in recalculated(person)] == [
        ("2020-05", -405_000),
        ("2020-06", -405_000),
    ]


def test_what_waits_for_a_signature_is_not_started_by_a_recalculation() -> None:
    standing = decided(known_of(("mild", None), ("severe", date(2020, 2, 1))))
    newcomer = standing.known.versions[-1]
    case = {**newcomer.case, "context": {"already_receiving": False}, "dates": {}}
    known = replace(standing.known, versions=(standing.known.versions[0], replace(newcomer, case=case)))
    assert recalculated(replace(standing, known=known)) == []
    assert recalculated(standing) != []


def test_who_is_suspended_stays_so_until_it_is_ended() -> None:
    person = decided(known_of(("severe", None), ("extremely_severe", date(2020, 2, 1))))
    [granted] = person.decisions
    refused = replace(granted, version=2, first=Month(2020, 3), terms=refusal(granted.terms.place))
    held = {(PROGRAMME, Month(2020, number)) for number in (3, 4, 5, 6)}
    suspended = replace(person, decisions=[granted, refused], held=held)
    assert [str(one.month) for one in recalculated(suspended)] == ["2020-02"]
    assert len(recalculated(replace(suspended, held=()))) == 5


_stated = st.lists(
    st.tuples(st.sampled_from(DEGREES), st.dates(date(2020, 1, 1), date(2020, 6, 30))), max_size=4
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(DEGREES), _stated)
def test_differences_are_new_less_old_and_once_applied_there_are_none(
    first: str, later: list[tuple[str, date]]
) -> None:
    person = decided(known_of((first, None), *later))
    found = recalculated(person)
    assert sum(one.dong for one in found) == sum(one.new - one.old for one in found)
    assert all(one.dong for one in found)
    assert recalculated(with_applied(person, found)) == []


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(DEGREES), st.sampled_from(DEGREES), st.dates(date(2020, 1, 1), date(2020, 6, 30)))
def test_a_correction_undone_gives_the_opposite(first: str, wrong: str, since: date) -> None:
    person = decided(known_of((first, None), (wrong, since)))
    found = recalculated(person)
    corrected = known_of((first, None), (wrong, since), (first, since))
    undone = recalculated(replace(with_applied(person, found), known=corrected))
    assert [(one.month, one.dong) for one in undone] == [(one.month, -one.dong) for one in found]


MAKER, CHECKER = "province-officer", "checker"


async def dry_run(world: World, person: UUID, reason: str = "late_fact") -> dict[str, Any]:
    """A recalculation of one person's decided months, until it is ready."""
    body = {
        "person_ids": [show("per", person)],
        "from_month": "2019-12",
        "to_month": "2019-12",
        "reason": reason,
    }
    as_maker = world.door.as_(MAKER, sub="maker@56", territory="56")
    answer = await world.door.client.post("/v1/recalculations", json=body, headers=as_maker)
    assert answer.status_code == 202, answer.text
    path = f"/v1/recalculations/{answer.json()['recalculation_id']}"
    for _ in range(200):
        found: dict[str, Any] = (await world.door.client.get(path, headers=as_maker)).json()
        if found["state"] != "running":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the recalculation did not end in 10 seconds")


async def apply(world: World, found: dict[str, Any], sub: str = "checker@56", **changed: str) -> Any:
    return await world.door.client.post(
        f"/v1/recalculations/{found['recalculation_id']}/application",
        json={"content_hash": changed.get("content_hash", found["content_hash"])},
        headers=world.door.as_(CHECKER, sub=sub, territory="56"),
    )


@pytest.fixture
async def late(world: World) -> tuple[World, UUID]:
    """Somebody decided for December, of whom it is then learned that a degree rose in December."""
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month("2019-12")
    worse = {"disability_degree": "extremely_severe"}
    await deliver(world.consumer, [world.person(person, 2, true_from="2019-12-03", facts=worse)])
    return world, person


async def awaiting(world: World) -> list[dict[str, Any]]:
    answer = await world.door.client.get("/v1/recalculations/awaiting", headers=world.door.as_(MAKER))
    return list(answer.json()["items"])


async def test_a_late_fact_is_seen_recalculated_applied_by_another_and_told(late: tuple[World, UUID]) -> None:
    world, person = late
    assert await awaiting(world) == [{"province_code": "56", "people": 1}]
    found = await dry_run(world, person)
    assert (found["state"], found["people"]) == ("ready", 1)
    [programme] = found["programmes"]
    assert (programme["arrears_dong"], programme["recovery_dong"]) == (135_000, 0)
    assert not [event for event in await world.told() if event["type"] == "DifferenceRecorded"]
    assert (await apply(world, found)).json() == {"state": "applied"}
    [event] = [event for event in await world.told() if event["type"] == "DifferenceRecorded"]
    event.pop("type")
    DifferenceRecorded.model_validate(event)
    assert (event["direction"], event["amount_dong"], event["month"]) == ("arrears", 135_000, "2019-12")
    assert await awaiting(world) == []


async def test_an_applied_recalculation_is_applied_once_and_leaves_no_difference(
    late: tuple[World, UUID],
) -> None:
    world, person = late
    found = await dry_run(world, person)
    await apply(world, found)
    again = await apply(world, found)
    assert (again.status_code, again.json()["code"]) == (409, "recalculation_not_ready")
    assert (await dry_run(world, person))["programmes"] == []


async def test_maker_is_not_checker_nor_is_anything_else_applied(late: tuple[World, UUID]) -> None:
    world, person = late
    found = await dry_run(world, person)
    own = await apply(world, found, sub="maker@56")
    assert (own.status_code, own.json()["code"]) == (403, "same_identity")
    other = await apply(world, found, content_hash="0" * 64)
    assert (other.status_code, other.json()["code"]) == (409, "content_changed")
    connection = await asyncpg.connect(world.database.url_superuser)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(
            "update recalculation set state = 'applied', applied_on = now(),"
            " applied_by_sub = requested_by_sub"
        )
    await connection.close()


async def test_what_is_learned_meanwhile_makes_a_recalculation_stale(late: tuple[World, UUID]) -> None:
    world, person = late
    found = await dry_run(world, person)
    mild = {"disability_degree": "mild"}
    await deliver(world.consumer, [world.person(person, 3, true_from="2019-12-03", facts=mild)])
    answer = await apply(world, found)
    assert (answer.status_code, answer.json()["code"]) == (409, "recalculation_stale")


async def test_a_decision_that_comes_into_force_after_the_dry_run_makes_it_stale(
    late: tuple[World, UUID],
) -> None:
    """Whenever it was recorded: a proposal is signed later, a long transaction ends later."""
    world, person = late
    found = await dry_run(world, person)
    connection = await asyncpg.connect(world.database.url_superuser)
    await connection.execute(
        "insert into decision select (jsonb_populate_record(d, jsonb_build_object("
        "  'version', 2, 'decision_id', gen_random_uuid()))).* from decision d where person_id = $1",
        person,
    )
    await connection.close()
    answer = await apply(world, found)
    assert (answer.status_code, answer.json()["code"]) == (409, "recalculation_stale")


async def test_of_two_dry_runs_one_is_applied(late: tuple[World, UUID]) -> None:
    world, person = late
    first, second = await dry_run(world, person), await dry_run(world, person)
    assert (await apply(world, second)).status_code == 200
    answer = await apply(world, first)
    assert (answer.status_code, answer.json()["code"]) == (409, "recalculation_stale")


async def test_a_difference_tells_both_sides_with_their_reasons(late: tuple[World, UUID]) -> None:
    world, person = late
    found = await dry_run(world, person)
    auditor = world.door.as_("auditor")
    page = await world.door.client.get(
        f"/v1/recalculations/{found['recalculation_id']}/differences", headers=auditor
    )
    [one] = page.json()["items"]
    [decision] = await world.decisions_of(person)
    assert (one["old_decision_id"], one["old_dong"]) == (decision["decision_id"], 405_000)
    path = f"/v1/differences/{one['difference_id']}"
    receipt = (await world.door.client.get(path, headers=auditor)).json()["receipt"]
    assert receipt["facts"]["person"]["disability_degree"] == "extremely_severe"
    assert [reason["citation"] for reason in receipt["reasons"] if reason["held"]]
    assert sum(benefit["amount_dong"] for benefit in receipt["benefits"]) == one["new_dong"] == 540_000


async def test_another_province_sees_nothing_of_it(late: tuple[World, UUID]) -> None:
    world, person = late
    found = await dry_run(world, person)
    elsewhere = world.door.as_(CHECKER, sub="checker@01", territory="01")
    path = f"/v1/recalculations/{found['recalculation_id']}"
    assert (await world.door.client.get(path, headers=elsewhere)).status_code == 404
    body = {"content_hash": found["content_hash"]}
    answer = await world.door.client.post(f"{path}/application", json=body, headers=elsewhere)
    assert answer.status_code == 404


async def test_one_given_up_is_not_applied(late: tuple[World, UUID]) -> None:
    world, person = late
    found = await dry_run(world, person)
    path = f"/v1/recalculations/{found['recalculation_id']}/discard"
    maker = world.door.as_(MAKER, sub="maker@56", territory="56")
    assert (await world.door.client.post(path, headers=maker)).json() == {"state": "discarded"}
    assert (await apply(world, found)).status_code == 409
