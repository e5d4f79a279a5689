"""Who completes an age of the law, by month and commune, as the caller's territory lets it be seen."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from libs.common.kernel.ids import new_id, show
from libs.common.kernel.months import Month, birthday
from libs.common.runtime.uploads import CSV_TYPE
from services.eligibility.api import occasion_lists
from services.eligibility.domain.occasions import birthdays
from services.payments.domain import campaign_rows
from tests.services.eligibility.office import ELSEWHERE, PROVINCE, Files
from tests.services.eligibility.test_measures import REFUSES, recipient
from tests.services.eligibility.world import World, world  # noqa: F401 - a fixture
from tests.support.doors import Door, deliver

DA_NANG: dict[str, Any] = {"commune_code": "20194", "province_code": "48", "former_province_code": None}


@pytest.mark.parametrize(
    "month", [Month(2027, 2), Month(2027, 3), Month(2028, 2), Month(2028, 3), Month(2026, 12)]
)
@pytest.mark.parametrize("age", [70, 75, 80, 90, 99, 100])
def test_the_days_of_birth_are_those_whose_birthday_lies_in_the_month(month: Month, age: int) -> None:
    found = birthdays(month, age)
    day, inside = month.first_day.replace(year=month.year - age, month=1, day=1), []
    while day.year < month.year - age + 1 or day.month < 3:
        if month.first_day <= birthday(day, age) <= month.last_day:
            inside.append(day)
        day += timedelta(days=1)
    assert (found.born_from, found.born_until) == (inside[0], inside[-1])


async def ask(at: World, path: str, roles: str = "ministry", claims: Any = None, **asked: Any) -> Any:
    answer = await at.door.client.get(
        f"/v1/occasions/{path}", params=asked, headers=at.door.as_(roles, **(claims or {}))
    )
    return answer.status_code, answer.json()


YEAR = {"from_month": "2026-01", "until_month": "2026-12"}


async def test_who_is_due_is_counted_by_commune_with_what_the_place_gives(world: World) -> None:  # noqa: F811
    for day in ("1936-05-02", "1936-05-30", "1951-07-01", "1950-07-01"):
        await deliver(world.consumer, [world.person(new_id(), birth_date=day)])
    for day in ("1936-05-15", "1923-01-09"):
        await deliver(world.consumer, [world.person(new_id(), birth_date=day, **DA_NANG)])
    told = [
        ("2026-01", 103, "20194", 1, 1_500_000),
        ("2026-05", 90, "20194", 1, 800_000),
        ("2026-05", 90, "22738", 2, 500_000),
        ("2026-07", 75, "22738", 1, None),
    ]
    status, said = await ask(world, "longevity", **YEAR)
    assert status == 200 and said["next_cursor"] is None
    assert [_told(one) for one in said["items"]] == told
    assert [one["total_dong"] for one in said["items"]] == [1_500_000, 800_000, 1_000_000, None]
    assert said["items"][2]["in_kind_dong"] == 150_000 and "96/2018" in said["items"][2]["citation"]
    assert said["items"][3]["covered"] is False

    paged: list[Any] = []
    cursor: dict[str, str] = {}
    while len(paged) < len(told) + 1:
        _, page = await ask(world, "longevity", **YEAR, limit="1", **cursor)
        paged += [_told(one) for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == told

    _, said = await ask(world, "longevity", "commune-officer", {"territory": "56"}, **YEAR)
    assert [one["province_code"] for one in said["items"]] == ["56", "56"]
    _, said = await ask(world, "longevity", **YEAR, commune_code="20194")
    assert len(said["items"]) == 2


def _told(one: dict[str, Any]) -> tuple[Any, ...]:
    return one["month"], one["age"], one["commune_code"], one["people"], one["dong"]


async def test_who_they_are_is_told_a_page_at_a_time_and_by_the_newest_birth_date(
    world: World,  # noqa: F811
) -> None:
    first, second, corrected, same_day = (new_id() for _ in range(4))
    for person, day in ((first, "1936-05-02"), (second, "1936-05-30"), (same_day, "1936-05-30")):
        await deliver(world.consumer, [world.person(person, birth_date=day)])
    await deliver(world.consumer, [world.person(corrected, birth_date="1936-05-03")])
    await deliver(world.consumer, [world.person(corrected, 2, birth_date="1937-05-03")])
    await deliver(world.consumer, [world.person(new_id(), birth_date=None)])
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        _, page = await ask(world, "longevity/people", **YEAR, limit="1", **cursor)
        found += [one["person_id"] for one in page["items"]]
        cursor = {"cursor": page["next_cursor"] or ""}
    assert found == [show("per", one) for one in (first, *sorted((second, same_day)))]
    assert page["next_cursor"] is None and page["items"][0]["dong"] == 500_000


async def as_list(door: Door, path: str, territory: str, **asked: str) -> list[dict[str, str]]:
    """The rows of a campaign's list, each as payments reads it."""
    headers = door.as_("commune-officer", territory=territory)
    answer = await door.client.get(f"/v1/occasions/{path}", params=asked, headers=headers)
    assert answer.headers["content-type"] == CSV_TYPE
    rows, form = list(csv.DictReader(io.StringIO(answer.text))), campaign_rows.FORM
    assert set(form.columns) - set(form.optional) < set(rows[0])
    frame = campaign_rows.Frame({row["group"] for row in rows}, territory, {})
    for row in rows:
        cells = [row.get(column, "") for column in form.columns]
        assert isinstance(campaign_rows.read_row(cells, frame), campaign_rows.Named)
    return rows


