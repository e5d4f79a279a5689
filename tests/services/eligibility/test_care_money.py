"""Care money (kinh phí chăm sóc): to the carer, or to a disabled parent; never for who lives in a home."""

from typing import Any
from uuid import UUID

import pytest

from contracts.events.eligibility import DecisionRecorded
from libs.common.kernel.ids import new_id, show
from tests.services.eligibility.world import World, world
from tests.support.doors import deliver

__all__ = ["world"]
MONTH = "2024-02"
EXTREMELY_SEVERE = {"disability_degree": "extremely_severe"}


def cared_for(relation: str, carer: UUID, **facts: Any) -> dict[str, Any]:
    return {
        "facts": {
            **EXTREMELY_SEVERE,
            **facts,
            "carer": {"relation": relation, "person_id": show("per", carer)},
        }
    }


async def granted(world: World, person: UUID) -> dict[str, tuple[str, int, str | None]]:
    """Programme to (payee, amount, the payee's person id) of what is granted."""
    return {
        one["programme"]: (one["payee"], one["amount_dong"], one["payee_person_id"])
        for one in await world.decisions_of(person)
        if one["outcome"] == "granted"
    }


@pytest.mark.parametrize(
    ("relation", "born", "allowance", "care"),
    [
        ("own_household", "1985-03-01", 720_000, 360_000),
        ("own_household", "2014-03-01", 900_000, 360_000),
        ("receiving_carer", "1985-03-01", 720_000, 540_000),
        ("receiving_carer", "2014-03-01", 900_000, 900_000),
    ],
)
async def test_who_cares_is_paid_beside_the_person_s_own_allowance(
    world: World, relation: str, born: str, allowance: int, care: int
) -> None:
    person, carer = new_id(), new_id()
    told = world.person(person, birth_date=born, **cared_for(relation, carer))
    await deliver(world.consumer, [told])
    await world.close_month(MONTH)

    assert await granted(world, person) == {
        "monthly_allowance": ("self", allowance, None),
        "care_allowance": ("carer", care, show("per", carer)),
    }
    told_care = [
        DecisionRecorded.model_validate({k: v for k, v in event.items() if k != "type"})
        for event in await world.told()
        if event.get("programme") == "care_allowance"
    ]
    assert [(one.payee, one.category) for one in told_care] == [("carer", "care")]


async def test_the_receipt_of_care_money_cites_its_article(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person, **cared_for("own_household", new_id()))])
    await world.close_month(MONTH)
    [care] = [one for one in await world.decisions_of(person) if one["programme"] == "care_allowance"]
    answer = await world.door.client.get(
        f"/v1/decisions/{care['decision_id']}", headers=world.door.as_("auditor")
    )

    held = {one["rule"]: one["citation"] for one in answer.json()["reasons"] if one["held"]}
    assert held["household_of_disabled"] == "NĐ 20/2021 Đ20.2.c"
    assert {one["payee"] for one in answer.json()["benefits"]} == {"self", "carer"}


async def test_a_severe_disability_gives_the_household_nothing_for_its_care(world: World) -> None:
    person = new_id()
    told = world.person(person, **cared_for("own_household", new_id(), disability_degree="severe"))
    await deliver(world.consumer, [told])
    await world.close_month(MONTH)

    assert set(await granted(world, person)) == {"monthly_allowance"}


async def test_a_disabled_parent_has_own_care_money_beside_the_carer_s(world: World) -> None:
    person, carer = new_id(), new_id()
    told = world.person(
        person, **cared_for("own_household", carer, children_under_36_months=1, pregnant=True)
    )
    await deliver(world.consumer, [told])
    await world.close_month(MONTH)

    assert await granted(world, person) == {
        "monthly_allowance": ("self", 720_000, None),
        "care_allowance": ("carer", 360_000, show("per", carer)),
        "own_care_allowance": ("self", 720_000, None),
    }


