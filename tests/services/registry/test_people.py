"""People over HTTP: one registered, found, looked up, shown, and told to those who may know."""

from typing import Any

import orjson
import pytest

from contracts.events.registry import PayoutAccountRecorded, PersonRecorded
from services.registry.api.models import PersonToRegister
from services.registry.domain.columns import COLUMNS
from services.registry.domain.rows import CHOICES
from tests.services.registry.world import (
    HA_NOI,
    OFFICER,
    READER,
    Registry,
    csv_file,
    person,
    personal_id,
    token,
)

_PERSON: dict[str, Any] = {
    "household_number": "H77",
    "personal_id": personal_id(77),
    "full_name": "Trần Thị Thử",
    "birth_date": "1940-05-06",
    "sex": "male",
    "commune_code": HA_NOI,
    "poverty_status": "near_poor",
    "disability_degree": "severe",
    "disability_certificate_on": "2019-08-07",
    "hiv_positive": True,
    "children": [{"birth_date": "2012-01-01"}, {"birth_date": "2010-01-01", "studying": True}],
    "pension_dong_monthly": 120000,
    "applied_for": ["monthly_allowance"],
    "application_received_on": "2023-11-01",
    "channel": "bank_account",
    "agency_code": "970405",
    "account_number": "123456789012",
    "account_name": "TRAN THI THU",
    "payee_name": "Lê Văn Giám",
    "payee_personal_id": personal_id(78),
    "payee_relation": "guardian",
}


async def _register(registry: Registry, as_: str = OFFICER, **changed: object) -> Any:
    return await registry.client.post("/v1/people", json={**_PERSON, **changed}, headers=token(as_))


async def test_one_person_is_registered_and_told(registry: Registry) -> None:
    answer = await _register(registry)

    assert answer.status_code == 201
    assert answer.json()["version"] == 1
    (told,) = await registry.events("PersonRecorded")
    assert told["person_id"] == answer.json()["person_id"]
    assert (told["province_code"], told["former_province_code"]) == ("01", "01")
    facts = orjson.loads(registry.openers["eligibility"].open(told["facts"]))
    assert facts == {
        "disability_degree": "severe",
        "disability_certificate_on": "2019-08-07",
        "hiv_positive": True,
        "children": [{"birth_date": "2012-01-01"}, {"birth_date": "2010-01-01", "studying": True}],
        "pension_dong_monthly": 120000,
    }
    (account,) = await registry.events("PayoutAccountRecorded")
    secret = orjson.loads(registry.openers["payments"].open(account["secret"]))
    assert secret == {
        "beneficiary_name": "Trần Thị Thử",
        "personal_id": personal_id(77),
        "payee_name": "Lê Văn Giám",
        "payee_relation": "guardian",
        "account_number": "123456789012",
        "account_name": "TRAN THI THU",
    }


async def test_events_are_what_the_contracts_say(registry: Registry) -> None:
    await _register(registry)
    await registry.taken(csv_file([person(1), person(2, applied_for="social_pension")]))

    for told in await registry.events("PersonRecorded"):
        assert PersonRecorded.model_validate_json(orjson.dumps(told)).model_dump(mode="json") == told
    for told in await registry.events("PayoutAccountRecorded"):
        assert PayoutAccountRecorded.model_validate_json(orjson.dumps(told)).model_dump(mode="json") == told


async def test_every_wrong_field_is_named_and_no_value_repeated(registry: Registry) -> None:
    answer = await _register(registry, birth_date="1940-13-06", sex="SEKRET", commune_code="00000")

    assert (answer.status_code, answer.json()["code"]) == (422, "person_invalid")
    assert {error["path"] for error in answer.json()["errors"]} == {"birth_date", "sex", "commune_code"}
    assert "SEKRET" not in answer.text


async def test_an_unknown_field_is_refused(registry: Registry) -> None:
    answer = await _register(registry, shoe_size=42)

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "shoe_size")


async def test_a_personal_id_is_registered_once_by_any_door(registry: Registry) -> None:
    await registry.taken(csv_file([person(77)]))

    answer = await _register(registry)
    assert (answer.status_code, answer.json()["code"]) == (409, "personal_id_taken")


async def test_a_guardian_of_two_is_one_payee(registry: Registry) -> None:
    guardian = {
        "payee_relation": "guardian",
        "payee_name": "Lê Văn Giám",
        "payee_personal_id": personal_id(900),
        "account_number": "777777777777",
    }
    await registry.taken(csv_file([person(1, **guardian), person(2, **guardian), person(3)]))

    payees = [event["payee_id"] for event in await registry.events("PayoutAccountRecorded")]
    assert payees[0] == payees[1] != payees[2]


async def test_somebody_without_a_channel_has_no_account(registry: Registry) -> None:
    empty = dict.fromkeys(COLUMNS[COLUMNS.index("channel") :], "")
    shown = await registry.taken(csv_file([person(1, **empty)]))

    assert shown["rows_taken"] == 1
    assert await registry.events("PayoutAccountRecorded") == []


