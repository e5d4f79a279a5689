"""What the gateway composes: people, decisions with reasons, runs, totals."""

from typing import Any

import httpx
import pytest

from tests.gateway.world.services import (
    DECISION,
    FACILITY,
    INSTRUCTED,
    OTHER_PERSON,
    PERSON,
    RUN,
    Services,
    person_line,
    run,
    total,
    whole_person,
)


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


REASONS = [
    {
        "rule": "k5c",
        "programme": "monthly_allowance",
        "held": True,
        "facts": [{"fact": "age", "needs": "from 80", "has": 83, "held": True}],
        "citation": "NĐ 20/2021, Điều 5 khoản 5",
        "mark": "read",
    },
    {
        "rule": "k8_adult",
        "held": True,
        "facts": [{"fact": "hiv_positive", "needs": True, "has": True, "held": True}],
        "citation": "NĐ 20/2021, Điều 5 khoản 8",
    },
    {
        "rule": "k7",
        "held": False,
        "facts": [{"fact": "hiv_positive", "needs": False, "has": True, "held": False}],
        "excluded_by": "k3",
        "citation": "NĐ 20/2021, Điều 5 khoản 7",
    },
]


def decision(person_id: str) -> dict[str, Any]:
    return {
        "decision_id": DECISION,
        "person_id": person_id,
        "programme": "monthly_allowance",
        "outcome": "granted",
        "status": "confirmed",
        "effective_from": "2024-01",
        "pays_from": "2024-01",
        "category": "k5",
        "coefficient_hundredths": 150,
        "standard_dong": 440_000,
        "amount_dong": 660_000,
        "decided_on": "2023-12-20",
    }


@pytest.fixture
def people(services: Services) -> Services:
    for person_id in (PERSON, OTHER_PERSON):
        services.says("registry", f"/v1/people/{person_id}", whole_person(person_id))
    lines = [person_line(PERSON, "Nguyễn Thị Thử"), person_line(OTHER_PERSON, "Trần Văn Thử")]
    services.says("registry", "/v1/people", {"items": lines, "next_cursor": "next"})
    services.says("eligibility", "/v1/decisions", {"items": [decision(PERSON)], "next_cursor": None})
    services.says("eligibility", f"/v1/decisions/{DECISION}", {**decision(PERSON), "reasons": REASONS})
    return services


async def test_a_person_with_place_payout_decision_and_reasons_that_tell_no_illness(
    client: httpx.AsyncClient, people: Services
) -> None:
    query = """query ($id: ID!) { person(id: $id) {
        id fullName birthDate personalId
        commune { name district provinceName }
        payout { channel accountNumber }
        decisions { outcome programme category amountDong coefficient standardDong effectiveFrom status
                    reasons { rule held facts { fact needs has held } excludedBy citation mark } }
    } }"""
    answer = await ask(client, query, id=PERSON)
    assert "errors" not in answer
    person = answer["data"]["person"]
    assert person["personalId"] == "*********123"
    assert person["commune"] == {
        "name": "Phường Phúc Xá",
        "district": "Quận Ba Đình",
        "provinceName": "Thành phố Hà Nội",
    }
    assert person["payout"] == {"channel": "BANK_ACCOUNT", "accountNumber": "*********789"}
    assert person["decisions"] == [
        {
            "outcome": "GRANTED",
            "programme": "MONTHLY_ALLOWANCE",
            "category": "k5",
            "amountDong": 660_000,
            "coefficient": "1.5",
            "standardDong": 440_000,
            "effectiveFrom": "2024-01",
            "status": "CONFIRMED",
            "reasons": [
                {
                    "rule": "k5c",
                    "held": True,
                    "facts": [{"fact": "age", "needs": "from 80", "has": 83, "held": True}],
                    "excludedBy": None,
                    "citation": "NĐ 20/2021, Điều 5 khoản 5",
                    "mark": "read",
                },
                {
                    "rule": "health_condition",
                    "held": True,
                    "facts": [],
                    "excludedBy": None,
                    "citation": None,
                    "mark": None,
                },
                {
                    "rule": "k7",
                    "held": False,
                    "facts": [],
                    "excludedBy": "health_condition",
                    "citation": "NĐ 20/2021, Điều 5 khoản 7",
                    "mark": None,
                },
            ],
        }
    ]