async def test_a_disabled_couple_draws_one_share_for_their_child(world: World) -> None:
    mother, father = new_id(), new_id()
    facts = {"disability_degree": "severe", "children_under_36_months": 1}
    await deliver(
        world.consumer,
        [
            world.person(mother, facts=facts),
            world.person(father, sex="male", facts={**facts, "care_drawn_by_spouse": True}),
        ],
    )
    await world.close_month(MONTH)

    assert set(await granted(world, mother)) == {"monthly_allowance", "own_care_allowance"}
    assert set(await granted(world, father)) == {"monthly_allowance"}


async def test_a_resident_has_nurture_alone_and_nobody_is_paid_to_care(world: World) -> None:
    person, facility = new_id(), new_id()
    told = world.person(person, **cared_for("receiving_carer", new_id(), children_under_36_months=1))
    await deliver(world.consumer, [told, world.resident(person, facility)])
    await world.close_month(MONTH)

    assert await granted(world, person) == {"nurture_allowance": ("facility", 1_440_000, None)}


async def test_another_carer_is_paid_from_the_month_in_which_they_are_known(world: World) -> None:
    person, first, second = new_id(), new_id(), new_id()
    await deliver(world.consumer, [world.person(person, **cared_for("own_household", first))])
    await world.close_month("2024-01")
    await deliver(world.consumer, [world.person(person, version=2, **cared_for("own_household", second))])
    await world.close_month(MONTH)

    care = [one for one in await world.decisions_of(person) if one["programme"] == "care_allowance"]
    assert sorted((one["version"], one["effective_from"], one["payee_person_id"]) for one in care) == [
        (1, "2024-01", show("per", first)),
        (2, MONTH, show("per", second)),
    ]


async def test_care_money_ends_with_the_care(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person, **cared_for("own_household", new_id()))])
    await world.close_month("2024-01")
    await deliver(world.consumer, [world.person(person, version=2, facts=EXTREMELY_SEVERE)])
    await world.close_month(MONTH)

    care = [one for one in await world.decisions_of(person) if one["programme"] == "care_allowance"]
    assert sorted((one["version"], one["outcome"], one["payee"]) for one in care) == [
        (1, "granted", "carer"),
        (2, "refused", "self"),
    ]
    assert set(await granted(world, person)) == {"monthly_allowance", "care_allowance"}


async def test_the_allowance_is_decided_where_the_care_money_of_the_month_is_not_known(world: World) -> None:
    orphan, disabled, carer = new_id(), new_id(), new_id()
    told = [
        world.person(
            orphan,
            birth_date="2012-03-01",
            **cared_for(
                "receiving_carer", carer, disability_degree="none", child_situation="both_parents_dead"
            ),
        ),
        world.person(disabled, birth_date="1985-03-01", **cared_for("own_household", carer)),
    ]
    await deliver(world.consumer, told)
    await world.close_month("2021-05")

    assert await granted(world, orphan) == {"monthly_allowance": ("self", 405_000, None)}
    [decision] = await world.decisions_of(orphan)
    path = f"/v1/decisions/{decision['decision_id']}"
    receipt = (await world.door.client.get(path, headers=world.door.as_("auditor"))).json()
    assert {one["rule"]: one["not_covered"] for one in receipt["reasons"] if "not_covered" in one} == {
        "received_child": "carer"
    }
    # Of this one's carer a secondary source gives the coefficient (NĐ 28/2012).
    assert await granted(world, disabled) == {
        "monthly_allowance": ("self", 540_000, None),
        "care_allowance": ("carer", 270_000, show("per", carer)),
    }


@pytest.mark.parametrize("world", ["2024-02-05"], indirect=True)
async def test_an_application_s_care_money_starts_with_its_signature_not_with_the_certificate(
    world: World,
) -> None:
    person, carer = new_id(), new_id()
    told = world.person(
        person,
        already_receiving=False,
        decision_signed_on=None,
        application_received_on="2024-02-01",
        **cared_for("own_household", carer, disability_certificate_on="2024-01-15"),
    )
    await deliver(world.consumer, [told])
    await world.close_month(MONTH)

    decisions = {one["programme"]: one for one in await world.decisions_of(person)}
    assert {one["status"] for one in decisions.values()} == {"proposed"}
    assert decisions["monthly_allowance"]["pays_from"] == "2024-01"
    assert decisions["care_allowance"]["pays_from"] == MONTH
