"""An application from the counter to the notice: its term, its checks, its decision, each step told once."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from contracts.events import eligibility as promised
from libs.common.kernel.ids import new_id, show
from services.eligibility.domain import casework
from tests.services.eligibility.office import COMMUNE, ELSEWHERE, FAR_COMMUNE, Files, Office

CASE_EVENTS = ("CaseReceived", "CaseChecked", "CaseDecided", "CaseUnchanged", "CaseNotified", "CaseWithdrawn")
SEVERE: dict[str, Any] = {"facts": {"disability_degree": "severe", "disability_certificate_on": "2026-10-01"}}


async def case_of(office: Office, received_on: str, **changed: Any) -> dict[str, Any]:
    person = new_id()
    await office.apply(person, received_on, **changed)
    [case] = await office.cases(person)
    return case


@pytest.mark.parametrize(
    ("received_on", "applied_for", "due_on"),
    [
        # Sunday 04/10/2026: ten working days of NĐ 147/2025, from Monday the 5th to Friday the 16th.
        ("2026-10-04", ["monthly_allowance"], "2026-10-16"),
        # Monday 05/10/2026: seven of NĐ 335/2026, from Tuesday the 6th to Wednesday the 14th.
        ("2026-10-05", ["monthly_allowance"], "2026-10-14"),
        ("2026-10-04", ["social_pension"], "2026-10-16"),
        ("2026-10-05", ["social_pension"], "2026-10-14"),
        # Seven, ten and three days in the district's time, Tết 2024 (8 to 14 February) among them.
        ("2024-02-01", ["monthly_allowance"], "2024-03-07"),
        # Friday before Tết 2026: offices rest from the 16th to the 20th, and make up for Monday the 16th
        # on Saturday the 22nd of August at the earliest: none of it falls into the term.
        ("2026-02-13", ["social_pension"], "2026-03-06"),
        # Tuesday 18/08/2026: ten days, among them Saturday the 22nd, worked for the Monday before Quốc khánh.
        ("2026-08-18", ["monthly_allowance"], "2026-09-03"),
        # Before 07/2021 policy/ knows no term.
        ("2019-12-02", ["monthly_allowance"], None),
    ],
)
async def test_a_file_is_due_by_the_term_of_the_day_it_was_received(
    files: Files, received_on: str, applied_for: list[str], due_on: str | None
) -> None:
    async with files.on("2026-10-08") as office:
        case = await case_of(office, received_on, applied_for=applied_for)
        assert (case["kind"], case["state"], case["due_on"]) == ("application", "received", due_on)


async def test_an_application_goes_from_the_counter_to_the_notice_and_each_step_is_told_once(
    files: Files,
) -> None:
    person = new_id()
    async with files.on("2026-10-08") as office:
        await office.apply(person, "2026-10-06", **SEVERE)
        [case] = await office.cases(person)
        path = f"/v1/cases/{case['case_id']}"
        half = {"confirmed": ["declaration", "identity"]}
        assert (await office.post(f"{path}/checks", half))[1]["state"] == "received"
        rest = {"confirmed": ["residence", "conditions", "identity"]}
        status, checked = await office.post(f"{path}/checks", rest, sub="second@test")
        assert (status, checked["state"]) == (200, "checked")
        by = {each["check"]: each["by_sub"] for each in checked["checks"]}
        assert (by["identity"], by["residence"]) == ("commune-officer@test", "second@test")

        await office.close_month("2026-10")
        await office.sign_proposals(person)
        [case] = await office.cases(person)
        assert (case["state"], case["decided_on"]) == ("decided", "2026-10-08")
        assert (await office.post(f"{path}/notification"))[1]["state"] == "notified"
        assert (await office.post(f"{path}/notification"))[1]["state"] == "notified"
        assert await office.told(*CASE_EVENTS) == [
            "CaseReceived",
            "CaseChecked",
            "CaseDecided",
            "CaseNotified",
        ]
        held = (await office.get("/v1/invariants", role="auditor", territory="*"))["items"]
        assert all(item["violations"] == 0 for item in held)


async def test_the_notice_says_what_how_much_from_when_by_which_article_and_how_to_complain(
    files: Files,
) -> None:
    person = new_id()
    async with files.on("2026-10-08") as office:
        await office.apply(person, "2026-10-06", **SEVERE)
        await office.close_month("2026-10")
        [case] = await office.cases(person)
        early = await office.door.client.get(
            f"/v1/cases/{case['case_id']}/notice", headers=office.door.as_("commune-officer", territory="*")
        )
        assert (early.status_code, early.json()["code"]) == (409, "case_state_wrong")
        await office.sign_proposals(person)
        text = await notice(office, case)
    for said in (
        "Được hưởng trợ cấp xã hội hằng tháng",
        "810.000 đồng mỗi tháng",
        "Hưởng từ tháng 10/2026",
        "NĐ 335/2026 Đ5.6",
        "khiếu nại",
    ):
        assert said in text, text


async def test_a_refusal_is_signed_too_and_the_notice_names_what_was_missing(files: Files) -> None:
    person = new_id()
    async with files.on("2026-10-08") as office:
        await office.apply(person, "2026-10-06", facts={"disability_degree": "mild"})
        await office.close_month("2026-10")
        await office.sign_proposals(person)
        [case] = await office.cases(person)
        assert case["state"] == "decided"
        text = await notice(office, case)
    assert "Không được hưởng" in text
    assert "mức độ khuyết tật" in text


async def test_no_notice_tells_an_illness(files: Files) -> None:
    person = new_id()
    async with files.on("2026-10-08") as office:
        facts = {"hiv_positive": True}
        await office.apply(person, "2026-10-06", poverty_status="poor", facts=facts)
        await office.close_month("2026-10")
        await office.sign_proposals(person)
        [case] = await office.cases(person)
        text = await notice(office, case)
    assert "Được hưởng" in text and "NĐ 335/2026 Đ5" in text
    for telling in ("HIV", "AIDS", "Đ5.8", "Đ6.1.h", "k8"):
        assert telling not in text, text


async def notice(office: Office, case: dict[str, Any]) -> str:
    answer = await office.door.client.get(
        f"/v1/cases/{case['case_id']}/notice", headers=office.door.as_("commune-officer", territory="*")
    )
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_same_application_by_two_doors_is_one_case(files: Files) -> None:
    person = new_id()
    body = {
        "person_id": show("per", person),
        "programmes": ["monthly_allowance"],
        "received_on": "2026-10-06",
        "commune_code": COMMUNE,
    }
    async with files.on("2026-10-08") as office:
        await office.record(person, already_receiving=False, decision_signed_on=None)
        status, first = await office.post("/v1/applications", body)
        assert (status, first["due_on"]) == (201, "2026-10-15")
        await office.apply(person, "2026-10-06", version=2)
        await office.apply(person, "2026-10-06", version=3)
        assert (await office.post("/v1/applications", body))[1] == first
        assert [case["case_id"] for case in await office.cases(person)] == [first["case_id"]]
        assert await office.told("CaseReceived") == ["CaseReceived"]
        future = {**body, "received_on": "2026-10-09"}
        assert (await office.post("/v1/applications", future))[0] == 422


async def test_no_other_province_sees_the_case_or_moves_it(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        case = await case_of(office, "2026-10-06")
        path = f"/v1/cases/{case['case_id']}"
        status, said = await office.post(f"{path}/withdrawal", territory=ELSEWHERE)
        assert (status, said["code"]) == (404, "not_found")
        page = await office.get("/v1/cases", territory=ELSEWHERE)
        assert page["items"] == []
        body = {
            "person_id": case["person_id"],
            "programmes": ["social_pension"],
            "received_on": "2026-10-06",
            "commune_code": COMMUNE,
        }
        assert (await office.post("/v1/applications", body, territory=ELSEWHERE))[0] == 422


async def test_nobody_applies_for_who_lives_in_another_province(files: Files) -> None:
    """It would take the person off that province's list of who has no decision."""
    async with files.on("2026-10-08") as office:
        person = new_id()
        await office.apply(person, "2026-10-06")
        for day in ("2026-10-06", "2026-10-07"):
            body = {
                "person_id": show("per", person),
                "programmes": ["social_pension"],
                "received_on": day,
                "commune_code": FAR_COMMUNE,
            }
            status, said = await office.post("/v1/applications", body, territory=ELSEWHERE)
            assert (status, said["code"]) == (404, "not_found")
        assert len(await office.rows("select from case_file")) == 1


