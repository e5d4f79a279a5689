"""A person changes, or was stated wrongly: the next version says since when it is so."""

from typing import Any

import pytest

from contracts.events.registry import PersonRecorded
from tests.services.registry.world import (
    BUSINESS_DATE,
    HA_NOI,
    OFFICER,
    Registry,
    csv_file,
    personal_id,
    token,
)
from tests.services.registry.world import person as person_row

_PERSON: dict[str, Any] = {
    "household_number": "H77",
    "personal_id": personal_id(77),
    "full_name": "Trần Thị Thử",
    "birth_date": "1940-05-06",
    "sex": "male",
    "commune_code": HA_NOI,
    "disability_degree": "severe",
    "channel": "bank_account",
    "agency_code": "970405",
    "account_number": "123456789012",
    "account_name": "TRAN THI THU",
}
_OTHER_ACCOUNT: dict[str, Any] = {"account_number": "999912345678"}


async def _registered(registry: Registry) -> str:
    answer = await registry.client.post("/v1/people", json=_PERSON, headers=token(OFFICER))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])


async def _change(registry: Registry, person_id: str, version: int = 1, **changed: object) -> Any:
    body = {**_PERSON, "version": version, **changed}
    return await registry.client.put(f"/v1/people/{person_id}", json=body, headers=token(OFFICER))


async def test_a_first_version_is_true_since_ever(registry: Registry) -> None:
    await _registered(registry)
    (told,) = await registry.events("PersonRecorded")
    assert told["true_from"] is None


async def test_a_change_is_told_as_the_next_version_with_the_day_it_is_true_from(registry: Registry) -> None:
    person = await _registered(registry)
    answer = await _change(registry, person, disability_degree="mild", true_from="2023-09-15")
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    _, told = await registry.events("PersonRecorded")
    assert (told["person_id"], told["version"], told["true_from"]) == (person, 2, "2023-09-15")
    PersonRecorded.model_validate(told)
    shown = (await registry.get(f"/v1/people/{person}", purpose="kiểm tra")).json()
    assert (shown["version"], shown["facts"]["disability_degree"]) == (2, "mild")


async def test_a_change_that_says_no_day_is_true_from_the_day_it_is_recorded(registry: Registry) -> None:
    person = await _registered(registry)
    await _change(registry, person, disability_degree="mild")
    _, told = await registry.events("PersonRecorded")
    assert told["true_from"] == BUSINESS_DATE


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2024-02-01", "date_too_far_ahead"),
        ("1940-05-05", "date_before_birth"),
        ("2023-02-29", "impossible_date"),
    ],
)
async def test_a_day_that_cannot_be_is_refused(registry: Registry, day: str, code: str) -> None:
    person = await _registered(registry)
    answer = await _change(registry, person, true_from=day)
    assert (answer.status_code, answer.json()["code"]) == (422, "person_invalid")
    assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [("true_from", code)]
    last_day_that_can_be = await _change(registry, person, true_from="2024-01-31")
    assert last_day_that_can_be.status_code == 200


async def test_of_two_who_change_the_same_version_one_is_refused(registry: Registry) -> None:
    person = await _registered(registry)
    assert (await _change(registry, person, poverty_status="poor")).status_code == 200
    late = await _change(registry, person, poverty_status="near_poor")
    assert (late.status_code, late.json()["code"]) == (409, "person_changed")
    assert len(await registry.events("PersonRecorded")) == 2


async def test_an_account_is_told_anew_only_where_it_changed(registry: Registry) -> None:
    person = await _registered(registry)
    await _change(registry, person, poverty_status="poor")
    assert [one["version"] for one in await registry.events("PayoutAccountRecorded")] == [1]
    await _change(registry, person, 2, account_number="999912345678")
    assert [one["version"] for one in await registry.events("PayoutAccountRecorded")] == [1, 2]
    left_out = dict.fromkeys(("channel", "agency_code", "account_number", "account_name"))
    await _change(registry, person, 3, **left_out)
    assert len(await registry.events("PayoutAccountRecorded")) == 2


async def _terms(registry: Registry) -> list[tuple[str | None, str | None]]:
    """Of each account that was told: the day of the change, and the day from which it is paid."""
    told = await registry.events("PayoutAccountRecorded")
    return [(one["changed_on"], one["usable_from"]) for one in told]


