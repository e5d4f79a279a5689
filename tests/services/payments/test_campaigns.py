"""Campaigns through their doors: drafted, approved, listed, paid by runs, handed over, closed."""

import csv
import io
from typing import Any

import httpx

from libs.common.kernel.ids import show
from tests.services.payments.test_funds import booked, opened
from tests.services.payments.world import (
    BANK,
    HANOI,
    HCMC,
    POST,
    Payments,
    person,
    token,
)

GROUPS = [
    {"code": "poor", "name": "Hộ nghèo thử", "amount": 500_000},
    {"code": "elder", "name": "Người cao tuổi thử", "amount": 300_000},
]
_COLUMNS = (
    "person_id",
    "personal_id",
    "full_name",
    "commune_code",
    "group",
    "channel",
    "agency_code",
    "account_number",
    "account_name",
    "payee_name",
)


def row(number: int, **changed: str) -> dict[str, str]:
    """Somebody paid at the post office."""
    return {
        "personal_id": f"090{number:09d}",
        "full_name": "Nguyễn Giả Lập Thử",
        "commune_code": "00001",
        "group": "poor",
        "channel": "post_office",
        "agency_code": POST,
    } | changed


def banked(number: int, **changed: str) -> dict[str, str]:
    account = {"account_number": f"99{number:010d}", "account_name": "NGUYEN GIA LAP THU"}
    return row(number, channel="bank_account", agency_code=BANK) | account | changed


