"""The stages of a scenario that give gifts: a campaign and its fund, its lists taken, paid, reconciled."""

from dataclasses import replace
from typing import Any

from deploy.local.demo import paying
from deploy.local.demo.client import Refused
from deploy.local.demo.screen import Stage
from deploy.local.demo.stages import Journey, Wrong
from scenarios.gifts import list_files
from scenarios.manifest import Gifts

_MAKER, _CHECKER, _OFFICER = "maker", "checker", "province-officer"
#: The paper by which the fund has its money.
_DOCUMENT = "QĐ-GL-01/2024"


async def open_campaign(journey: Journey, stage: Stage) -> None:
    """A fund of that purpose with its money, and the campaign approved by a second identity."""
    gifts = _gifts(journey)
    journey.campaign_id = await _existing(journey, gifts)
    if not journey.campaign_id:
        fund_id = await _funded(journey, gifts)
        terms = {"province_code": journey.manifest.province_code, "fund_id": fund_id} | gifts.campaign
        drafted = await journey.client.post(_MAKER, "payments", "/v1/campaigns", terms)
        journey.campaign_id = drafted["campaign_id"]
    campaign = await _campaign(journey)
    if campaign["status"] == "draft":
        await journey.client.post(_MAKER, "payments", f"{_path(journey)}/proposal", {})
    if campaign["status"] in ("draft", "proposed"):
        body = {"content_hash": campaign["content_hash"]}
        await journey.client.post(_CHECKER, "payments", f"{_path(journey)}/approval", body)
    stage.tell(f"{gifts.campaign['code']}, {len(gifts.campaign['groups'])} nhóm · groups")


async def take_lists(journey: Journey, stage: Stage) -> None:
    """Every list, which must be taken without a refused row."""
    gifts, lists = _gifts(journey), []
    for file in list_files(journey.population):
        taken = await journey.client.upload(_OFFICER, "payments", f"{_path(journey)}/lists", file, "text/csv")
        lists.append(taken["list_id"])
        campaign = await _campaign(journey)
        stage.at(campaign["listed"], gifts.recipients)
    for list_id in lists:

        async def read(list_id: str = list_id) -> dict[str, Any]:
            shown: dict[str, Any] = await journey.client.get(
                _OFFICER, "payments", f"/v1/campaign-lists/{list_id}"
            )
            return shown

        found = await stage.follow(
            "campaign list",
            read,
            lambda shown: shown["status"] in ("done", "refused"),
            lambda shown: (shown["rows_taken"], shown["rows_total"]),
        )
        if found["status"] == "refused" or found["rows_refused"]:
            raise Wrong(f"gifts: {found['status']}, {found['rows_refused']} rows refused, {found['problem']}")
    campaign = await _campaign(journey)
    stage.tell(f"{campaign['listed']:,} người · people, {len(lists)} danh sách · lists")


async def build_run(journey: Journey, stage: Stage) -> None:
    campaign = await _campaign(journey)
    runs = campaign["run_ids"]
    if not runs:
        runs = [(await journey.client.post(_MAKER, "payments", f"{_path(journey)}/runs", {}))["run_id"]]
    journey.gift_run_id = runs[0]
    await paying.built(_of_gifts(journey), stage)


async def approve(journey: Journey, stage: Stage) -> None:
    await paying.approve(_of_gifts(journey), stage)


async def instruct(journey: Journey, stage: Stage) -> None:
    await paying.instruct(_of_gifts(journey), stage)


async def reconcile(journey: Journey, stage: Stage) -> None:
    await paying.reconcile(_of_gifts(journey), stage)


def _of_gifts(journey: Journey) -> Journey:
    """The journey whose run is the gifts'."""
    return replace(journey, run_id=journey.gift_run_id)


def _gifts(journey: Journey) -> Gifts:
    assert journey.manifest.gifts, "a scenario without gifts has no such stage"
    return journey.manifest.gifts


def _path(journey: Journey) -> str:
    return f"/v1/campaigns/{journey.campaign_id}"


async def _campaign(journey: Journey) -> dict[str, Any]:
    found: dict[str, Any] = await journey.client.get(_MAKER, "payments", _path(journey))
    return found


async def _existing(journey: Journey, gifts: Gifts) -> str:
    page = await journey.client.get(_MAKER, "payments", "/v1/campaigns", limit=100)
    codes = {item["code"]: str(item["campaign_id"]) for item in page["items"]}
    return codes.get(gifts.campaign["code"], "")


async def _funded(journey: Journey, gifts: Gifts) -> str:
    """The fund of the gifts, granted what all of them come to; the one that is there after a restart."""
    code = gifts.campaign["code"]
    wanted = {
        "code": code,
        "kind": "province",
        "province_code": journey.manifest.province_code,
        "name": gifts.campaign["name"],
        "purpose": gifts.campaign["programme"],
    }
    try:
        await journey.client.post(_MAKER, "payments", "/v1/funds", wanted)
    except Refused as refused:
        if refused.code != "fund_taken":
            raise
    page = await journey.client.get(_MAKER, "payments", "/v1/funds", limit=100)
    fund_id: str = next(item["fund_id"] for item in page["items"] if item["code"] == code)
    grant = {"kind": "granted", "amount": gifts.dong, "document": _DOCUMENT, "fund_id": fund_id}
    voucher = await journey.client.post(_MAKER, "payments", "/v1/vouchers", grant)
    await journey.client.post(_CHECKER, "payments", f"/v1/vouchers/{voucher['voucher_id']}/approval", {})
    return fund_id