async def test_members_of_a_household_share_its_id(registry: Registry) -> None:
    await registry.taken(csv_file([person(2), person(3), person(4)]))

    told = await registry.events("PersonRecorded")
    assert told[0]["household_id"] == told[1]["household_id"] != told[2]["household_id"]


async def test_a_list_is_paged_without_gap_or_repetition(registry: Registry) -> None:
    await registry.taken(csv_file([person(number) for number in range(25)]))
    found: list[str] = []
    for filters in ({}, {"q": "nguyen van"}):
        found.clear()
        asked: dict[str, str] = {"limit": "10", **filters}
        while True:
            page = (await registry.get("/v1/people", OFFICER, **asked)).json()
            found += [one["person_id"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            asked["cursor"] = page["next_cursor"]
        assert len(found) == len(set(found)) == 25


async def test_a_cursor_of_somebody_s_own_making_is_refused(registry: Registry) -> None:
    for cursor in ("x", "WzFd", "!!!!", "e30=", "WyJ4Il0="):
        answer = await registry.get("/v1/people", cursor=cursor)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "cursor"), cursor


async def test_a_name_is_found_with_and_without_marks_and_with_a_slip(registry: Registry) -> None:
    await registry.taken(
        csv_file([person(1, full_name="Đặng Thị Hoà"), person(2, full_name="Lê Văn Bảy"), person(3)])
    )
    for asked in ("Đặng Thị Hòa", "dang thi hoa", "THỊ HOÀ", "Đặng Thi Hoaf"):
        found = (await registry.get("/v1/people", q=asked)).json()["items"]
        assert [one["full_name"] for one in found] == ["Đặng Thị Hoà"], asked
    for wildcard in ("%", "_", "%%", "\\"):
        assert (await registry.get("/v1/people", q=wildcard)).json()["items"] == [], wildcard


async def test_people_are_found_by_number_and_by_commune(registry: Registry) -> None:
    await registry.taken(csv_file([person(1), person(2, commune_code="00004")]))

    by_number = (await registry.get("/v1/people", personal_id=personal_id(1))).json()["items"]
    by_commune = (await registry.get("/v1/people", commune_code="00004")).json()["items"]
    assert len(by_number) == len(by_commune) == 1
    assert by_number[0]["personal_id"] == "*********" + personal_id(1)[-3:]


async def test_ids_are_looked_up_in_the_order_asked(registry: Registry) -> None:
    await registry.taken(csv_file([person(1), person(2)]))
    answer = await registry.client.post(
        "/v1/people/lookup",
        json={"personal_ids": [personal_id(2), "nobody", personal_id(1)]},
        headers=token(OFFICER),
    )
    items = answer.json()["items"]
    assert [one["personal_id_index"] for one in items] == [0, 1, 2]
    assert items[1]["person_id"] is None
    assert items[0]["person_id"] != items[2]["person_id"]


async def test_a_person_is_masked_until_an_officer_says_what_for(registry: Registry) -> None:
    path = f"/v1/people/{(await _register(registry)).json()['person_id']}"

    masked = (await registry.get(path)).json()
    assert masked["masked"] is True
    assert (masked["facts"], masked["disability_certificate_on"]) == (None, None)
    assert masked["payout"]["account_number"] == "*********012"
    assert masked["payout"]["payee_name"] is None
    assert (await registry.get(path, as_=READER, purpose="curious")).json()["masked"] is True
    assert await registry.look.fetchval("select count(*) from disclosure") == 0

    opened = (await registry.get(path, purpose="đối chiếu hồ sơ")).json()
    assert opened["facts"]["hiv_positive"] is True
    assert opened["personal_id"] == personal_id(77)
    kept = await registry.look.fetchrow("select disclosed_to, purpose from disclosure")
    assert kept is not None
    assert tuple(kept) == (f"test:{OFFICER}", "đối chiếu hồ sơ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/people"),
        ("POST", "/v1/people"),
        ("POST", "/v1/imports"),
        ("POST", "/v1/people/lookup"),
        ("GET", "/v1/counts"),
        ("GET", "/v1/imports/template.csv"),
    ],
)
async def test_nobody_passes_without_a_token_or_a_role(registry: Registry, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": {}} if method == "POST" else {}
    assert (await registry.client.request(method, path, **body)).status_code == 401
    stranger = await registry.client.request(method, path, headers=token("partner"), **body)
    assert stranger.status_code == 403


async def test_an_unknown_person_and_import_are_not_found(registry: Registry) -> None:
    for path in ("/v1/people/per_00000000000000000000000000", "/v1/people/x", "/v1/imports/imp_x"):
        assert (await registry.get(path)).status_code == 404


def test_the_json_body_has_a_field_for_every_column() -> None:
    assert tuple(PersonToRegister.model_fields) == COLUMNS
    assert set(CHOICES) <= set(COLUMNS)
