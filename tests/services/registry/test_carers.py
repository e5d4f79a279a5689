"""Who cares for whom: stated by personal_id, found in the register, told sealed."""

from typing import Any

import httpx
import orjson

from services.registry.domain.columns import COLUMNS, OPTIONAL_COLUMNS
from services.registry.domain.imports import PART_ROWS
from tests.services.registry.world import (
    NINH_BINH,
    OFFICER,
    Registry,
    csv_file,
    person,
    personal_id,
    token,
    xlsx_file,
)


def cared_for(number: int, carer: int, **changed: str) -> dict[str, str]:
    """A valid row of somebody whom the person of row `carer` cares for."""
    stated = {"carer_relation": "own_household", "carer_personal_id": personal_id(carer)}
    return person(number, disability_degree="extremely_severe", **stated) | changed


async def opened(registry: Registry, number: int) -> dict[str, Any]:
    """The person of that row as an officer sees them with a purpose."""
    found = await registry.client.post(
        "/v1/people/lookup", json={"personal_ids": [personal_id(number)]}, headers=token(OFFICER)
    )
    person_id = found.json()["items"][0]["person_id"]
    shown = await registry.get(f"/v1/people/{person_id}", purpose="kiểm tra hồ sơ")
    return dict(shown.json())


async def test_a_carer_is_known_by_their_person_id_and_told_sealed(registry: Registry) -> None:
    shown = await registry.taken(csv_file([person(1), cared_for(2, 1), cared_for(3, 1)]))
    assert (shown["status"], shown["rows_taken"], shown["rows_refused"]) == ("done", 3, 0)

    carer = await opened(registry, 1)
    for number in (2, 3):
        cared = await opened(registry, number)
        assert cared["carer"] == {"relation": "own_household", "person_id": carer["person_id"]}
        assert "carer" not in cared["facts"]
    told = [
        orjson.loads(registry.openers["eligibility"].open(event["facts"])).get("carer")
        for event in await registry.events("PersonRecorded")
    ]
    known = {"relation": "own_household", "person_id": carer["person_id"]}
    assert sorted(told, key=bool) == [None, known, known]
    assert not any("carer" in event for event in await registry.events("PersonRecorded"))


async def test_a_carer_is_masked_without_a_purpose(registry: Registry) -> None:
    await registry.taken(csv_file([person(1), cared_for(2, 1)]))
    cared = await opened(registry, 2)
    masked = await registry.get(f"/v1/people/{cared['person_id']}")

    assert masked.json()["carer"] is None


async def test_a_carer_registered_by_an_earlier_file_is_found(registry: Registry) -> None:
    await registry.taken(csv_file([person(1)]))
    shown = await registry.taken(csv_file([cared_for(2, 1)]))

    assert (shown["rows_taken"], shown["rows_refused"]) == (1, 0)


async def test_a_carer_of_an_earlier_part_of_the_file_is_found(registry: Registry) -> None:
    rows = [person(number) for number in range(PART_ROWS)]
    shown = await registry.taken(csv_file([*rows, cared_for(PART_ROWS, 0)]))

    assert (shown["rows_taken"], shown["rows_refused"]) == (PART_ROWS + 1, 0)


async def test_an_unknown_carer_refuses_the_row_and_whoever_that_row_would_care_for(
    registry: Registry,
) -> None:
    shown = await registry.taken(
        csv_file([person(1), cared_for(2, 99), cared_for(3, 2), cared_for(4, 5), person(5)])
    )
    import_id = shown["import_id"]

    assert (shown["rows_taken"], shown["rows_refused"]) == (2, 3)
    # The carer of row 5 stands on a later row of the file.
    assert await registry.errors(import_id) == [
        (row, "carer_personal_id", "carer_unknown") for row in (3, 4, 5)
    ]
    assert len(await registry.events("PersonRecorded")) == 2


async def test_the_mended_rows_of_unknown_carers_can_be_sent_again(registry: Registry) -> None:
    await registry.taken(csv_file([cared_for(4, 5), person(5)]))
    shown = await registry.taken(csv_file([cared_for(4, 5)]))

    assert (shown["rows_taken"], shown["rows_refused"]) == (1, 0)


async def test_a_carer_of_another_province_is_unknown_to_an_officer_of_this_one(registry: Registry) -> None:
    await registry.taken(csv_file([person(1, commune_code=NINH_BINH)]))
    shown = await registry.taken(csv_file([cared_for(2, 1)]), as_=f"{OFFICER}@01")

    assert (shown["rows_taken"], shown["rows_refused"]) == (0, 1)


async def test_a_list_without_the_columns_of_care_money_is_taken_as_before(registry: Registry) -> None:
    older = [name for name in COLUMNS if name not in OPTIONAL_COLUMNS]
    rows = [{name: row[name] for name in older} for row in (person(1), person(2))]
    for content, name in ((csv_file(rows[:1], older), "a.csv"), (xlsx_file(rows[1:], older), "b.xlsx")):
        shown = await registry.taken(content, name)
        assert (shown["status"], shown["rows_taken"]) == ("done", 1)


async def _register(registry: Registry, number: int, **more: object) -> httpx.Response:
    row = {name: value for name, value in person(number).items() if value}
    body = row | {"already_receiving": True} | more
    return await registry.client.post("/v1/people", json=body, headers=token(OFFICER))


async def test_one_person_is_registered_with_a_carer_and_the_facts_of_own_care_money(
    registry: Registry,
) -> None:
    await _register(registry, 1)
    made = await _register(
        registry,
        2,
        disability_degree="extremely_severe",
        pregnant=True,
        children_under_36_months=1,
        care_drawn_by_spouse=False,
        carer_relation="receiving_carer",
        carer_personal_id=personal_id(1),
    )
    assert made.status_code == 201, made.text

    cared = await opened(registry, 2)
    assert cared["carer"]["relation"] == "receiving_carer"
    assert cared["facts"] == {
        "disability_degree": "extremely_severe",
        "pregnant": True,
        "children_under_36_months": 1,
        "care_drawn_by_spouse": False,
    }


async def test_one_person_with_an_unknown_carer_is_refused_with_the_field(registry: Registry) -> None:
    answer = await _register(registry, 2, carer_relation="own_household", carer_personal_id=personal_id(1))

    assert (answer.status_code, answer.json()["code"]) == (422, "person_invalid")
    assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [
        ("carer_personal_id", "carer_unknown")
    ]
