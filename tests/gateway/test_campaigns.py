"""Campaigns, and how far they are, through the one door."""

import httpx

from tests.gateway.test_reads import ask
from tests.gateway.world.services import RUN, Services

CAMPAIGN = RUN.replace("run_", "cmp_")
QUERY = f"""query {{
    campaign(id: "{CAMPAIGN}") {{
        name status programme listed listedAmount instructedDong unit groups {{ code amount }} }}
    campaigns(status: APPROVED, first: 5) {{ nodes {{ id runIds }} nextCursor }}
    groups: campaignProgress(id: "{CAMPAIGN}", by: GROUP) {{ nodes {{ key name listed settledDong }} }} }}"""


async def test_a_campaign_is_told_as_payments_tell_it_and_its_groups_by_their_names(
    client: httpx.AsyncClient, services: Services
) -> None:
    money = {f"{part}_dong": 0 for part in ("settled", "returned", "pending", "unknown")}
    campaign = {
        "campaign_id": CAMPAIGN,
        "code": "tet-2024",
        "name": "Quà Tết thử",
        "programme": "tet_gift",
        "province_code": "01",
        "legal_basis": "NQ thử",
        "article": "",
        "opens_on": "2024-01-22",
        "closes_on": "2024-02-29",
        "months": 1,
        "unit": "VND",
        "groups": [{"code": "poor", "name": "Hộ nghèo thử", "amount": 500_000}],
        "status": "approved",
        "content_hash": "abc",
        "listed": 2_219_722,
        "listed_amount": 1_033_480_000_000,
        "refused": 0,
        "instructed_dong": 1_033_480_000_000,
        **money,
        "handed_over": 0,
        "run_ids": [RUN],
    }
    progress = {"key": "poor", "listed": 3, "listed_amount": 1_500_000, "instructions": 3, **money}
    progress |= {"instructed_dong": 1_500_000, "settled_dong": 1_000_000}
    services.says("payments", f"/v1/campaigns/{CAMPAIGN}", campaign)
    services.says("payments", "/v1/campaigns", {"items": [campaign], "next_cursor": "more"})
    services.says(
        "payments", f"/v1/campaigns/{CAMPAIGN}/progress", {"items": [progress], "next_cursor": None}
    )
    found = (await ask(client, QUERY))["data"]
    assert found["campaign"] == {
        "name": "Quà Tết thử",
        "status": "APPROVED",
        "programme": "TET_GIFT",
        "listed": 2_219_722,
        "listedAmount": 1_033_480_000_000,
        "instructedDong": 1_033_480_000_000,
        "unit": "VND",
        "groups": [{"code": "poor", "amount": 500_000}],
    }
    assert found["campaigns"] == {"nodes": [{"id": CAMPAIGN, "runIds": [RUN]}], "nextCursor": "more"}
    [group] = found["groups"]["nodes"]
    assert group == {"key": "poor", "name": "Hộ nghèo thử", "listed": 3, "settledDong": 1_000_000}
