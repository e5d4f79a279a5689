"""POST /v1/assessments: open to all, strict, and never a 0 for what is not built."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.problems import PROBLEMS
from libs.common.runtime import problems
from services.eligibility.api import assessments
from services.eligibility.usecases.assess import Assessor
from tests.policy.support import packaged

CASE = {
    "id": "one",
    "month": "2025-05",
    "as_of": "2025-05-10",
    "person": {"birth_date": "1985-01-01", "disability_degree": "severe"},
    "dates": {"disability_certificate_on": "2025-03-20", "decision_signed_on": "2025-05-10"},
    "expect": {"monthly_dong": 1},
    "note": "ignored",
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, PROBLEMS)
    app.include_router(assessments.router(Assessor(packaged())))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://eligibility") as made:
        yield made


async def refused(client: httpx.AsyncClient, case: Any) -> tuple[str, str, str]:
    """(problem code, path, field code) of a case that is not answered."""
    answer = await client.post("/v1/assessments", json=case, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    return body["code"], body["errors"][0]["path"], body["errors"][0]["code"]


async def test_an_answer_has_the_amount_its_parts_its_reasons_and_the_policy(
    client: httpx.AsyncClient,
) -> None:
    answer = (await client.post("/v1/assessments", json=CASE)).json()
    assert answer["id"] == "one"
    assert (answer["monthly_dong"], answer["arrears_dong"], answer["start_month"]) == (
        750_000,
        1_500_000,
        "2025-03",
    )
    (benefit,) = answer["benefits"]
    assert benefit["category"] == "k6"
    assert benefit["coefficient_hundredths"] == 150
    assert benefit["standard_dong"] == 500_000
    assert benefit["citations"] == ["NĐ 20/2021 Đ5.6", "NĐ 20/2021 Đ6.1.e", "NĐ 76/2024 Đ1.1"]
    tried = {reason["rule"]: reason for reason in answer["reasons"]}
    assert tried["k6"]["held"]
    assert not tried["k1"]["held"]
    assert {"fact": "child_situation", "needs": "given", "has": None, "held": False} in tried["k1"]["facts"]
    assert tried["start"]["citation"] == "NĐ 20/2021 Đ8.1"
    assert len(answer["policy_hash"]) == 64
    assert answer["policy_version"]


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"month": "2025-13"}, "month", "not_a_month"),
        ({"month": 202505}, "month", "wrong_type"),
        ({"as_of": "10/05/2025"}, "as_of", "not_a_date"),
        ({"person": {"birth_date": "2025-02-30"}}, "person.birth_date", "not_a_date"),
        ({"person": {"birth_date": "2025-06-01"}}, "person.birth_date", "after_as_of"),
        ({"person": {"birth_day": "1985-01-01"}}, "person.birth_day", "unknown_field"),
        ({"person": {"hiv_positive": 1}}, "person.hiv_positive", "wrong_type"),
        ({"person": {"hiv_positive": "true"}}, "person.hiv_positive", "wrong_type"),
        ({"person": {"hiv_positive": None}}, "person.hiv_positive", "wrong_type"),
        ({"person": {"pension_dong_monthly": True}}, "person.pension_dong_monthly", "wrong_type"),
        ({"person": {"pension_dong_monthly": 1.5}}, "person.pension_dong_monthly", "wrong_type"),
        ({"person": {"pension_dong_monthly": -1}}, "person.pension_dong_monthly", "wrong_type"),
        ({"person": {"disability_degree": "total"}}, "person.disability_degree", "not_one_of"),
        ({"person": {"children": [{"studying": True}]}}, "person.children[0].birth_date", "missing"),
        (
            {"person": {"children": [{"birth_date": "2010-01-01"}, {"birth_date": "2025-05-11"}]}},
            "person.children[1].birth_date",
            "after_as_of",
        ),
        ({"person": []}, "person", "wrong_type"),
        ({"people": 2}, "people", "unknown_field"),
        ({"household": {"poverty_status": "poorest"}}, "household.poverty_status", "not_one_of"),
        ({"dates": {"signed": "2025-01-01"}}, "dates.signed", "unknown_field"),
        ({"context": {"applied_for": ["pension"]}}, "context.applied_for[0]", "not_one_of"),
        ({"context": {"resumed_in": "2025-05"}}, "context.suspended_from", "missing"),
        (
            {"context": {"suspended_from": "2025-05", "resumed_in": "2025-04"}},
            "context.resumed_in",
            "contradiction",
        ),
        ({"context": {"moved_from_province": "01"}}, "context.stopped_there_in", "missing"),
        ({"province": "30"}, "province", "not_one_of"),
        ({"province": 1}, "province", "wrong_type"),
        ({"former_province": "30"}, "province", "missing"),
        ({"province": "01", "former_province": "30"}, "former_province", "contradiction"),
        ({"household_members": [{}]}, "person", "contradiction"),
        ({"carer": {"relation": "friend"}}, "carer.relation", "not_one_of"),
        ({"event": {"cause": "fire"}}, "event.kind", "missing"),
    ],
)
async def test_a_wrong_field_is_refused_with_its_path(
    client: httpx.AsyncClient, change: dict[str, Any], path: str, code: str
) -> None:
    assert await refused(client, {**CASE, **change}) == ("case_invalid", path, code)


@pytest.mark.parametrize("name", ["id", "month", "as_of", "person"])
async def test_a_missing_field_is_refused(client: httpx.AsyncClient, name: str) -> None:
    case = {key: value for key, value in CASE.items() if key != name}
    assert await refused(client, case) == ("case_invalid", name, "missing")


async def test_all_that_is_wrong_is_told_at_once_and_nothing_sent_comes_back(
    client: httpx.AsyncClient,
) -> None:
    case = {**CASE, "person": {"birth_date": "secret-canary", "hiv_positive": "secret-canary"}}
    answer = await client.post("/v1/assessments", json=case)
    assert [error["path"] for error in answer.json()["errors"]] == [
        "person.birth_date",
        "person.hiv_positive",
    ]
    assert "secret-canary" not in answer.text


async def test_months_outside_the_policy_are_not_covered(client: httpx.AsyncClient) -> None:
    case = {**CASE, "month": "2014-12", "dates": {}}
    assert await refused(client, case) == ("not_covered_yet", "month", "not_covered_yet")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000, b'{"id": NaN}'])
async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, text: bytes) -> None:
    answer = await client.post("/v1/assessments", content=text)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "not_json"


async def test_a_field_that_stands_twice_is_refused(client: httpx.AsyncClient) -> None:
    text = json.dumps(CASE).replace('"id": "one"', '"id": "one", "id": "two"')
    answer = await client.post("/v1/assessments", content=text)
    assert answer.json()["errors"][0] == {
        "path": "id",
        "code": "duplicate_field",
        "message": "Trường này có hai lần.",
    }


async def test_more_than_a_mebibyte_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/assessments", json={**CASE, "note": "x" * (1 << 20)})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
