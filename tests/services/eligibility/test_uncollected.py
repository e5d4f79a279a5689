"""What nobody collects for as many months as the law names: a suspension is proposed, a human signs."""

from typing import Any
from uuid import UUID

from libs.common.kernel.ids import derived_id, show
from tests.services.eligibility.office import Files, Office, paid
from tests.support.doors import deliver

PERSON = derived_id("nobody comes")


async def uncollected(office: Office, person_id: UUID, *months: str, **changed: Any) -> None:
    """PaymentUncollected as payments tells it."""
    data = {
        "person_id": show("per", person_id),
        "programme": "monthly_allowance",
        "payment_id": show("pay", derived_id("payment", *months)),
        "benefit_months": list(months),
        "reason_code": "not_met",
        "occurred_on": "2026-11-20",
    } | changed
    await deliver(office.consumer, [office.files.uncollected.record(person_id, "PaymentUncollected", data)])


async def suspensions(office: Office) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await office.get("/v1/worklist", kind="suspension"))["items"]
    return items


async def test_the_third_month_in_a_row_waits_on_the_worklist_and_pays_nothing_once_signed(
    files: Files,
) -> None:
    async with files.on("2026-11-21") as office:
        await office.record(PERSON)
        await office.close_month("2026-11")
        await uncollected(office, PERSON, "2026-09")
        await uncollected(office, PERSON, "2026-09", "2026-10")
        assert await suspensions(office) == []
        await uncollected(office, PERSON, "2026-09", "2026-10", "2026-11")
        [item] = await suspensions(office)
        assert item["person_id"] == show("per", PERSON)
        [case] = await office.cases(PERSON)
        assert (case["kind"], case["ground"], case["state"]) == ("suspension", "not_collected", "received")
        assert paid(await office.decisions(PERSON), "2026-12")[0][1] > 0
        # The same again, and the next month's, find the case that is open.
        await uncollected(office, PERSON, "2026-09", "2026-10", "2026-11")
        await uncollected(office, PERSON, "2026-09", "2026-10", "2026-11", "2026-12")
        assert len(await office.cases(PERSON)) == 1
        await office.sign(case)
        assert paid(await office.decisions(PERSON), "2026-12")[0][1] == 0
        assert await suspensions(office) == []
        await uncollected(office, PERSON, "2026-10", "2026-11", "2026-12")
        assert len(await office.cases(PERSON)) == 1


async def test_who_has_no_grant_in_force_is_not_suspended(files: Files) -> None:
    async with files.on("2026-11-21") as office:
        stranger = derived_id("a stranger")
        months = ("2026-09", "2026-10", "2026-11")
        await uncollected(office, stranger, *months)
        await office.record(PERSON)
        await office.close_month("2026-11")
        await uncollected(office, PERSON, *months, programme="social_pension")
        assert await suspensions(office) == []


async def test_what_an_officer_dropped_is_proposed_again_by_the_next_month(files: Files) -> None:
    async with files.on("2026-11-21") as office:
        await office.record(PERSON)
        await office.close_month("2026-11")
        await uncollected(office, PERSON, "2026-09", "2026-10", "2026-11")
        [case] = await office.cases(PERSON)
        status, _ = await office.post(f"/v1/cases/{case['case_id']}/withdrawal")
        assert status == 200
        await uncollected(office, PERSON, "2026-09", "2026-10", "2026-11", "2026-12")
        assert len(await suspensions(office)) == 1
