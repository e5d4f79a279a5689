"""What was given, and what became of it, through the one door."""

import httpx

from tests.gateway.test_reads import ask
from tests.gateway.world.services import RUN, Services

GIFTS = """query {
    gifts(provinceCode: "01", first: 3) { nodes { id donor amount used unit purpose } nextCursor }
    donationReport(year: 2024) { year months { month unit programme received used } } }"""


async def test_gifts_and_their_report_are_told_as_payments_tell_them(
    client: httpx.AsyncClient, services: Services
) -> None:
    gift = {
        "donation_id": RUN.replace("run_", "don_"),
        "donor": None,
        "received_on": "2024-01-05",
        "amount": 9_537_600_000,
        "used": 7,
        "unit": "VND",
        "purpose": "tet_gifts",
        "province_code": "01",
    }
    month = {"month": "2024-01", "unit": "PCS:wheelchair", "programme": None, "received": 3, "used": 2}
    services.says("payments", "/v1/gifts", {"items": [gift], "next_cursor": "more"})
    services.says("payments", "/v1/donation-report", {"year": 2024, "items": [month], "next_cursor": None})
    found = (await ask(client, GIFTS))["data"]
    [node] = found["gifts"]["nodes"]
    assert (node["donor"], node["amount"], node["purpose"]) == (None, 9_537_600_000, "tet_gifts")
    assert found["gifts"]["nextCursor"] == "more"
    assert found["donationReport"] == {"year": 2024, "months": [month]}
    [request] = [each for each in services.asked if each.url.path == "/v1/gifts"]
    assert (request.url.params["province_code"], request.url.params["limit"]) == ("01", "3")
