"""Every case ends: what changes nothing is decided so, what went wrong is seen, nobody refuses the silent."""

from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from contracts.events import eligibility as promised
from libs.common.kernel.ids import new_id, show
from tests.services.eligibility.office import COMMUNE, ELSEWHERE, FAR_COMMUNE, Files, Office

NEVER_ASKED: dict[str, Any] = {"already_receiving": False, "decision_signed_on": None, "applied_for": []}


def over_the_counter(person: UUID, received_on: str) -> dict[str, Any]:
    return {
        "person_id": show("per", person),
        "programmes": ["monthly_allowance"],
        "received_on": received_on,
        "commune_code": COMMUNE,
    }


async def waiting(office: Office, **asked: Any) -> list[tuple[str, str]]:
    """Kind and person of what is on the list."""
    page = await office.get("/v1/worklist", **asked)
    assert sum(count["items"] for count in page["counts"]) == len(page["items"])
    return [(item["kind"], item["person_id"]) for item in page["items"]]


async def applied_in_vain(office: Office) -> tuple[UUID, dict[str, Any]]:
    """Who receives already applies for the same."""
    person = new_id()
    await office.record(person)
    await office.close_month("2026-10")
    status, case = await office.post("/v1/applications", over_the_counter(person, "2026-10-07"))
    assert status == 201, case
    await office.close_month("2026-11")
    return person, case