def file_of(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def wanted(fund_id: str, **changed: Any) -> dict[str, Any]:
    return {
        "code": "tet-2024",
        "name": "Quà Tết thử",
        "programme": "tet_gift",
        "province_code": HANOI,
        "legal_basis": "NQ 1/2024/NQ-HĐND (thử)",
        "opens_on": "2024-01-22",
        "closes_on": "2024-03-31",
        "fund_id": fund_id,
        "groups": GROUPS,
    } | changed


async def funded(payments: Payments, amount: int = 10**9, **changed: Any) -> str:
    fund_id = await opened(payments, **({"code": "tet"} | changed))
    await booked(payments, fund_id=fund_id, amount=amount, booked_on="2024-01-10")
    return fund_id


async def drafted(payments: Payments, fund_id: str, **changed: Any) -> dict[str, Any]:
    answer = await payments.post("/v1/campaigns", wanted(fund_id, **changed), "maker#m")
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def step(
    payments: Payments, campaign: dict[str, Any], verb: str, as_: str = "maker#m", **body: Any
) -> httpx.Response:
    return await payments.post(f"/v1/campaigns/{campaign['campaign_id']}/{verb}", body, as_)


async def approve(payments: Payments, campaign: dict[str, Any], as_: str = "checker#c") -> httpx.Response:
    return await step(payments, campaign, "approval", as_, content_hash=campaign["content_hash"])


async def running(payments: Payments, fund_id: str | None = None, **changed: Any) -> dict[str, Any]:
    """An approved campaign with a fund."""
    campaign = await drafted(payments, fund_id or await funded(payments), **changed)
    assert (await step(payments, campaign, "proposal")).status_code == 200
    answer = await approve(payments, campaign)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sent(
    payments: Payments, campaign: dict[str, Any], content: bytes, as_: str = "province-officer#o"
) -> httpx.Response:
    return await payments.client.post(
        f"/v1/campaigns/{campaign['campaign_id']}/lists",
        files={"file": ("list.csv", content)},
        headers=token(as_),
    )


async def listed(payments: Payments, campaign: dict[str, Any], *rows: dict[str, str]) -> dict[str, Any]:
    """The list, taken."""
    answer = await sent(payments, campaign, file_of(*rows))
    assert answer.status_code == 202, answer.text
    await payments.work("list taker")
    return await list_of(payments, answer.json()["list_id"])


async def list_of(payments: Payments, list_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await payments.get(f"/v1/campaign-lists/{list_id}", "province-officer#o")).json()
    return found


async def errors(payments: Payments, found: dict[str, Any]) -> list[tuple[int, str, str]]:
    answer = await payments.get(f"/v1/campaign-lists/{found['list_id']}/errors", "province-officer#o")
    return [(one["row_number"], one["column"], one["code"]) for one in answer.json()["items"]]


async def now(payments: Payments, campaign: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await payments.get(f"/v1/campaigns/{campaign['campaign_id']}")).json()
    return found


async def test_a_campaign_is_approved_by_another_as_it_was_seen(payments: Payments) -> None:
    fund_id = await funded(payments)
    campaign = await drafted(payments, fund_id)
    changed = wanted(fund_id, groups=GROUPS[:1])
    path = f"/v1/campaigns/{campaign['campaign_id']}"
    said = await payments.client.put(path, json=changed, headers=token("maker#m"))
    assert said.json()["groups"] == GROUPS[:1]
    assert (await sent(payments, campaign, file_of(row(1)))).json()["code"] == "campaign_state_wrong"
    proposed = (await step(payments, campaign, "proposal")).json()
    assert (await approve(payments, proposed, "checker#m")).json()["code"] == "same_identity"
    assert (await approve(payments, campaign)).json()["code"] == "content_changed"
    again = await payments.client.put(path, json=changed, headers=token("maker#m"))
    assert again.json()["code"] == "campaign_state_wrong"
    for _ in range(2):
        assert (await approve(payments, proposed)).json()["status"] == "approved"
    assert (await step(payments, proposed, "withdrawal")).json()["code"] == "campaign_state_wrong"
    assert (await step(payments, proposed, "closing")).json()["status"] == "closed"
    assert (await sent(payments, campaign, file_of(row(1)))).json()["code"] == "campaign_state_wrong"


async def test_terms_that_do_not_fit_are_refused_by_their_field(payments: Payments) -> None:
    rice = await opened(payments, "rice", kind="national_reserve", unit="RICE_KG")
    bound = await opened(payments, "bound", purpose="longevity_gift")
    money = await opened(payments)
    unfit: dict[str, dict[str, Any]] = {
        "fund_id": {"fund_id": bound},
        "closes_on": {"closes_on": "2024-01-21"},
        "groups": {"groups": [GROUPS[0], GROUPS[0]]},
        "programme": {"programme": "in_kind"},
    }
    for field, changed in unfit.items():
        answer = await payments.post("/v1/campaigns", wanted(money) | changed, "maker#m")
        assert [one["path"] for one in answer.json()["errors"]] == [field], answer.text
    assert (await drafted(payments, rice, programme="in_kind"))["unit"] == "RICE_KG"
    taken = await payments.post("/v1/campaigns", wanted(money), "maker#m")
    assert taken.json()["code"] == "campaign_taken"
    elsewhere = await payments.post("/v1/campaigns", wanted(money), f"maker#m@{HCMC}")
    assert elsewhere.json()["code"] == "not_permitted"


async def test_each_wrong_row_is_refused_by_its_code_and_the_others_are_taken(payments: Payments) -> None:
    campaign = await running(payments)
    wrong = [
        (row(2, personal_id="12"), "personal_id", "personal_id_not_12_digits"),
        (row(3, full_name=""), "full_name", "required"),
        (row(4, full_name="=cmd"), "full_name", "text_not_allowed"),
        (row(5, commune_code="99999"), "commune_code", "unknown_commune"),
        (row(6, commune_code="26734"), "commune_code", "outside_territory"),
        (row(7, group="rich"), "group", "unknown_group"),
        (row(8, channel="pigeon"), "channel", "unknown_value"),
        (row(9, agency_code="DHL"), "agency_code", "bad_agency_code"),
        (row(10, account_number="9900000001"), "account_number", "account_without_bank"),
        (banked(11, agency_code="12"), "agency_code", "bad_agency_code"),
        (banked(12, account_number="1-2"), "account_number", "bad_account_number"),
        (banked(13, account_name=""), "account_name", "required"),
        ({"person_id": show("per", person(99)), "group": "poor"}, "person_id", "person_unknown"),
        (row(14, person_id="per_x"), "person_id", "person_unknown"),
        (row(1), "personal_id", "listed_twice"),
    ]
    found = await listed(payments, campaign, row(1), *(one for one, _, _ in wrong), banked(20))
    assert (found["status"], found["rows_taken"], found["rows_refused"]) == ("done", 2, len(wrong))
    told = await errors(payments, found)
    assert [(2 + at, column, code) for at, (_, column, code) in enumerate(wrong, 1)] == [
        next(one for one in told if one[0] == 2 + at and one[2] == code)
        for at, (_, _, code) in enumerate(wrong, 1)
    ]
    mended = await payments.get(f"/v1/campaign-lists/{found['list_id']}/errors.csv", "province-officer#o")
    assert mended.text.count("\n") == 1 + len(wrong) and "[personal_id]" in mended.text
    again = await now(payments, campaign)
    assert (again["listed"], again["refused"]) == (2, len(wrong))


async def test_a_file_that_is_none_leaves_nothing(payments: Payments) -> None:
    campaign = await running(payments)
    broken = file_of(row(1)) + b'"open quote\n'
    answer = await sent(payments, campaign, broken)
    await payments.work("list taker")
    found = await list_of(payments, answer.json()["list_id"])
    assert (found["status"], found["problem"]["code"]) == ("refused", "import_file_unreadable")
    assert (await now(payments, campaign))["listed"] == 0


async def test_the_same_person_is_listed_once_in_one_list_in_two_and_by_two_names(payments: Payments) -> None:
    await payments.account(7)
    campaign = await running(payments)
    first = await listed(payments, campaign, row(1), row(2), row(1))
    assert await errors(payments, first) == [(4, "personal_id", "listed_twice")]
    second = await listed(payments, campaign, banked(1), row(3))
    assert await errors(payments, second) == [(2, "personal_id", "listed_twice")]
    named = {"person_id": show("per", person(7)), "group": "elder"}
    third = await listed(payments, campaign, named)
    assert third["rows_taken"] == 1
    fourth = await listed(payments, campaign, row(7, personal_id=f"0{7:011d}"))
    assert await errors(payments, fourth) == [(2, "personal_id", "listed_twice")]
    same = await listed(payments, campaign, named)
    assert same["list_id"] == third["list_id"], "the same file is the same list"
    assert (await now(payments, campaign))["listed"] == 4
    progress = await payments.get(f"/v1/campaigns/{campaign['campaign_id']}/progress", by="group")
    assert {one["key"]: one["listed"] for one in progress.json()["items"]} == {"elder": 1, "poor": 3}


async def test_a_person_whose_number_was_put_right_is_listed_once(payments: Payments) -> None:
    await payments.account(7)
    campaign = await running(payments)
    named = {"person_id": show("per", person(7)), "group": "elder"}
    assert (await listed(payments, campaign, named))["rows_taken"] == 1
    await payments.account(7, version=2, secret={"personal_id": "090000000099"})
    again = await listed(payments, campaign, named | {"group": "poor"}, row(8))
    assert await errors(payments, again) == [(2, "person_id", "listed_twice")]
    assert (again["rows_taken"], (await now(payments, campaign))["listed"]) == (1, 2)


async def test_a_province_gives_nothing_of_the_nations_fund(payments: Payments) -> None:
    fund_id = await funded(payments, code="nation", kind="central", province_code="00")
    campaign = await drafted(payments, fund_id)
    there = f"maker#p@{HANOI}"
    assert (await step(payments, campaign, "proposal", there)).json()["code"] == "campaign_unfit"
    assert (await step(payments, campaign, "proposal")).status_code == 200
    checker = f"checker#q@{HANOI}"
    assert (await approve(payments, await now(payments, campaign), checker)).json()[
        "code"
    ] == "campaign_unfit"
    assert (await approve(payments, await now(payments, campaign))).status_code == 200
    assert (await step(payments, campaign, "runs", there)).json()["code"] == "campaign_unfit"
    assert (await step(payments, campaign, "runs")).status_code == 202


async def test_a_campaign_gives_from_no_other_provinces_fund(payments: Payments) -> None:
    fund_id = await funded(payments, code="hcmc", province_code=HCMC)
    answer = await payments.post("/v1/campaigns", wanted(fund_id), "maker#m")
    assert [one["path"] for one in answer.json()["errors"]] == ["fund_id"]


async def test_of_campaigns_with_one_word_a_person_is_on_one_list(payments: Payments) -> None:
    fund_id = await funded(payments)
    first = await running(payments, fund_id, code="state", only_one_of="tet-2024")
    other = await running(payments, fund_id, code="city", only_one_of="tet-2024")
    free = await running(payments, fund_id, code="union")
    for campaign in (first, free):
        assert (await listed(payments, campaign, row(1)))["rows_taken"] == 1
    found = await listed(payments, other, row(1), row(2))
    assert await errors(payments, found) == [(2, "personal_id", "given_by_another")]
