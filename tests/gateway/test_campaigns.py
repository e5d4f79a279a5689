"""Campaigns, and how far they are, through the one door."""

import httpx
import orjson

from tests.gateway.test_reads import ask
from tests.gateway.world.services import RUN, Services, run

CAMPAIGN = RUN.replace("run_", "cmp_")
QUERY = f"""query {{
    campaign(id: "{CAMPAIGN}") {{
        name status programme listed listedAmount instructedDong unit groups {{ code amount }} }}
    campaigns(status: APPROVED, first: 5) {{ nodes {{ id runIds }} nextCursor }}
    groups: campaignProgress(id: "{CAMPAIGN}", by: GROUP) {{ nodes {{ key name listed settledDong }} }} }}"""


_FUND = RUN.replace("run_", "fun_")
_MONEY = {f"{part}_dong": 0 for part in ("settled", "returned", "pending", "unknown")}
_SHOWN = {
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
    **_MONEY,
    "handed_over": 0,
    "run_ids": [RUN],
}


async def test_a_campaign_is_told_as_payments_tell_it_and_its_groups_by_their_names(
    client: httpx.AsyncClient, services: Services
) -> None:
    progress = {"key": "poor", "listed": 3, "listed_amount": 1_500_000, "instructions": 3, **_MONEY}
    progress |= {"instructed_dong": 1_500_000, "settled_dong": 1_000_000}
    services.says("payments", f"/v1/campaigns/{CAMPAIGN}", _SHOWN)
    services.says("payments", "/v1/campaigns", {"items": [_SHOWN], "next_cursor": "more"})
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


async def test_a_campaign_is_drafted_as_by_rest(client: httpx.AsyncClient, services: Services) -> None:
    services.says("payments", "/v1/campaigns", _SHOWN | {"status": "draft"})
    stated = {
        "code": "tet-2024",
        "name": "Quà Tết thử",
        "groups": [{"code": "poor", "name": "Hộ nghèo thử", "amount": 500_000}],
    }
    drafted = await ask(
        client,
        "mutation ($campaign: CampaignInput!) { createCampaign(campaign: $campaign) { id status } }",
        campaign=stated
        | {
            "programme": "TET_GIFT",
            "provinceCode": "01",
            "legalBasis": "NQ thử",
            "opensOn": "2024-01-22",
            "closesOn": "2024-02-29",
            "fundId": _FUND,
        },
    )
    assert drafted["data"]["createCampaign"] == {"id": CAMPAIGN, "status": "DRAFT"}
    [request] = services.asked
    assert orjson.loads(request.content) == stated | {
        "programme": "tet_gift",
        "province_code": "01",
        "legal_basis": "NQ thử",
        "article": "",
        "opens_on": "2024-01-22",
        "closes_on": "2024-02-29",
        "months": 1,
        "fund_id": _FUND,
        "only_one_of": None,
    }


async def test_a_campaign_is_proposed_approved_paid_and_closed_as_by_rest(
    client: httpx.AsyncClient, services: Services
) -> None:
    for step in ("proposal", "approval", "withdrawal", "closing"):
        services.says("payments", f"/v1/campaigns/{CAMPAIGN}/{step}", _SHOWN)
    services.says("payments", f"/v1/campaigns/{CAMPAIGN}/runs", {"run_id": RUN})
    services.says("payments", f"/v1/runs/{RUN}", run("building", 0))
    moved = await ask(
        client,
        f"""mutation {{
            proposeCampaign(id: "{CAMPAIGN}") {{ id }}
            approveCampaign(id: "{CAMPAIGN}", contentHash: "abc") {{ id }}
            buildCampaignRun(id: "{CAMPAIGN}") {{ id status }}
            closeCampaign(id: "{CAMPAIGN}") {{ id }}
            withdrawCampaign(id: "{CAMPAIGN}") {{ id }} }}""",
    )
    assert moved["data"]["buildCampaignRun"] == {"id": RUN, "status": "BUILDING"}
    sent = [
        (each.url.path.rsplit("/", 1)[1], orjson.loads(each.content))
        for each in services.asked
        if each.method == "POST"
    ]
    assert sent == [
        ("proposal", {}),
        ("approval", {"content_hash": "abc"}),
        ("runs", {}),
        ("closing", {}),
        ("withdrawal", {}),
    ]
