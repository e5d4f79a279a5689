"""Facilities and residents over HTTP, on a real database."""

import asyncio

import asyncpg
import orjson
import pytest

from contracts.events.facilities import FacilityRecorded, ResidenceEnded, ResidenceStarted
from libs.common.kernel.ids import derived_id, read
from tests.services.facilities.world import (
    OFFICER,
    Facilities,
    admission,
    facility,
    person_recorded,
)

NOBODY = "per_00000000000000000000000000"


async def test_facilities_are_recorded_and_told_with_their_account_sealed(facilities: Facilities) -> None:
    ids = await facilities.record(facility("F1"), facility("F2", kind="children", places=9))

    assert len(set(ids)) == 2
    told = await facilities.events("FacilityRecorded")
    for event in told:
        assert FacilityRecorded.model_validate_json(orjson.dumps(event)).model_dump(mode="json") == event
    secret = orjson.loads(facilities.payments.open(told[0]["secret"]))
    assert secret == {"account_number": "888800001111", "account_name": "TRUNG TAM THU NGHIEM"}
    assert "888800001111" not in str(await facilities.look.fetch("select * from facility"))


async def test_an_equal_facility_changes_nothing_and_another_is_a_new_version(facilities: Facilities) -> None:
    (first,) = await facilities.record(facility())
    assert await facilities.record(facility()) == [first]
    assert await facilities.record(facility(places=5)) == [first]

    assert [event["version"] for event in await facilities.events("FacilityRecorded")] == [1, 2]
    assert (await facilities.get(f"/v1/facilities/{first}")).json()["places"] == 5


async def test_an_account_that_takes_anothers_place_is_told_with_its_term(facilities: Facilities) -> None:
    await facilities.record(facility())
    await facilities.record(facility(account_number="999900001111"))
    # Stated anew within its term, with fewer places, it stays in it; its name begins none.
    await facilities.record(facility(account_number="999900001111", places=2))
    await facilities.record(facility(account_number="999900001111", places=2, account_name="KHAC"))
    await facilities.record(facility(account_number="999900001111", places=2, agency_code="970415"))
    told = await facilities.events("FacilityRecorded")
    terms = [(event["changed_on"], event["usable_from"]) for event in told]
    begun = ("2023-12-01", "2023-12-04")
    assert terms == [(None, None), begun, begun, begun, begun]


async def test_a_first_account_and_one_that_stays_have_no_term(facilities: Facilities) -> None:
    await facilities.record(facility())
    await facilities.record(facility(places=2, account_name="KHAC"))
    assert [event["usable_from"] for event in await facilities.events("FacilityRecorded")] == [None, None]


async def test_a_list_with_one_wrong_facility_is_refused_whole(facilities: Facilities) -> None:
    stated = [
        facility("F1"),
        facility("F2", kind="hotel", commune_code="99999", agency_code="X"),
        facility("F1"),
    ]
    answer = await facilities.post("/v1/facilities", stated)

    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert {error["path"] for error in answer.json()["errors"]} == {
        "[1].kind",
        "[1].commune_code",
        "[1].agency_code",
        "[2].code",
    }
    assert (await facilities.get("/v1/facilities")).json()["items"] == []


async def test_admissions_answer_item_by_item(facilities: Facilities) -> None:
    (home,) = await facilities.record(facility(places=2))
    people = await facilities.know(4)
    nowhere = home[:-1] + ("0" if home[-1] != "0" else "1")

    assert await facilities.admit(
        admission(people[0], home),
        admission(NOBODY, home),
        admission(people[1], nowhere),
        admission(people[1], home, on="2024-05-01"),
        admission(people[0], home, on="2023-02-01"),
        admission(people[1], home, paid=False),
        admission(people[2], home),
        admission(people[0], home),
    ) == [
        ("admitted", None),
        ("refused", "person_unknown"),
        ("refused", "facility_unknown"),
        ("refused", "date_in_the_future"),
        ("refused", "already_resident"),
        ("admitted", None),
        ("refused", "facility_full"),
        ("unchanged", None),
    ]
    told = await facilities.events("ResidenceStarted")
    assert [(event["person_id"], event["state_paid"]) for event in told] == [
        (people[0], True),
        (people[1], False),
    ]
    for event in told:
        assert ResidenceStarted.model_validate_json(orjson.dumps(event)).model_dump(mode="json") == event


