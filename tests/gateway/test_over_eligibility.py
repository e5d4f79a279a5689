"""Decisions and reasons as the real eligibility service answers them."""

import httpx

from gateway.wiring import build
from libs.common.kernel.ids import new_id, show
from tests.gateway.conftest import gateway_settings
from tests.gateway.world.services import Services, whole_person
from tests.services.eligibility.world import World, world  # noqa: F401 - a fixture
from tests.support.doors import deliver

QUERY = """query ($id: ID!) { person(id: $id) { decisions {
    payee payeePersonId
    outcome programme category amountDong coefficient standardDong effectiveFrom paysFrom status decidedOn
    reasons { rule held facts { fact needs has held } excludedBy citation mark } } } }"""


class ByHost(httpx.AsyncBaseTransport):
    """Leads calls to `eligibility` into the real application and all others to the stand-ins."""

    def __init__(self, real: httpx.AsyncBaseTransport, others: httpx.AsyncBaseTransport) -> None:
        self._real, self._others = real, others

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        chosen = self._real if request.url.host == "eligibility" else self._others
        return await chosen.handle_async_request(request)


async def asked(of: World, shown: str) -> httpx.Response:
    """The person's decisions as the gateway shows them."""
    services = Services()
    services.says("registry", f"/v1/people/{shown}", whole_person(shown))
    pool = httpx.AsyncClient(transport=ByHost(httpx.ASGITransport(of.door.app), services.transport()))
    gateway = build(gateway_settings(), pool, verifier=of.door.signer.verifier())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://gateway") as client:
        return await client.post(
            "/graphql",
            json={"query": QUERY, "variables": {"id": shown}},
            headers=of.door.as_("auditor"),
        )


async def test_care_money_names_the_carer(world: World) -> None:  # noqa: F811
    person_id, carer = new_id(), show("per", new_id())
    cared_for = {
        "disability_degree": "extremely_severe",
        "carer": {"relation": "own_household", "person_id": carer},
    }
    await deliver(world.consumer, [world.person(person_id, facts=cared_for)])
    await world.close_month("2024-02")

    found = (await asked(world, show("per", person_id))).json()
    decisions = {one["programme"]: one for one in found["data"]["person"]["decisions"]}
    care, own = decisions["CARE_ALLOWANCE"], decisions["MONTHLY_ALLOWANCE"]
    assert (care["payee"], care["payeePersonId"], care["amountDong"]) == ("CARER", carer, 360_000)
    assert (own["payee"], own["payeePersonId"]) == ("SELF", None)


async def test_a_person_s_decision_and_its_reasons(world: World) -> None:  # noqa: F811
    person_id = new_id()
    ill = {"disability_degree": "severe", "hiv_positive": True}
    await deliver(world.consumer, [world.person(person_id, facts=ill, poverty_status="poor")])
    await world.close_month()

    answer = await asked(world, show("per", person_id))
    found = answer.json()
    assert "errors" not in found, found
    [decision] = found["data"]["person"]["decisions"]
    assert (decision["outcome"], decision["programme"], decision["category"]) == (
        "GRANTED",
        "MONTHLY_ALLOWANCE",
        "health_condition",
    )
    assert decision["amountDong"] == 405_000
    assert decision["coefficient"] == "1.5"
    held = [reason for reason in decision["reasons"] if reason["held"] and reason["citation"]]
    assert held and all(reason["facts"] or reason["mark"] for reason in held)
    assert any(reason["rule"] == "health_condition" for reason in decision["reasons"])
    assert "hiv" not in answer.text.lower()
    assert "k3" not in answer.text and "k8" not in answer.text
