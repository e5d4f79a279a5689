"""Personal data: who sees whose, and where it never stands."""

import logging
from typing import Any

import pytest

from tests.services.registry.world import (
    NINH_BINH,
    OFFICER,
    Registry,
    csv_file,
    person,
    personal_id,
    token,
)

#: Texts that must not stand anywhere in clear outside the column that they were typed into.
CANARIES = {
    "personal_id": personal_id(424242),
    "account_number": "CANARYACCOUNT777",
    "account_name": "CANARY HOLDER",
    "payee_name": "Canary Payee",
    "payee_personal_id": personal_id(434343),
    "child_situation": "both_parents_dead",
    "pension_dong_monthly": "987654321",
}


async def _both_provinces(registry: Registry) -> None:
    rows = [person(1), person(2, commune_code=NINH_BINH), person(3, commune_code=NINH_BINH)]
    await registry.taken(csv_file(rows))


async def test_a_province_sees_its_own_people_by_every_path(registry: Registry) -> None:
    await _both_provinces(registry)
    everybody = (await registry.get("/v1/people")).json()["items"]
    strangers = [one for one in everybody if one["province_code"] != "01"]
    assert len(strangers) == 2
    as_ = f"{OFFICER}@01"

    assert len((await registry.get("/v1/people", as_=as_)).json()["items"]) == 1
    assert len((await registry.get("/v1/people", as_=as_, q="nguyen")).json()["items"]) == 1
    assert len((await registry.get("/v1/people", as_=as_, q="nguyen van thuu")).json()["items"]) == 1
    assert (await registry.get("/v1/people", as_=as_, personal_id=personal_id(2))).json()["items"] == []
    assert (await registry.get("/v1/people", as_=as_, commune_code=NINH_BINH)).json()["items"] == []
    assert (await registry.get("/v1/counts", as_=as_)).json() == {"people": 1}
    for one in strangers:
        path = f"/v1/people/{one['person_id']}"
        assert (await registry.get(path, as_=as_)).status_code == 404
        assert (await registry.get(path, as_=as_, purpose="curious")).status_code == 404
    found = await registry.client.post(
        "/v1/people/lookup", json={"personal_ids": [personal_id(2)]}, headers=token(as_)
    )
    assert found.json()["items"][0]["person_id"] is None


async def test_a_province_sees_its_own_imports_only(registry: Registry) -> None:
    shown = await registry.taken(csv_file([person(1), person(2, sex="x")]), as_=f"{OFFICER}@01")

    for path in ("", "/errors", "/errors.csv", "/errors.xlsx"):
        answer = await registry.get(f"/v1/imports/{shown['import_id']}{path}", as_=f"{OFFICER}@37")
        assert answer.status_code == 404, path
    assert (await registry.get(f"/v1/imports/{shown['import_id']}", as_=f"{OFFICER}@01")).status_code == 200


async def test_the_working_role_without_a_territory_sees_nobody(registry: Registry) -> None:
    await _both_provinces(registry)
    tables = await registry.look.fetch(
        "select table_name from information_schema.columns"
        " where column_name = 'province_code' and table_schema = 'public'"
    )
    assert len(tables) >= 8
    await registry.look.execute("set role registry_app")
    for row in tables:
        assert await registry.look.fetchval(f"select count(*) from {row['table_name']}") == 0
    for function in ("people_named", "people_named_like"):
        assert await registry.look.fetch(f"select * from {function}('nguyen', null, null, 10)") == []
    await registry.look.execute("reset role")


async def test_every_invariant_holds_and_each_sees_a_planted_violation(registry: Registry) -> None:
    await _both_provinces(registry)
    assert await _violations(registry) == {7: 0, 13: 0}

    await registry.look.execute("delete from outbox where type = 'PersonRecorded'")
    await registry.look.execute("alter table person no force row level security")
    assert await _violations(registry) == {7: 3, 13: 1}


async def _violations(registry: Registry) -> dict[int, int]:
    items = (await registry.get("/v1/invariants", as_="auditor")).json()["items"]
    return {one["number"]: one["violations"] for one in items}


async def test_no_canary_stands_in_clear_in_the_database_answers_or_logs(
    registry: Registry, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    good = person(424242, **CANARIES, payee_relation="guardian", household_number="H1")
    bad = person(5, **{**CANARIES, "personal_id": personal_id(5)}, payee_relation="self", sex="Canary Sex")
    shown = await registry.taken(csv_file([good, bad]))
    assert (shown["rows_taken"], shown["rows_refused"]) == (1, 1)
    answers = [shown, await registry.errors(shown["import_id"])]
    answers += [(await registry.get("/v1/people")).text]

    columns = await registry.look.fetch(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
    )
    kept: list[Any] = []
    for row in columns:
        values = await registry.look.fetch(f"select {row['column_name']} as v from {row['table_name']}")
        kept += [value["v"] for value in values]
    seen = f"{answers} {kept} {caplog.text} {capsys.readouterr()}"
    for canary in (*CANARIES.values(), "Canary Sex"):
        assert canary not in seen, canary
        assert canary.encode().hex() not in seen, canary
