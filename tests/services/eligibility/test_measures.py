"""Suspended, resumed, stopped, moved: what each month pays in the end, whatever happens in between."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.common.kernel.ids import new_id
from tests.services.eligibility.office import COMMUNE, ELSEWHERE, FAR_COMMUNE, Files, Office, paid

DRAFTS = Path(__file__).parents[3] / "docs" / "what-if"
REFUSES = {"ground": "refuses_reassessment"}


async def recipient(office: Office, month: str = "2026-10", **changed: Any) -> UUID:
    """Somebody who receives 810,000 đồng from the month on."""
    person = new_id()
    await office.record(person, **changed)
    await office.close_month(month)
    return person


async def test_a_suspended_month_pays_nothing_and_no_determination_grants_it_again(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        await office.take("suspension", person, since="2026-11-01", **REFUSES)
        await office.close_month("2026-11")
        await office.close_month("2026-12")
        decisions = await office.decisions(person)
    assert paid(decisions, "2026-10", "2026-11", "2026-12") == [
        (COMMUNE, 810_000),
        (COMMUNE, 0),
        (COMMUNE, 0),
    ]
    assert len(decisions) == 2
    assert (decisions[1]["status"], decisions[1]["signed_by_sub"]) == ("signed", "commune-chair@test")


async def test_a_decision_that_holds_back_is_made_again_with_what_the_law_would_grant(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        await office.take("suspension", person, since="2026-11-01", **REFUSES)
        _, held_back = await office.decisions(person)
        headers = office.door.as_("auditor")
        path = f"/v1/decisions/{held_back['decision_id']}"
        replay = (await office.door.client.post(f"{path}/replay", headers=headers)).json()
        receipt = (await office.door.client.get(path, headers=headers)).json()
    assert (held_back["outcome"], replay["equal"], replay["differences"]) == ("refused", True, [])
    assert sum(benefit["amount_dong"] for benefit in receipt["benefits"]) == 810_000


async def test_what_is_resumed_unchanged_is_paid_back_from_the_first_suspended_month(files: Files) -> None:
    """Suspended across the raise of 07/2026: each month at its own level, and once."""
    async with files.on("2026-05-20") as office:
        person = await recipient(office, "2026-05")
        await office.take("suspension", person, since="2026-06-01", **REFUSES)
        await office.close_month("2026-06")
    async with files.on("2026-08-12") as office:
        await office.close_month("2026-08")
        await office.take("resumption", person)
        await office.close_month("2026-09")
        decisions = await office.decisions(person)
    assert [amount for _, amount in paid(decisions, "2026-06", "2026-07", "2026-08", "2026-09")] == [
        750_000,
        810_000,
        810_000,
        810_000,
    ]
    assert len(decisions) == 4  # granted, suspended, and from June and July again


async def test_with_changed_conditions_it_resumes_from_the_change(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        await office.take("suspension", person, since="2026-11-01", **REFUSES)
        await office.close_month("2026-11")
    async with files.on("2027-01-11") as office:
        await office.record(person, 2, facts={"disability_degree": "extremely_severe"})
        await office.take("resumption", person, since="2026-12-15")
        decisions = await office.decisions(person)
    assert [amount for _, amount in paid(decisions, "2026-11", "2026-12", "2027-01")] == [
        0,
        1_080_000,
        1_080_000,
    ]


async def test_who_is_not_eligible_any_more_is_stopped_from_the_suspension_on(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        await office.take("suspension", person, since="2026-11-01", **REFUSES)
        await office.record(person, 2, facts={"disability_degree": "mild"})
        await office.take("resumption", person)
        decisions = await office.decisions(person)
        held = await office.rows("select kind, until_month from hold")
    assert paid(decisions, "2026-10", "2026-11", "2026-12") == [
        (COMMUNE, 810_000),
        (COMMUNE, 0),
        (COMMUNE, 0),
    ]
    assert [tuple(row) for row in held] == [("stop", None)]


async def test_a_stop_takes_effect_the_month_after_and_lasts_until_somebody_applies_again(
    files: Files,
) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        await office.take("stop", person, ground="imprisoned", since="2026-10-12")
        await office.close_month("2026-11")
        decisions = await office.decisions(person)
        assert paid(decisions, "2026-10", "2026-11") == [(COMMUNE, 810_000), (COMMUNE, 0)]
    async with files.on("2026-12-02") as office:
        await office.apply(person, "2026-12-01", version=2)
        await office.close_month("2026-12")
        decisions = await office.decisions(person)
        assert (decisions[-1]["status"], decisions[-1]["outcome"]) == ("proposed", "granted")
        await office.sign_proposals(person)
        assert paid(await office.decisions(person), "2026-11", "2026-12") == [
            (COMMUNE, 0),
            (COMMUNE, 810_000),
        ]


@pytest.mark.parametrize(
    ("day", "ground", "status"),
    [
        ("2026-10-02", "detained", 201),
        ("2026-10-06", "detained", 422),
        ("2026-10-06", "not_collected", 201),
        ("2026-10-06", "by_authority", 422),
    ],
)
async def test_the_grounds_of_a_suspension_are_those_of_the_day(
    files: Files, day: str, ground: str, status: int
) -> None:
    """Detention is a ground under TT 02/2021 Đ2.3, and none from 05/10/2026 (NĐ 335/2026 Đ9.1)."""
    async with files.on(day) as office:
        person = await recipient(office)
        if status == 201:
            assert (await office.prepare("suspension", person, ground=ground, since="2026-11-01"))["due_on"]
            return
        body = {
            "kind": "suspension",
            "person_id": (await office.decisions(person))[0]["person_id"],
            "programme": "monthly_allowance",
            "ground": ground,
            "since": "2026-11-01",
        }
        found, said = await office.post("/v1/measures", body)
        assert (found, said["code"]) == (422, "ground_not_in_force")
        assert "not_collected, refuses_reassessment" in said["errors"][0]["message"]


async def test_twice_is_once(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        first = await office.prepare("suspension", person, since="2026-11-01", **REFUSES)
        again = await office.prepare("suspension", person, since="2026-11-01", **REFUSES)
        assert first["case_id"] == again["case_id"]
        assert await office.sign(first) == await office.sign(first)
        again = await office.prepare("suspension", person, since="2026-11-01", **REFUSES)
        assert first["case_id"] == again["case_id"]
        await office.close_month("2026-11")
        assert len(await office.decisions(person)) == 2
        assert await office.told("CaseReceived", "CaseDecided") == ["CaseReceived", "CaseDecided"]


async def test_nobody_signs_what_they_prepared_and_nobody_else_s_province_does(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        case = await office.prepare("suspension", person, since="2026-11-01", **REFUSES)
        path = f"/v1/cases/{case['case_id']}/signature"
        both = "commune-officer@test"
        status, said = await office.post(path, role="commune-chair", sub=both)
        assert (status, said["code"]) == (403, "same_identity")
        assert (await office.post(path, role="commune-officer"))[0] == 403
        status, said = await office.post(path, role="commune-chair", territory=ELSEWHERE)
        assert (status, said["code"]) == (404, "not_found")
        assert await office.rows("select from hold") == []


async def test_what_is_not_received_is_not_suspended_and_what_is_not_suspended_not_resumed(
    files: Files,
) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office, facts={"disability_degree": "mild"})
        shown = (await office.decisions(person))[0]["person_id"]
        for kind in ("suspension", "resumption", "stop"):
            body = {
                "kind": kind,
                "person_id": shown,
                "programme": "monthly_allowance",
                "ground": "refuses_reassessment",
                "since": "2026-11-01",
            }
            status, said = await office.post("/v1/measures", body)
            assert (status, said["code"]) == (409, "nothing_in_force")


async def test_who_moves_is_paid_by_the_old_place_and_then_by_the_new_without_gap_or_overlap(
    files: Files,
) -> None:
    """From Cần Thơ, at the central level, to Hà Nội, at the city's (NĐ 335/2026 Đ8.3)."""
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        await office.record(person, 2, commune_code=FAR_COMMUNE, province_code=ELSEWHERE)
        assert await office.cases(person) == []
        [move] = await office.cases(person, ELSEWHERE)
        assert (move["kind"], move["from_month"], move["state"]) == ("move", "2026-11", "received")
        signed = await office.sign(move, territory=ELSEWHERE)
        assert signed["state"] == "decided"
        await office.close_month("2026-11")
        decisions = await office.decisions(person)
    assert paid(decisions, "2026-10", "2026-11", "2026-12") == [
        (COMMUNE, 810_000),
        (FAR_COMMUNE, 975_000),
        (FAR_COMMUNE, 975_000),
    ]
    assert len(decisions) == 2