async def test_what_was_withdrawn_stays_so_and_is_signed_no_more(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        case = await case_of(office, "2026-10-06")
        path = f"/v1/cases/{case['case_id']}"
        assert (await office.post(f"{path}/withdrawal"))[1]["state"] == "withdrawn"
        assert (await office.post(f"{path}/withdrawal"))[1]["state"] == "withdrawn"
        status, said = await office.post(f"{path}/checks", {"confirmed": ["identity"]})
        assert (status, said["code"]) == (409, "case_state_wrong")
        status, said = await office.post(f"{path}/signature", role="commune-chair")
        assert (status, said["code"]) == (409, "case_state_wrong")


async def test_each_edge_is_told_in_the_words_of_its_contract(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        case = await case_of(office, "2026-10-06")
        await office.post(f"/v1/cases/{case['case_id']}/withdrawal")
        rows = await office.rows("select type, data from outbox where topic like '%case%' order by id")
    assert [row["type"] for row in rows] == ["CaseReceived", "CaseWithdrawn"]
    for row in rows:
        TypeAdapter(getattr(promised, row["type"])).validate_json(row["data"])


def test_every_edge_tells_one_fact_and_no_other_edge_exists() -> None:
    assert set(casework.TRANSITIONS.values()) == set(CASE_EVENTS)
    assert casework.transition(casework.CHECKED, casework.DECIDED) == "CaseDecided"
    for state in (casework.NOTIFIED, casework.WITHDRAWN):
        assert not [edge for edge in casework.TRANSITIONS if edge[0] == state]
