"""What another authority decided is taken in once, told to payments, and no determination touches it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args
from uuid import UUID

import pytest

from contracts.events.eligibility import DecisionRecorded
from libs.common.kernel.ids import new_id, show
from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.foreign_decisions import TOLD, line_of
from services.eligibility.domain.foreign_lists import COLUMNS, ForeignDecision
from services.eligibility.domain.standing_columns import DECIDED
from services.eligibility.settings import PACKAGED_POLICY
from services.eligibility.store.policy_files import load_files
from services.eligibility.store.policy_register import register
from tests.services.eligibility.office import PROVINCE, Files, paid
from tests.services.eligibility.world import World, world
from tests.support.doors import deliver

__all__ = ["world"]
PATH = "/v1/foreign-lists"
MERIT = "merit_allowance"


def row(person: UUID, months: str = "2019-11,", amount: int = 1_624_000, number: str = "12/QĐ") -> str:
    return f"{show('per', person)},{MERIT},{amount},{months},{number},2019-10-15,Sở Lao động"


async def send(world: World, *rows: str, role: str = "province-officer", territory: str = "56") -> Any:
    text = "\n".join([",".join(COLUMNS), *rows])
    headers = world.door.as_(role, territory=territory, sub="list@56")
    return await world.door.client.post(PATH, content=text.encode(), headers=headers)


async def merit_of(world: World, person: UUID) -> list[dict[str, Any]]:
    found = [one for one in await world.decisions_of(person) if one["programme"] == MERIT]
    return sorted(found, key=lambda one: int(one["version"]))


async def violations(world: World) -> list[Any]:
    answer = await world.door.client.get("/v1/invariants", headers=world.door.as_("auditor"))
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if one["violations"]]


async def test_a_right_row_is_a_confirmed_decision_that_is_told_with_its_source(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    answer = (await send(world, row(person))).json()
    assert (answer["rows"], answer["recorded"], answer["errors"]) == (1, 1, [])
    [decision] = await merit_of(world, person)
    assert answer["decision_ids"] == [decision["decision_id"]]
    assert (decision["status"], decision["outcome"], decision["category"], decision["amount_dong"]) == (
        "confirmed",
        "granted",
        "decided_elsewhere",
        1_624_000,
    )
    # The month before the import was paid elsewhere.
    assert (decision["effective_from"], decision["pays_from"]) == ("2019-11", "2019-12")
    [told] = await world.told()
    event = DecisionRecorded.model_validate({k: v for k, v in told.items() if k != "type"})
    assert (told["type"], event.decision_id, event.amount_dong) == (
        "DecisionRecorded",
        decision["decision_id"],
        1_624_000,
    )
    path = f"/v1/decisions/{decision['decision_id']}"
    receipt = (await world.door.client.get(path, headers=world.door.as_("auditor"))).json()
    assert receipt["decided_elsewhere"] == {
        "issued_by": "Sở Lao động",
        "decision_number": "12/QĐ",
        "decided_on": "2019-10-15",
        "amount_dong": 1_624_000,
        "from_month": "2019-11",
        "until_month": None,
    }
    replayed = await world.door.client.post(f"{path}/replay", headers=world.door.as_("auditor"))
    assert (replayed.status_code, replayed.json()["code"]) == (409, "decided_elsewhere")
    assert "12/QĐ" in replayed.json()["detail"] and "Sở Lao động" in replayed.json()["detail"]
    outside = await world.door.client.get(path, headers=world.door.as_("auditor", territory="01"))
    assert outside.status_code == 404


async def test_the_same_list_again_is_the_same_and_nothing_twice(world: World) -> None:
    people = [new_id() for _ in range(3)]
    await deliver(world.consumer, [world.person(one) for one in people])
    rows = [row(people[0], "2019-11,2020-02"), row(people[1]), row(people[2])]
    first = (await send(world, *rows)).json()
    again = (await send(world, *rows)).json()
    assert again == {**first, "recorded": 0}
    # In another list the rows are the same too.
    other = (await send(world, rows[1], row(people[2], number="13/QĐ"))).json()
    assert (other["recorded"], other["decision_ids"][0]) == (1, first["decision_ids"][1])
    assert len(await world.told()) == 3 + 1 + 1
    assert await violations(world) == []


async def test_a_wrong_row_is_told_and_the_others_are_kept(world: World) -> None:
    known, far = new_id(), new_id()
    await deliver(
        world.consumer,
        [
            world.person(known),
            world.person(far, province_code="01", commune_code="00004", former_province_code="01"),
        ],
    )
    answer = (
        await send(world, row(far), row(new_id()), row(known), row(known), row(known, amount=-1))
    ).json()
    assert (answer["rows"], answer["recorded"], len(answer["decision_ids"])) == (5, 1, 1)
    assert {(one["path"], one["code"]) for one in answer["errors"]} == {
        # Who lives elsewhere and who is nobody are told alike.
        ("rows[1].person_id", "unknown"),
        ("rows[2].person_id", "unknown"),
        ("rows[4].from_month", "overlaps"),
        ("rows[5].amount_dong", "not_an_amount"),
    }
    assert await merit_of(world, far) == []
    everywhere = (await send(world, row(far), role="ministry", territory="*")).json()
    assert (everywhere["recorded"], everywhere["errors"]) == (1, [])


@pytest.mark.parametrize(
    ("body", "role", "status", "code"),
    [
        (b"person,amount\n", "province-officer", 422, "case_invalid"),
        (b"\xff\xfe", "province-officer", 422, "case_invalid"),
        (b"", "commune-officer", 403, "not_permitted"),
    ],
    ids=["no such table", "no text", "not permitted"],
)
async def test_what_is_no_list_or_not_permitted_is_refused_whole(
    world: World, body: bytes, role: str, status: int, code: str
) -> None:
    answer = await world.door.client.post(PATH, content=body, headers=world.door.as_(role))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_correction_says_its_own_months_and_leaves_the_others(world: World) -> None:
    person = new_id()
    await deliver(world.consumer, [world.person(person)])
    await send(world, row(person, "2020-03,", 2_000_000), row(person, "2019-12,2020-01", 1_000_000))
    months = ("2019-11", "2019-12", "2020-01", "2020-02", "2020-03", "2020-09")

    async def amounts() -> list[int]:
        return [amount for _, amount in paid(await merit_of(world, person), *months)]

    assert await amounts() == [0, 1_000_000, 1_000_000, 0, 2_000_000, 2_000_000]
    await send(world, row(person, "2020-01,2020-02", 1_500_000, "13/QĐ"))
    assert await amounts() == [0, 1_000_000, 1_500_000, 1_500_000, 2_000_000, 2_000_000]
    assert await violations(world) == []


async def test_no_determination_ends_or_changes_what_others_decided(world: World) -> None:
    """Neither of who is decided in columns, nor of who is decided one by one, nor of who loses everything."""
    standing, applicant = new_id(), new_id()
    applied: dict[str, Any] = {
        "already_receiving": False,
        "decision_signed_on": None,
        "application_received_on": "2019-12-02",
    }
    await deliver(world.consumer, [world.person(standing), world.person(applicant, **applied)])
    await send(world, row(standing), row(applicant))
    before = [await merit_of(world, one) for one in (standing, applicant)]
    await world.close_month("2019-12")
    mild = {"disability_degree": "mild"}
    await deliver(world.consumer, [world.person(standing, 2, facts=mild, true_from="2019-12-20")])
    await world.close_month("2020-01")
    assert [await merit_of(world, one) for one in (standing, applicant)] == before
    own = [one["outcome"] for one in await world.decisions_of(standing) if one["programme"] != MERIT]
    assert sorted(own) == ["granted", "refused"]
    assert await violations(world) == []


async def test_who_moves_has_a_case_for_what_is_decided_here_alone(files: Files) -> None:
    person = new_id()
    async with files.on("2024-03-05") as office:
        await office.record(person)
        await office.close_month("2024-03")
        headers = office.door.as_("province-officer", territory=PROVINCE)
        text = "\n".join([",".join(COLUMNS), row(person)])
        sent = await office.door.client.post(PATH, content=text.encode(), headers=headers)
        assert sent.json()["recorded"] == 1
        await office.record(person, 2, commune_code="31147", true_from="2024-03-10")
        cases = await office.cases(person)
        assert [(one["kind"], one["programmes"]) for one in cases] == [("move", ["monthly_allowance"])]


def test_who_decides_a_programme_is_the_register_s_to_say() -> None:
    elsewhere = register(load_files(PACKAGED_POLICY)).elsewhere
    assert elsewhere >= TOLD
    assert TOLD.isdisjoint(DECIDED)
    assert set(get_args(DecisionRecorded.model_fields["programme"].annotation)) == {*DECIDED, *TOLD}


def _row(said: str) -> ForeignDecision:
    """`2020-01..2020-03:100`; without a last month it is open."""
    months, amount = said.split(":")
    first, until = months.split("..")
    return ForeignDecision(
        person=UUID(int=1),
        programme=MERIT,
        amount=Dong(int(amount)),
        from_month=Month.parse(first),
        until=Month.parse(until) if until else None,
        decision_number="1",
        decided_on=date(2019, 1, 1),
        issued_by="x",
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["2020-01..:1"], ["2020-01:1"]),
        (["2020-01..2020-03:1"], ["2020-01:1", "2020-04:0"]),
        (["2020-01..:1", "2019-01..:2"], ["2019-01:2"]),
        (["2020-01..:1", "2020-03..2020-04:2"], ["2020-01:1", "2020-03:2", "2020-05:1"]),
        (["2020-03..2020-04:1", "2020-01..2020-02:2"], ["2020-01:2", "2020-03:1", "2020-05:0"]),
    ],
)
def test_rows_are_laid_one_over_the_other(rows: Sequence[str], expected: Sequence[str]) -> None:
    found = line_of(map(_row, rows))
    assert [f"{one.first}:{int(one.row.amount) if one.granted else 0}" for one in found] == expected
