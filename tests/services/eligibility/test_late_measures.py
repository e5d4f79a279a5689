"""Measures signed after their months were paid: they begin in time, or what was paid is recalculated."""

from typing import Any
from uuid import UUID

from libs.common.kernel.ids import new_id
from tests.services.eligibility.office import COMMUNE, Files, Office, paid

REFUSES = {"ground": "refuses_reassessment"}


async def recipient(office: Office, month: str) -> UUID:
    person = new_id()
    await office.record(person)
    await office.pay_month(month)
    return person


async def dry_runs(office: Office) -> list[Any]:
    """Recalculations, once they are all ready."""

    async def ready() -> bool:
        return not await office.rows("select from recalculation where state = 'running'")

    await office.until(ready, "a recalculation is not ready")
    return await office.rows("select * from recalculation")


async def test_a_suspension_that_is_signed_late_begins_in_the_first_month_that_is_not_paid(
    files: Files,
) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office, "2026-10")
        case = await office.prepare("suspension", person, since="2026-11-01", **REFUSES)
    async with files.on("2026-12-10") as office:
        await office.pay_month("2026-11")
        await office.pay_month("2026-12")
        signed = await office.sign(case)
        assert signed["from_month"] == "2027-01"
        decisions = await office.decisions(person)
        [hold] = await office.rows("select from_month, runs_out_on from hold")
    assert paid(decisions, "2026-11", "2026-12", "2027-01") == [
        (COMMUNE, 810_000),
        (COMMUNE, 810_000),
        (COMMUNE, 0),
    ]
    assert [f"{day:%Y-%m}" for day in hold] == ["2027-01", "2027-04"]


async def test_a_suspension_that_is_signed_in_time_begins_as_it_was_prepared(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office, "2026-10")
        signed = await office.take("suspension", person, since="2026-11-01", **REFUSES)
        assert signed["from_month"] == "2026-11"


async def test_what_was_paid_after_a_stop_s_first_month_is_recalculated_for_another_to_apply(
    files: Files,
) -> None:
    """Died in October, told in December: no benefit from November (NĐ 335/2026 Đ8.4), which was paid."""
    async with files.on("2026-10-20") as office:
        person = await recipient(office, "2026-10")
        await office.pay_month("2026-11")
    async with files.on("2026-12-10") as office:
        await office.take("stop", person, ground="died", since="2026-10-12")
        assert paid(await office.decisions(person), "2026-10", "2026-11", "2026-12") == [
            (COMMUNE, 810_000),
            (COMMUNE, 0),
            (COMMUNE, 0),
        ]
        [opened] = await dry_runs(office)
        assert opened["requested_by_sub"] == "commune-officer@test"
        [row] = await office.rows("select month, dong, applied, programme from difference")
        assert (f"{row['month']:%Y-%m}", *tuple(row)[1:]) == (
            "2026-11",
            -810_000,
            False,
            "monthly_allowance",
        )
        held = (await office.get("/v1/invariants", role="auditor", territory="*"))["items"]
        assert all(item["violations"] == 0 for item in held)


async def test_a_stop_in_time_takes_nothing_back(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await recipient(office, "2026-10")
        await office.take("stop", person, ground="died", since="2026-10-12")
        assert await dry_runs(office) == []