async def test_who_is_due_is_a_list_that_a_campaign_takes(
    world: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(occasion_lists, "_PAGE", 2)
    found = {}
    for day in ("1936-05-02", "1936-05-30", "1936-05-30", "1951-07-01", "1926-07-01"):
        person = new_id()
        found[show("per", person)] = day
        await deliver(world.consumer, [world.person(person, birth_date=day)])
    await deliver(world.consumer, [world.person(new_id(), birth_date="1936-05-15", **DA_NANG)])
    [elsewhere] = await as_list(world.door, "longevity/people.csv", "48", **YEAR)
    assert elsewhere["group"] == "age_90"
    rows = await as_list(world.door, "longevity/people.csv", "56", **YEAR)
    assert {row["person_id"] for row in rows} == set(found) and len(rows) == len(found)
    assert [row["group"] for row in rows] == ["age_90_58"] * 3 + ["age_75_58", "age_100_58"]
    assert [found[row["person_id"]] for row in rows] == list(found.values())


async def test_who_is_known_to_have_died_is_not_due(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office, birth_date="1937-02-01")
        asked = {"from_month": "2027-01", "until_month": "2027-12"}
        before = await office.get("/v1/occasions/longevity/people", **asked)
        await office.take("stop", person, since="2026-10-15", ground="died")
        after = await office.get("/v1/occasions/longevity/people", **asked)
    assert [one["age"] for one in before["items"]] == [90] and after["items"] == []


async def test_campaigns_are_those_of_the_law_and_no_others(world: World) -> None:  # noqa: F811
    status, said = await ask(world, "campaigns")
    assert status == 200
    [tet] = said["items"]
    assert (tet["occasion"], tet["open_from"], tet["dong"]) == ("tet_2026", "2025-12-28", 400_000)
    assert "merit_allowance" in tet["members"]


async def test_who_belongs_to_a_campaign_is_whoever_receives_in_the_month_it_opens(files: Files) -> None:
    async with files.on("2025-12-29") as office:
        receives, suspended, died = [new_id(), new_id()], new_id(), new_id()
        for person in (*receives, suspended, died):
            await office.record(person)
        await office.record(new_id(), already_receiving=False, decision_signed_on=None)
        await office.close_month("2025-12")
        await office.take("suspension", suspended, since="2025-12-01", **REFUSES)
        await office.take("stop", died, since="2025-12-20", ground="died")
        await office.close_month("2026-01")
        listed: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while len(listed) < 3:
            page = await office.get(
                "/v1/occasions/campaigns/people", occasion="tet_2026", limit="1", **cursor
            )
            listed += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        elsewhere = await office.get(
            "/v1/occasions/campaigns/people", occasion="tet_2026", territory=ELSEWHERE
        )
        asked = {"occasion": "tet_2026", "group": "social_assistance"}
        rows = await as_list(office.door, "campaigns/people.csv", PROVINCE, **asked)
    assert [one["person_id"] for one in listed] == [show("per", one) for one in sorted(receives)]
    assert {(one["dong"], *one["programmes"]) for one in listed} == {(400_000, "monthly_allowance")}
    assert elsewhere["items"] == []
    assert [row["person_id"] for row in rows] == [one["person_id"] for one in listed]
    assert {row["group"] for row in rows} == {"social_assistance"}


async def test_a_campaign_that_the_law_does_not_have_is_refused_with_those_that_it_has(
    world: World,  # noqa: F811
) -> None:
    status, said = await ask(world, "campaigns/people", occasion="tet_1968")
    assert (status, said["code"]) == (422, "request_invalid")
    assert "tet_2026" in str(said["errors"])
    status, said = await ask(world, "campaigns/people.csv", occasion="tet_1968", group="all")
    assert (status, said["code"]) == (422, "request_invalid")
    status, said = await ask(world, "campaigns/people.csv", occasion="tet_2026", group="=1+1")
    assert (status, said["code"]) == (422, "request_invalid")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"from_month": "2026-02", "until_month": "2026-01"}, "request_invalid"),
        ({"from_month": "2026-01", "until_month": "2027-01"}, "request_invalid"),
        ({"from_month": "2026-13", "until_month": "2026-12"}, "request_invalid"),
        ({**YEAR, "cursor": "x"}, "request_invalid"),
    ],
)
async def test_a_wrong_question_is_refused(world: World, asked: dict[str, str], code: str) -> None:  # noqa: F811
    for path in ("longevity", "longevity/people"):
        status, said = await ask(world, path, **asked)
        assert (status, said["code"]) == (422, code)
    assert (await ask(world, "longevity", "operator", **YEAR))[0] == 403
