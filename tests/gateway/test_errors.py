"""Refusals and outages as GraphQL errors: coded, in both languages, repeating nothing."""

import httpx
import pytest

from gateway.engine.prices import PLAIN, price_of
from gateway.schema.build import schema
from tests.gateway.world.services import PERSON, RUN, Services, person_line
from tests.support.issuer import Signer

CANARY = "079141000123"


async def test_a_services_refusal_keeps_its_code_and_words(
    client: httpx.AsyncClient, services: Services
) -> None:
    services.says(
        "payments",
        "/v1/runs",
        {"code": "facts_not_settled", "title": "Chưa đủ", "detail": "Tháng chưa đóng.", "status": 409},
        409,
    )
    query = 'mutation { buildRun(provinceCode: "01", benefitMonths: ["2024-01"]) { id } }'
    answer = (await client.post("/graphql", json={"query": query})).json()
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == "Tháng chưa đóng."
    assert answer["errors"][0]["extensions"] == {"code": "facts_not_settled"}
    assert answer["errors"][0]["path"] == ["buildRun"]


@pytest.mark.parametrize(("language", "word"), [("vi", "tạm thời"), ("en", "away"), ("fr, en;q=0.5", "away")])
async def test_a_service_that_is_away_takes_only_its_own_fields(
    client: httpx.AsyncClient, services: Services, language: str, word: str
) -> None:
    services.says("registry", "/v1/people", {"items": [person_line(PERSON, "A")], "next_cursor": None})
    services.is_away("eligibility", "/v1/decisions")
    query = '{ searchPeople(q: "a") { edges { node { fullName decisions { id } } } } }'
    response = await client.post("/graphql", json={"query": query}, headers={"Accept-Language": language})
    answer = response.json()
    assert answer["data"]["searchPeople"]["edges"][0]["node"] == {"fullName": "A", "decisions": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["outage"]
    assert word in answer["errors"][0]["message"]


async def test_a_read_is_tried_twice_and_a_change_once(client: httpx.AsyncClient, services: Services) -> None:
    services.is_away("payments", "/v1/runs")
    await client.post("/graphql", json={"query": "{ runs { nextCursor } }"})
    assert services.calls("/v1/runs") == 2
    query = 'mutation { buildRun(provinceCode: "01", benefitMonths: ["2024-01"]) { id } }'
    await client.post("/graphql", json={"query": query})
    assert services.calls("/v1/runs") == 3


@pytest.mark.parametrize("body", [{"nothing": "known"}, [], "text"])
async def test_an_answer_that_breaks_its_contract_is_our_error(
    client: httpx.AsyncClient, services: Services, body: object, capsys: pytest.CaptureFixture[str]
) -> None:
    services.says("registry", f"/v1/people/{PERSON}", body)
    query = {"query": "query ($id: ID!) { person(id: $id) { id } }", "variables": {"id": PERSON}}
    answer = (await client.post("/graphql", json=query)).json()
    assert answer["errors"][0]["extensions"]["code"] == "internal_error"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($n: Int!) { searchPeople(first: $n) { edges { cursor } } }", {"n": CANARY}),
        (f'{{ searchPeople(first: "{CANARY}") {{ edges {{ cursor }} }} }}', {}),
        (f'mutation {{ buildRun(provinceCode: "01", benefitMonths: ["{CANARY}"]) {{ id }} }}', {}),
        (
            'mutation ($m: [Month!]!) { buildRun(provinceCode: "01", benefitMonths: $m) { id } }',
            {"m": [CANARY]},
        ),
        (f'{{ totals(runId: "a", by: X{CANARY}) {{ nextCursor }} }}', {}),
        (f'{{ searchPeople(q: "{CANARY}") {{ edges {{ cursor }} }}', {}),
        (f'{{ searchPeople(q: {{a: "{CANARY}"}}) {{ edges {{ cursor }} }} }}', {}),
    ],
)
async def test_what_was_sent_is_never_repeated(
    client: httpx.AsyncClient,
    query: str,
    variables: dict[str, object],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    assert response.json()["errors"]
    assert CANARY not in response.text
    logged = capfd.readouterr()
    assert CANARY not in logged.out + logged.err + caplog.text


async def test_an_unknown_field_is_named(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/graphql", json={"query": "{ nonsense }"})).json()
    assert answer["errors"][0]["extensions"]["code"] == "query_invalid"
    assert "nonsense" in answer["errors"][0]["message"]


async def test_a_page_size_out_of_range_is_refused(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/graphql", json={"query": "{ runs(first: 0) { nextCursor } }"})).json()
    assert answer["errors"][0]["extensions"]["code"] == "request_invalid"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "token_missing"),
        ("Basic abc", "token_missing"),
        ("Bearer abc", "token_invalid"),
        ("Bearer expired", "token_invalid"),
    ],
)
@pytest.mark.parametrize("query", ["{ counts { people } }", "{ __schema { queryType { name } } }"])
async def test_no_operation_without_a_token(
    client: httpx.AsyncClient,
    services: Services,
    signer: Signer,
    authorization: str | None,
    code: str,
    query: str,
) -> None:
    del client.headers["authorization"]
    if authorization == "Bearer expired":
        authorization = f"Bearer {signer.token(lives_seconds=-60)}"
    headers = {"Authorization": authorization} if authorization else {}
    response = await client.post("/graphql", json={"query": query}, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["errors"][0]["extensions"]["code"] == code
    assert not services.asked


async def test_an_unknown_operation_name_is_refused(client: httpx.AsyncClient, services: Services) -> None:
    body = {"query": "query a { counts { people } }", "operationName": CANARY}
    response = await client.post("/graphql", json=body)
    assert response.json()["errors"][0]["extensions"]["code"] == "query_invalid"
    assert CANARY not in response.text


async def test_a_run_that_may_not_be_seen_says_why(client: httpx.AsyncClient, services: Services) -> None:
    services.says("payments", f"/v1/runs/{RUN}", {"code": "not_permitted", "detail": "Không có quyền."}, 403)
    query = {"query": "query ($id: ID!) { run(id: $id) { id } }", "variables": {"id": RUN}}
    answer = (await client.post("/graphql", json=query)).json()
    assert answer["data"] == {"run": None}
    assert answer["errors"][0]["extensions"]["code"] == "not_permitted"


def test_every_list_in_the_schema_has_a_price() -> None:
    from graphql import GraphQLList, GraphQLObjectType, get_nullable_type

    core = schema()._schema
    for kind in core.type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        for name, field in kind.fields.items():
            if isinstance(get_nullable_type(field.type), GraphQLList):
                parent_pays = kind.name.endswith("Connection")
                assert parent_pays or price_of(kind, name) is not PLAIN, f"{kind.name}.{name}"