async def test_an_application_that_changes_nothing_is_signed_as_that_and_told(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        person, case = await applied_in_vain(office)
        [item] = (await office.get("/v1/worklist"))["items"]
        assert (item["kind"], item["item_id"], item["due_on"]) == (
            "unchanged",
            case["case_id"],
            case["due_on"],
        )
        assert "ký hồ sơ" in item["what_to_do_vi"] and "sign the case" in item["what_to_do_en"]

        path = f"/v1/cases/{case['case_id']}"
        assert (await office.post(f"{path}/signature"))[0] == 403
        signed = [await office.post(f"{path}/signature", role="commune-chair") for _ in range(2)]
        [decision] = await office.decisions(person)
        for status, said in signed:
            assert (status, said["state"], said["decided_on"]) == (200, "unchanged", "2026-10-08")
            assert said["unchanged_decision_id"] == decision["decision_id"]
        assert await waiting(office) == [("notice", show("per", person))]

        receipt = await office.get(f"{path}/receipt")
        assert (receipt["decision_id"], receipt["determined_month"]) == (decision["decision_id"], "2026-11")
        assert sum(benefit["amount_dong"] for benefit in receipt["benefits"]) == 810_000
        headers = office.door.as_("commune-officer", territory="*")
        text = (await office.door.client.get(f"{path}/notice", headers=headers)).text
        for said in ("không thay đổi", "810.000 đồng mỗi tháng", "NĐ 335/2026 Đ5.6", "khiếu nại"):
            assert said in text, text
        assert (await office.post(f"{path}/notification"))[1]["state"] == "notified"
        assert await waiting(office) == []
        told = await office.rows("select type, data from outbox where topic like '%case%' order by id")
        assert [row["type"] for row in told] == ["CaseReceived", "CaseUnchanged", "CaseNotified"]
        event = TypeAdapter(promised.CaseUnchanged).validate_json(told[1]["data"])
        assert event.decision_id == decision["decision_id"]
        held = (await office.get("/v1/invariants", role="auditor", territory="*"))["items"]
        assert all(item["violations"] == 0 for item in held)


async def test_who_is_refused_again_for_another_reason_is_told_the_new_one(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        person = new_id()
        await office.apply(person, "2026-10-06", facts={})
        await office.close_month("2026-10")
        await office.sign_proposals(person)
        await office.apply(person, "2026-10-07", version=2, facts={"disability_degree": "mild"})
        await office.close_month("2026-11")
        [case] = [one for one in await office.cases(person) if one["received_on"] == "2026-10-07"]
        path = f"/v1/cases/{case['case_id']}"
        assert (await office.post(f"{path}/signature", role="commune-chair"))[1]["state"] == "unchanged"
        receipt = await office.get(f"{path}/receipt")
        assert (receipt["outcome"], receipt["facts_version"]) == ("refused", 2)
        assert len(await office.decisions(person)) == 1


async def test_an_application_is_not_left_unchanged_on_facts_that_are_not_the_newest(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        person, case = await applied_in_vain(office)
        await office.record(person, 2, facts={"disability_degree": "extremely_severe"})
        path = f"/v1/cases/{case['case_id']}/signature"
        status, said = await office.post(path, role="commune-chair")
        assert (status, said["code"]) == (409, "case_state_wrong")
        [still] = await office.cases(person)
        assert still["state"] == "received"


async def test_an_application_that_no_determination_has_looked_at_is_signed_by_nobody(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        person = new_id()
        await office.apply(person, "2026-10-06")
        [case] = await office.cases(person)
        status, said = await office.post(f"/v1/cases/{case['case_id']}/signature", role="commune-chair")
        assert (status, said["code"]) == (409, "case_state_wrong")


async def test_nobody_is_asked_to_refuse_who_never_applied_and_they_are_counted_all_the_same(
    files: Files,
) -> None:
    async with files.on("2026-10-20") as office:
        silent, refused = new_id(), new_id()
        await office.record(silent, facts={"disability_degree": "mild"}, **NEVER_ASKED)
        await office.record(new_id(), facts={}, **NEVER_ASKED)
        await office.apply(refused, "2026-10-19", facts={"disability_degree": "mild"})
        await office.close_month("2026-10")
        await office.close_month("2026-11")
        assert await office.decisions(silent) == []
        assert await waiting(office) == [("proposal", show("per", refused))]
        counted = await office.get("/v1/determinations/2026-11")
        assert [counted[name] for name in ("persons", "decided", "granted", "refused", "proposed")] == [
            3,
            3,
            0,
            3,
            1,
        ]


async def test_two_applications_of_a_person_are_one_proposal_with_the_earlier_term(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        person = new_id()
        await office.apply(person, "2026-10-06")
        await office.apply(person, "2026-10-07", version=2)
        await office.close_month("2026-10")
        [item] = (await office.get("/v1/worklist"))["items"]
        assert (item["kind"], item["due_on"]) == ("proposal", "2026-10-15")
        await office.sign_proposals(person)
        assert [case["state"] for case in await office.cases(person)] == ["decided", "decided"]


async def test_what_was_withdrawn_is_not_taken_for_a_new_application(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        person = new_id()
        await office.record(person)
        body = over_the_counter(person, "2026-10-06")
        _, case = await office.post("/v1/applications", body)
        await office.post(f"/v1/cases/{case['case_id']}/withdrawal")
        status, said = await office.post("/v1/applications", body)
        assert (status, said["code"]) == (409, "case_state_wrong")
        assert (await office.post("/v1/applications", {**body, "received_on": "2026-10-08"}))[0] == 201


async def suspended_and_moved_on(office: Office) -> tuple[UUID, dict[str, Any]]:
    """A resumption that is signed, and cannot be carried out: nobody can read the facts."""
    person = new_id()
    await office.record(person)
    await office.close_month("2026-10")
    await office.take("suspension", person, ground="refuses_reassessment", since="2026-11-01")
    await office.record(person, 2, facts={"disability_degree": "no such degree"})
    return person, await office.take("resumption", person)


async def test_a_measure_that_could_not_be_carried_out_is_seen_with_what_to_do(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person, case = await suspended_and_moved_on(office)
        [item] = (await office.get("/v1/worklist", kind="problem"))["items"]
        assert (item["item_id"], item["problem"]) == (case["case_id"], "case_invalid")
        assert "sửa dữ kiện" in item["what_to_do_vi"] and "correct the facts" in item["what_to_do_en"]
        await office.record(person, 3)
        await office.sign(case)
        assert (await office.get("/v1/worklist", kind="problem"))["items"] == []
        assert (await office.decisions(person))[-1]["outcome"] == "granted"


async def test_a_measure_that_stays_impossible_is_closed_by_telling_that_nothing_changed(
    files: Files,
) -> None:
    async with files.on("2026-10-20") as office:
        person = new_id()
        await office.record(person)
        await office.close_month("2026-10")
        await office.record(person, 2, facts={"disability_degree": "no such degree"})
        case = await office.take("suspension", person, ground="refuses_reassessment", since="2026-11-01")
        path = f"/v1/cases/{case['case_id']}"
        headers = office.door.as_("commune-officer", territory="*")
        text = (await office.door.client.get(f"{path}/notice", headers=headers)).text
        assert "không thi hành được, không có gì thay đổi" in text
        assert (await office.post(f"{path}/notification"))[1]["state"] == "notified"
        assert await waiting(office) == []
        await office.record(person, 3, facts={"disability_degree": "extremely_severe"})
        await office.close_month("2026-11")
        assert (await office.decisions(person))[-1]["amount_dong"] == 1_080_000


async def test_a_second_move_within_a_month_is_a_case_of_its_own(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = new_id()
        await office.record(person)
        await office.close_month("2026-10")
        await office.record(person, 2, commune_code=FAR_COMMUNE, province_code=ELSEWHERE)
        [there] = await office.cases(person, ELSEWHERE)
        await office.sign(there, territory=ELSEWHERE)
        await office.record(person, 3)
        [back] = await office.cases(person)
        assert (back["kind"], back["state"], back["from_month"]) == ("move", "received", "2026-11")
        await office.sign(back)
        assert (await office.decisions(person))[-1]["commune_code"] == COMMUNE


async def test_a_correction_of_the_past_and_a_version_that_waits_move_nobody(files: Files) -> None:
    there: dict[str, Any] = {"commune_code": FAR_COMMUNE, "province_code": ELSEWHERE}
    async with files.on("2026-10-20") as office:
        corrected, waits = new_id(), new_id()
        for person in (corrected, waits):
            await office.record(person)
        await office.close_month("2026-10")
        await office.record(corrected, 2, true_from="2026-10-10", facts={"disability_degree": "severe"})
        await office.record(waits, 3, true_from="2026-10-12", **there)
        assert await office.rows("select from case_file") == []
        await office.record(waits, 2, true_from="2026-10-11")
        [move] = await office.cases(waits, ELSEWHERE)
        assert move["kind"] == "move"
        await office.record(waits, 4, true_from="2026-05-01")
        assert [case["case_id"] for case in await office.cases(waits, ELSEWHERE)] == [move["case_id"]]
        assert len(await office.rows("select from case_file")) == 1


async def test_who_serves_requests_reads_differences_and_writes_none(files: Files) -> None:
    async with files.on("2026-10-08") as office:
        [row] = await office.rows(
            "select has_table_privilege('eligibility_app', 'difference', 'select') as reads,"
            " has_table_privilege('eligibility_app', 'difference', 'insert, update, delete') as writes"
        )
        assert (row["reads"], row["writes"]) == (True, False)
