"""A month's facts come in, are determined by its law, signed, told, and closed."""

import asyncio
from typing import Any

import asyncpg
import pytest

from contracts.events.eligibility import DecisionRecorded
from libs.common.kernel.ids import new_id, show
from tests.services.eligibility.world import World, world
from tests.support.doors import deliver

__all__ = ["world"]


async def test_a_standing_recipient_is_confirmed_at_the_month_s_law(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    counts = await world.close_month()
    assert (counts["persons"], counts["granted"], counts["proposed"]) == (1, 1, 0)
    [decision] = await world.decisions_of(person)
    assert (decision["category"], decision["amount_dong"], decision["status"]) == ("k6", 405_000, "confirmed")
    assert decision["pays_from"] == "2019-12"


async def test_the_receipt_names_each_rule_that_was_tried_with_its_article(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    answer = await world.door.client.get(
        f"/v1/decisions/{decision['decision_id']}", headers=world.door.as_("auditor")
    )
    receipt = answer.json()
    held = [reason for reason in receipt["reasons"] if reason["held"]]
    # Until 30/06/2021 the allowance of disabled people stood in a decree of their own.
    assert [reason["citation"] for reason in held] == ["NĐ 28/2012 Đ15"]
    assert receipt["policy_hash"] and receipt["input_hash"]


async def test_a_new_application_pays_nothing_until_the_chair_signs_it(world: World) -> None:
    person = new_id()
    application: dict[str, Any] = {
        "already_receiving": False,
        "decision_signed_on": None,
        "application_received_on": "2019-12-02",
        "facts": {"disability_degree": "severe", "disability_certificate_on": "2019-12-01"},
    }
    await deliver(world.consumer, [world.person(person, **application)])
    counts = await world.close_month()
    assert counts["proposed"] == 1
    [decision] = await world.decisions_of(person)
    body = {"decision_ids": [decision["decision_id"]]}
    refused = await world.door.client.post("/v1/signatures", json=body, headers=world.door.as_("maker"))
    assert refused.status_code == 403
    chair = world.door.as_("commune-chair", sub="chair@56")
    assert (await world.door.client.post("/v1/signatures", json=body, headers=chair)).json() == {"signed": 1}
    again = await world.door.client.post("/v1/signatures", json=body, headers=chair)
    assert (again.status_code, again.json()["code"]) == (409, "decision_not_proposed")
    signed = [event for event in await world.told() if event["type"] == "DecisionSigned"]
    assert [event["signed_by_sub"] for event in signed] == ["chair@56"]


@pytest.mark.parametrize(
    "claimed",
    [
        {"already_receiving": True, "decision_signed_on": None},
        {"already_receiving": False, "decision_signed_on": "2016-05-04"},
    ],
    ids=["receiving without a signature", "signed but not receiving"],
)
async def test_what_nobody_signed_is_proposed_and_asks_for_no_arrears(
    world: World, claimed: dict[str, Any]
) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person, **claimed)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    assert (decision["status"], decision["outcome"]) == ("proposed", "granted")
    assert decision["pays_from"] == "2019-12"


async def test_nothing_is_proposed_for_who_neither_applied_nor_receives(world: World) -> None:
    person = new_id()
    never_asked: dict[str, Any] = {"already_receiving": False, "decision_signed_on": None}
    await deliver(world.consumer, [world.person(person, **never_asked)])
    await world.close_month("2019-12")
    assert await world.decisions_of(person) == []
    applied = {**never_asked, "application_received_on": "2020-01-02"}
    await deliver(world.consumer, [world.person(person, 2, **applied)])
    await world.close_month("2020-01")
    [decision] = await world.decisions_of(person)
    assert (decision["status"], decision["outcome"]) == ("proposed", "granted")


async def test_an_applicant_whose_grant_had_ended_is_signed_for_again(world: World) -> None:
    person = new_id()
    application: dict[str, Any] = {
        "already_receiving": False,
        "decision_signed_on": None,
        "application_received_on": "2019-12-02",
    }
    severe: dict[str, Any] = {
        "facts": {"disability_degree": "severe", "disability_certificate_on": "2019-11-01"}
    }
    mild = {"facts": {"disability_degree": "mild"}}
    await deliver(world.consumer, [world.person(person, **application, **severe)])
    await world.close_month("2019-12")
    [first] = await world.decisions_of(person)
    body = {"decision_ids": [first["decision_id"]]}
    chair = world.door.as_("commune-chair", sub="chair@56")
    await world.door.client.post("/v1/signatures", json=body, headers=chair)
    await deliver(world.consumer, [world.person(person, 2, **application, **mild)])
    await world.close_month("2020-01")
    await deliver(world.consumer, [world.person(person, 3, **application, **severe)])
    await world.close_month("2020-02")
    found = sorted(await world.decisions_of(person), key=lambda decision: int(decision["version"]))
    shown = [(one["status"], one["outcome"], one["effective_from"]) for one in found]
    assert shown[1:] == [("confirmed", "refused", "2020-01"), ("proposed", "granted", "2020-02")]
    assert found[0]["status"] == "signed"


async def test_arrears_of_a_new_application_are_at_the_law_of_each_month(world: World) -> None:
    """Certified in June 2021 (NĐ 28/2012: from that month), decided in August: June at 270,000, the months
    from July at 360,000 (NĐ 20/2021 Đ4.2)."""
    person = new_id()
    await deliver(
        world.consumer,
        [
            world.person(
                person,
                already_receiving=False,
                decision_signed_on=None,
                application_received_on="2021-07-05",
                facts={"disability_degree": "severe", "disability_certificate_on": "2021-06-10"},
            )
        ],
    )
    await world.close_month("2021-08")
    found = sorted(await world.decisions_of(person), key=lambda decision: int(decision["version"]))
    shown = [(one["pays_from"], one["amount_dong"], one["status"]) for one in found]
    assert shown == [("2021-06", 405_000, "proposed"), ("2021-07", 540_000, "proposed")]


async def test_a_signature_waits_for_a_determination_that_supersedes_what_it_signs(world: World) -> None:
    person = new_id()
    application: dict[str, Any] = {
        "already_receiving": False,
        "decision_signed_on": None,
        "application_received_on": "2019-12-02",
        "facts": {"disability_degree": "severe", "disability_certificate_on": "2019-12-01"},
    }
    await deliver(world.consumer, [world.person(person, **application)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    body = {"decision_ids": [decision["decision_id"]]}
    determination = await asyncpg.connect(world.database.url_superuser)
    async with determination.transaction():
        await determination.execute("select from decision where status = 'proposed' for update")
        await determination.execute(
            "insert into decision select (jsonb_populate_record(d, jsonb_build_object("
            "'version', 2, 'decision_id', $1::text, 'outcome', 'refused', 'amount_dong', 0))).*"
            " from decision d",
            str(new_id()),
        )
        chair = world.door.as_("commune-chair", sub="chair@56")
        signing = asyncio.create_task(world.door.client.post("/v1/signatures", json=body, headers=chair))
        await asyncio.sleep(0.3)
        assert not signing.done()
    await determination.close()
    answer = await signing
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_proposed")


async def test_a_resident_gets_nurture_to_the_facility_and_nothing_of_the_community(world: World) -> None:
    person, facility = new_id(), new_id()
    await deliver(world.consumer, [world.person(person), world.resident(person, facility)])
    await world.close_month()
    [decision] = await world.decisions_of(person)
    assert (decision["programme"], decision["payee"]) == ("nurture_allowance", "facility")
    assert decision["facility_id"] == show("fac", facility)


async def test_nobody_of_another_province_sees_the_decision(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month()
    elsewhere = world.door.as_("province-officer", territory="01")
    answer = await world.door.client.get(
        "/v1/decisions", params={"person_id": show("per", person)}, headers=elsewhere
    )
    assert answer.json()["items"] == []


async def test_what_comes_twice_or_in_another_order_is_decided_once(world: World) -> None:
    person = new_id()
    old, new = world.person(person), world.person(person, version=2, facts={"disability_degree": "mild"})
    await deliver(world.consumer, [new, old])
    await deliver(world.consumer, [world.again(old), world.again(new)])
    counts = await world.close_month()
    assert (counts["persons"], counts["granted"], counts["refused"]) == (1, 0, 1)
    recorded = [event for event in await world.told() if event["type"] == "DecisionRecorded"]
    assert len(recorded) == 1


async def test_the_next_month_is_silent_where_nothing_changed(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await world.close_month("2019-12")
    await world.close_month("2020-01")
    assert len(await world.decisions_of(person)) == 1


async def test_a_month_is_closed_only_after_everything_upstream(world: World) -> None:
    officer = world.door.as_("ministry")
    early = await world.door.client.post("/v1/month-closings", json={"month": "2019-12"}, headers=officer)
    assert (early.status_code, early.json()["code"]) == (409, "facts_not_settled")
    await world.close_month()
    closed = await world.door.client.post("/v1/month-closings", json={"month": "2019-12"}, headers=officer)
    assert closed.json()["newly"] is True
    again = await world.door.client.post("/v1/month-closings", json={"month": "2019-12"}, headers=officer)
    assert again.json()["newly"] is False


async def test_only_the_nation_closes_a_month_and_none_far_ahead(world: World) -> None:
    async def close(month: str, role: str, territory: str) -> tuple[int, str]:
        answer = await world.door.client.post(
            "/v1/month-closings", json={"month": month}, headers=world.door.as_(role, territory=territory)
        )
        return answer.status_code, answer.json().get("code", "")

    assert await close("2019-12", "province-officer", "*") == (403, "not_permitted")
    assert await close("2019-12", "ministry", "01") == (403, "not_permitted")
    assert await close("2020-02", "ministry", "*") == (422, "month_invalid")
    assert await close("2020-01", "ministry", "*") == (409, "facts_not_settled")


async def test_a_decision_is_told_in_the_words_of_its_contract(world: World) -> None:
    await deliver(world.consumer, [world.person(new_id())])
    await world.close_month()
    [event] = [event for event in await world.told() if event["type"] == "DecisionRecorded"]
    event.pop("type")
    DecisionRecorded.model_validate(event)


async def test_every_promise_holds_and_a_planted_break_is_seen(world: World) -> None:
    await deliver(world.consumer, [world.person(new_id())])
    await world.close_month()
    auditor = world.door.as_("auditor")
    items = (await world.door.client.get("/v1/invariants", headers=auditor)).json()["items"]
    assert items and all(item["violations"] == 0 for item in items)
    connection = await asyncpg.connect(world.database.url_superuser)
    await connection.execute("update decision set version = 7, policy_hash = ''")
    await connection.execute("update standing set version = 3")
    await connection.execute("delete from outbox")
    await connection.close()
    items = (await world.door.client.get("/v1/invariants", headers=auditor)).json()["items"]
    assert [item["violations"] for item in items] == [1, 1, 1, 1, 1, 0, 0, 0]