async def test_every_call_is_made_in_the_callers_name(client: httpx.AsyncClient, people: Services) -> None:
    await ask(client, '{ searchPeople(q: "thu") { edges { node { id decisions { id } } } } }')
    assert people.asked
    for request in people.asked:
        assert request.headers["authorization"] == client.headers["authorization"]
        assert request.headers["accept-language"] == "vi"


async def test_a_page_of_people_carries_the_registrys_cursor(
    client: httpx.AsyncClient, people: Services
) -> None:
    query = """{ searchPeople(q: "thu", first: 2, after: "here") {
        edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""
    answer = await ask(client, query)
    found = answer["data"]["searchPeople"]
    assert [edge["node"]["id"] for edge in found["edges"]] == [PERSON, OTHER_PERSON]
    assert [edge["cursor"] for edge in found["edges"]] == [None, "next"]
    assert found["pageInfo"] == {"hasNextPage": True, "endCursor": "next"}
    assert dict(people.asked[0].url.params) == {"q": "thu", "limit": "2", "cursor": "here"}


async def test_a_relation_is_asked_for_once_a_person(client: httpx.AsyncClient, people: Services) -> None:
    query = """{ searchPeople(q: "thu") { edges { node { povertyStatus payout { channel }
        a: decisions { id reasons { rule } } b: decisions { id reasons { rule } } } } } }"""
    answer = await ask(client, query)
    assert "errors" not in answer
    assert people.calls("/v1/people") == 1
    assert people.calls(f"/v1/people/{PERSON}") == 1
    assert people.calls("/v1/decisions") <= 2
    assert people.calls(f"/v1/decisions/{DECISION}") == 1


async def test_money_beyond_32_bits_and_a_runs_parts(client: httpx.AsyncClient, services: Services) -> None:
    services.says("payments", f"/v1/runs/{RUN}", run())
    query = """query ($id: ID!) { run(id: $id) { status provinceName benefitMonths instructedDong settledDong
        pendingDong progress byProgramme { programme instructedDong lines } } }"""
    answer = await ask(client, query, id=RUN)
    assert answer["data"]["run"] == {
        "status": "RECONCILED",
        "provinceName": "Thành phố Hà Nội",
        "benefitMonths": ["2024-01", "2024-02"],
        "instructedDong": INSTRUCTED,
        "settledDong": INSTRUCTED,
        "pendingDong": 0,
        "progress": 1.0,
        "byProgramme": [{"programme": "MONTHLY_ALLOWANCE", "instructedDong": INSTRUCTED, "lines": 407_466}],
    }


@pytest.mark.parametrize(
    ("by", "key", "name"),
    [
        ("PROVINCE", "01", "Thành phố Hà Nội"),
        ("PROVINCE", "58", "Tỉnh Ninh Thuận"),
        ("COMMUNE", "00001", "Phường Phúc Xá"),
        ("COMMUNE", "99999", "99999"),
        ("CATEGORY", "k4+k6", "Người đơn thân nghèo nuôi con + Người khuyết tật"),
        ("CHANNEL", "post_office", "Bưu điện"),
    ],
)
async def test_totals_are_named(
    client: httpx.AsyncClient, services: Services, by: str, key: str, name: str
) -> None:
    services.says("payments", f"/v1/runs/{RUN}", run())
    services.says("payments", "/v1/totals", {"items": [total(key)], "next_cursor": None})
    query = """query ($run: ID!, $by: TotalsBy!) {
        totals(runId: $run, by: $by, programme: MONTHLY_ALLOWANCE) {
            nodes { key name people instructedDong } nextCursor } }"""
    answer = await ask(client, query, run=RUN, by=by)
    assert answer["data"]["totals"]["nodes"] == [
        {"key": key, "name": name, "people": 3, "instructedDong": INSTRUCTED}
    ]
    assert services.asked[0].url.params["by"] == by.lower()
    assert services.asked[0].url.params["programme"] == "monthly_allowance"


@pytest.mark.parametrize(
    ("former", "name", "district"),
    [("01", "Phường Trúc Bạch", "Quận Ba Đình"), (None, "Phường Ba Đình", None)],
)
async def test_a_commune_is_named_as_it_stood(
    client: httpx.AsyncClient, services: Services, former: str | None, name: str, district: str | None
) -> None:
    """One code, two wards: 00004 was Phường Trúc Bạch, and is Phường Ba Đình since 01/07/2025."""
    person = {**whole_person(PERSON), "commune_code": "00004", "former_province_code": former}
    services.says("registry", f"/v1/people/{PERSON}", person)
    answer = await ask(
        client, "query ($id: ID!) { person(id: $id) { commune { name district } } }", id=PERSON
    )
    assert answer["data"]["person"]["commune"] == {"name": name, "district": district}


async def test_facilities_and_a_residents_home(client: httpx.AsyncClient, people: Services) -> None:
    home = {
        "facility_id": FACILITY,
        "code": "TEST-01",
        "name": "Trung tâm Bảo trợ Thử nghiệm",
        "kind": "general",
        "sector": "public",
        "province_code": "01",
        "commune_code": "00001",
        "places": 40,
        "occupied": 31,
    }
    people.says("facilities", f"/v1/facilities/{FACILITY}", home)
    people.says("facilities", "/v1/facilities", {"items": [home], "next_cursor": None})
    stay = {
        "residence_id": "res_1",
        "person_id": PERSON,
        "facility_id": FACILITY,
        "from_date": "2022-01-01",
        "until_date": None,
        "state_paid": True,
    }
    people.says("facilities", "/v1/residences", {"items": [stay], "next_cursor": None})
    query = """query ($id: ID!) { facilities { nodes { name places occupied commune { name } } }
        person(id: $id) { residence { fromDate statePaid facility { name } } } }"""
    answer = await ask(client, query, id=PERSON)
    assert "errors" not in answer, answer
    node = answer["data"]["facilities"]["nodes"][0]
    assert (node["places"], node["occupied"]) == (40, 31)
    assert answer["data"]["person"]["residence"]["facility"] == {"name": "Trung tâm Bảo trợ Thử nghiệm"}


async def test_how_full_the_homes_are(client: httpx.AsyncClient, services: Services) -> None:
    row = {
        "province_code": "79",
        "kind": "elderly",
        "facilities": 9,
        "places": 90,
        "occupied": 60,
        "free": 30,
    }
    services.says("facilities", "/v1/occupancy", {"items": [row]})
    answer = await ask(client, '{ occupancy(provinceCode: "79") { provinceName kind places occupied free } }')
    assert answer["data"]["occupancy"] == [
        {
            "provinceName": "Thành phố Hồ Chí Minh",
            "kind": "elderly",
            "places": 90,
            "occupied": 60,
            "free": 30,
        }
    ]


async def test_who_or_what_is_not_there_is_null(client: httpx.AsyncClient, services: Services) -> None:
    answer = await ask(
        client, "query ($p: ID!, $r: ID!) { person(id: $p) { id } run(id: $r) { id } }", p="x", r="y"
    )
    assert answer == {"data": {"person": None, "run": None}}


async def test_a_run_is_built_and_approved(client: httpx.AsyncClient, services: Services) -> None:
    services.says("payments", "/v1/runs", {"run_id": RUN}, 202)
    services.says("payments", f"/v1/runs/{RUN}", run("building", 0))
    services.says("payments", f"/v1/runs/{RUN}/approval", run("approved", 0))
    built = await ask(
        client,
        """mutation ($months: [Month!]!) {
            buildRun(provinceCode: "01", benefitMonths: $months) { id status } }""",
        months=["2024-01", "2024-02"],
    )
    assert built["data"]["buildRun"] == {"id": RUN, "status": "BUILDING"}
    approved = await ask(
        client, 'mutation ($id: ID!) { approveRun(id: $id, contentHash: "abc") { id } }', id=RUN
    )
    assert "errors" not in approved
    assert [request.method for request in services.asked] == ["POST", "GET", "POST"]