async def test_the_same_admissions_again_are_unchanged(facilities: Facilities) -> None:
    (home,) = await facilities.record(facility())
    wanted = [admission(one, home) for one in await facilities.know(3)]

    assert {status for status, _ in await facilities.admit(*wanted)} == {"admitted"}
    assert {status for status, _ in await facilities.admit(*wanted)} == {"unchanged"}
    assert len(await facilities.events("ResidenceStarted")) == 3


async def test_fifty_who_race_for_the_last_place_get_it_once(facilities: Facilities) -> None:
    (home,) = await facilities.record(facility(places=1))
    people = await facilities.know(50)

    answers = await asyncio.gather(*(facilities.admit(admission(one, home)) for one in people))

    assert sorted(answer[0][0] for answer in answers).count("admitted") == 1
    assert len(await facilities.events("ResidenceStarted")) == 1
    assert not any(await facilities.violations())


async def test_two_provinces_that_race_for_one_person_get_them_once(facilities: Facilities) -> None:
    (here,) = await facilities.record(facility("F1"))
    (there,) = await facilities.record(facility("F2", province_code="37", commune_code="14323"))
    people = await facilities.know(10)

    await asyncio.gather(
        *(facilities.admit(admission(one, here), as_=f"{OFFICER}@01") for one in people[:3]),
        *(facilities.admit(admission(one, there), as_=f"{OFFICER}@37") for one in people[:3]),
    )

    assert len(await facilities.events("ResidenceStarted")) == 3
    assert not any(await facilities.violations())


async def test_a_resident_leaves_and_another_takes_the_place(facilities: Facilities) -> None:
    (home,) = await facilities.record(facility(places=1))
    first, second = await facilities.know(2)
    await facilities.admit(admission(first, home))
    (stay,) = (await facilities.get("/v1/residences", facility_id=home)).json()["items"]

    wanted = [{"residence_id": stay["residence_id"], "discharged_on": "2023-06-30"}]
    left = (await facilities.post("/v1/discharges", wanted)).json()["items"]
    again = (await facilities.post("/v1/discharges", wanted)).json()["items"]

    assert (left[0]["status"], again[0]["status"]) == ("discharged", "unchanged")
    assert await facilities.admit(admission(second, home, on="2023-06-30")) == [("refused", "facility_full")]
    assert await facilities.admit(admission(second, home, on="2023-07-01")) == [("admitted", None)]
    (ended,) = await facilities.events("ResidenceEnded")
    assert ResidenceEnded.model_validate_json(orjson.dumps(ended)).until_date.isoformat() == "2023-06-30"
    assert not any(await facilities.violations())


async def test_places_never_fall_below_the_residents(facilities: Facilities) -> None:
    (home,) = await facilities.record(facility(places=3))
    await facilities.admit(*(admission(one, home) for one in await facilities.know(2)))

    refused = await facilities.post("/v1/facilities", [facility(places=1)])
    assert (refused.status_code, refused.json()["code"]) == (409, "facility_full")
    assert await facilities.record(facility(places=2)) == [home]


async def test_occupancy_is_counted_by_province_and_kind(facilities: Facilities) -> None:
    homes = await facilities.record(
        facility("F1"),
        facility("F2", places=5),
        facility("F3", kind="children"),
        facility("F4", province_code="37", commune_code="14323"),
    )
    people = await facilities.know(3)
    await facilities.admit(*(admission(one, home) for one, home in zip(people, homes[:3], strict=True)))

    counted = (await facilities.get("/v1/occupancy")).json()["items"]
    assert [
        (one["province_code"], one["kind"], one["places"], one["occupied"], one["free"]) for one in counted
    ] == [
        ("01", "children", 3, 1, 2),
        ("01", "elderly", 8, 2, 6),
        ("37", "elderly", 3, 0, 3),
    ]
    assert len((await facilities.get("/v1/occupancy", province_code="37")).json()["items"]) == 1