async def _days_pass(registry: Registry, days: int) -> None:
    await registry.look.execute(
        "update payout_account set changed_on = changed_on - $1::int, usable_from = usable_from - $1::int",
        days,
    )


async def test_an_account_in_another_s_place_is_paid_after_it_cooled_off(registry: Registry) -> None:
    person = await _registered(registry)
    await _change(registry, person, **_OTHER_ACCOUNT)
    await _change(registry, person, 2, account_name="NGUYEN THI THU HAI", **_OTHER_ACCOUNT)
    await _change(registry, person, 3, account_name="NGUYEN THI THU BA", **_OTHER_ACCOUNT)
    # The first at once; another number later, however often it is told anew meanwhile.
    assert await _terms(registry) == [(None, None), *[("2023-12-01", "2023-12-04")] * 3]


@pytest.mark.parametrize(
    ("days", "changed", "term"),
    [
        (1, {**_OTHER_ACCOUNT, "account_name": "NGUYEN THI THU HAI"}, ("2023-11-30", "2023-12-03")),
        (2, {**_OTHER_ACCOUNT, "commune_code": "00004"}, ("2023-11-29", "2023-12-02")),
        (3, {**_OTHER_ACCOUNT, "account_name": "NGUYEN THI THU HAI"}, (None, None)),
        (1, {}, ("2023-12-01", "2023-12-04")),
    ],
    ids=["restated", "moved", "restated after its term", "back to the one before"],
)
async def test_what_goes_to_the_same_place_cools_off_with_it_and_another_place_by_itself(
    registry: Registry, days: int, changed: dict[str, object], term: tuple[str | None, str | None]
) -> None:
    person = await _registered(registry)
    await _change(registry, person, **_OTHER_ACCOUNT)
    await _days_pass(registry, days)
    assert (await _change(registry, person, 2, **changed)).status_code == 200
    assert (await _terms(registry))[2:] == [term]


async def test_a_row_of_a_file_ends_nobody_s_term(registry: Registry) -> None:
    person = await _registered(registry)
    await _change(registry, person, **_OTHER_ACCOUNT)
    row = person_row(77, account_number="999912345678", account_name="NGUYEN VAN THU")
    shown = await registry.taken(csv_file([row, person_row(78)]))
    assert (shown["rows_taken"], shown["rows_refused"]) == (1, 1)
    assert await _terms(registry) == [(None, None), ("2023-12-01", "2023-12-04"), (None, None)]
    await _change(registry, person, 2, account_name="NGUYEN THI THU HAI", **_OTHER_ACCOUNT)
    assert (await _terms(registry))[3:] == [("2023-12-01", "2023-12-04")]


async def test_nobody_takes_the_personal_id_of_another(registry: Registry) -> None:
    person = await _registered(registry)
    other = {**_PERSON, "personal_id": personal_id(78)}
    await registry.client.post("/v1/people", json=other, headers=token(OFFICER))
    answer = await _change(registry, person, personal_id=personal_id(78))
    assert (answer.status_code, answer.json()["code"]) == (409, "personal_id_taken")


async def test_a_person_elsewhere_is_not_there_to_be_changed(registry: Registry) -> None:
    person = await _registered(registry)
    answer = await registry.client.put(
        f"/v1/people/{person}", json={**_PERSON, "version": 1}, headers=token("commune-officer@37")
    )
    assert answer.status_code == 404


async def test_a_change_may_name_another_carer_but_not_the_person_themselves(registry: Registry) -> None:
    person = await _registered(registry)
    other = {**_PERSON, "personal_id": personal_id(78), "account_number": "123456789078"}
    carer = await registry.client.post("/v1/people", json=other, headers=token(OFFICER))
    stated: dict[str, object] = {"carer_relation": "own_household", "carer_personal_id": personal_id(78)}
    assert (await _change(registry, person, 1, **stated)).status_code == 200
    shown = (await registry.get(f"/v1/people/{person}", purpose="kiểm tra")).json()
    assert shown["carer"] == {"relation": "own_household", "person_id": carer.json()["person_id"]}

    # The number is corrected, and the old one, still the person's own, stated as the carer's.
    itself = {**stated, "carer_personal_id": personal_id(77), "personal_id": personal_id(79)}
    answer = await _change(registry, person, 2, **itself)
    assert [error["code"] for error in answer.json()["errors"]] == ["carer_is_self"]