async def test_a_move_signed_a_month_late_loses_nothing(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office)
        await office.record(person, 2, commune_code=FAR_COMMUNE, province_code=ELSEWHERE)
        await office.close_month("2026-11")
    async with files.on("2026-12-03") as office:
        [move] = await office.cases(person, ELSEWHERE)
        await office.sign(move, territory=ELSEWHERE)
        decisions = await office.decisions(person)
    assert paid(decisions, "2026-10", "2026-11", "2026-12") == [
        (COMMUNE, 810_000),
        (FAR_COMMUNE, 975_000),
        (FAR_COMMUNE, 975_000),
    ]


async def test_a_commune_that_was_merged_has_not_moved_anybody(files: Files) -> None:
    async with files.on("2025-06-20") as office:
        person = await recipient(office, "2025-06", commune_code="31117", former_province_code="92")
        await office.record(person, 2, commune_code="31120", former_province_code=None)
        assert await office.cases(person) == []


async def test_what_is_suspended_stays_so_under_both_laws_of_a_simulation(files: Files) -> None:
    async with files.on("2026-12-10") as office:
        await office.record(new_id())
        suspended = await recipient(office, "2026-12")
        await office.take("suspension", suspended, since="2027-01-01", **REFUSES)
        simulated = [await simulate(office, month) for month in ("2026-12", "2027-02")]
    counted = [(one["rests_on"]["held"], one["total"]["recipients_today"]) for one in simulated]
    assert counted == [(0, 2), (1, 1)]
    assert (simulated[1]["total"]["winners"], simulated[1]["total"]["today_dong"]) == (1, 810_000)
    assert [row["key"] for row in simulated[1]["by_category"]] == ["k6", "none"]


async def simulate(office: Office, month: str) -> dict[str, Any]:
    draft = (DRAFTS / "muc-chuan-600-nghin.yaml").read_text(encoding="utf-8")
    status, asked = await office.post(
        "/v1/simulations", {"draft": draft, "months": [month]}, "ministry", territory="*"
    )
    assert status == 202, asked
    path = f"/v1/simulations/{asked['simulation_id']}"
    answered: dict[str, Any] = {}

    async def done() -> bool:
        answered.update(await office.get(path, "ministry", territory="*"))
        return bool(answered["status"] == "done")

    await office.until(done, "no answer")
    [found] = answered["results"]
    return dict(found)