async def test_a_province_sees_and_writes_its_own_facilities_only(facilities: Facilities) -> None:
    (home,) = await facilities.record(facility())
    (one,) = await facilities.know(1)
    stranger = f"{OFFICER}@37"

    assert (await facilities.get("/v1/facilities", as_=stranger)).json()["items"] == []
    assert (await facilities.get(f"/v1/facilities/{home}", as_=stranger)).status_code == 404
    assert (await facilities.get("/v1/occupancy", as_=stranger)).json()["items"] == []
    assert await facilities.admit(admission(one, home), as_=stranger) == [("refused", "facility_unknown")]
    refused = await facilities.post("/v1/facilities", [facility("F9")], as_=stranger)
    assert refused.json()["errors"][0]["code"] == "outside_territory"
    await facilities.admit(admission(one, home))
    for asked in ({"facility_id": home}, {"person_id": one}):
        assert (await facilities.get("/v1/residences", as_=stranger, **asked)).json()["items"] == []
        assert len((await facilities.get("/v1/residences", OFFICER, **asked)).json()["items"]) == 1
    assert (await facilities.get("/v1/residences")).status_code == 422


async def test_news_of_people_come_in_any_order_and_the_newest_stays(facilities: Facilities) -> None:
    somebody = derived_id("test person", "moved")
    await facilities.hear_of(
        person_recorded(somebody, 3, "37"), person_recorded(somebody, 1), person_recorded(somebody, 2)
    )
    await facilities.hear_of(person_recorded(somebody, 2))

    rows = await facilities.look.fetch("select * from known_person")
    assert [tuple(row) for row in rows] == [(somebody, 3, "37")]


async def test_a_list_is_paged_without_gap_or_repetition(facilities: Facilities) -> None:
    ids = await facilities.record(*(facility(f"F{number}") for number in range(7)))
    found: list[str] = []
    asked = {"limit": "3"}
    while True:
        page = (await facilities.get("/v1/facilities", OFFICER, **asked)).json()
        found += [one["facility_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert sorted(found) == sorted(ids)


async def test_an_id_that_is_none_is_named_by_its_path(facilities: Facilities) -> None:
    answer = await facilities.post("/v1/admissions", [admission("x", "fac_y")])

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["[0].person_id", "[0].facility_id"]
    assert (await facilities.get("/v1/facilities", cursor="x")).status_code == 422
    assert (await facilities.get("/v1/facilities/x")).status_code == 404


@pytest.mark.parametrize("path", ["/v1/facilities", "/v1/admissions", "/v1/discharges"])
async def test_nobody_writes_without_a_token_or_the_role(facilities: Facilities, path: str) -> None:
    assert (await facilities.client.post(path, json=[])).status_code == 401
    assert (await facilities.post(path, [], as_="commune-officer")).status_code == 403


async def test_every_invariant_sees_a_planted_violation(facilities: Facilities) -> None:
    (home,) = await facilities.record(facility(places=2))
    people = await facilities.know(2)
    await facilities.admit(*(admission(one, home) for one in people))
    assert await facilities.violations() == [0, 0, 0, 0]

    await _plant(facilities.look, read("per", people[0]), read("fac", home))
    assert await facilities.violations() == [1, 1, 1, 1]


async def _plant(look: "asyncpg.Connection[asyncpg.Record]", person: object, home: object) -> None:
    """A second stay of one person in a full house, told to nobody, on a table without its guard."""
    await look.execute("alter table residence drop constraint one_residence_at_a_time")
    await look.execute(
        "insert into residence values (gen_random_uuid(), $1, $2, '01', 'resident', '[2023-03-01,)', true)",
        person,
        home,
    )
    await look.execute("alter table residence no force row level security")
