"""Recalculations of an office whose months are closed, stopped in and moved from."""

from typing import Any
from uuid import UUID

from libs.common.kernel.ids import new_id, show
from tests.services.eligibility.office import COMMUNE, ELSEWHERE, FAR_COMMUNE, PROVINCE, Files, Office

WORSE = {"disability_degree": "extremely_severe"}


async def ask(office: Office, territory: str, **body: Any) -> tuple[int, dict[str, Any]]:
    asked = {"from_month": "2026-10", "to_month": "2026-11", "reason": "late_fact", **body}
    return await office.post(
        "/v1/recalculations", asked, "province-officer", territory=territory, sub=f"maker@{territory}"
    )


async def recalculated(office: Office, territory: str = PROVINCE, **body: Any) -> dict[str, Any]:
    """A dry run, until it is ready."""
    status, asked = await ask(office, territory, **body)
    assert status == 202, asked
    path = f"/v1/recalculations/{asked['recalculation_id']}"

    async def ready() -> bool:
        return bool((await office.get(path, territory=territory))["state"] == "ready")

    await office.until(ready, "the recalculation did not end")
    return await office.get(path, territory=territory)


async def rows(office: Office, found: dict[str, Any], territory: str = PROVINCE) -> list[dict[str, Any]]:
    path = f"/v1/recalculations/{found['recalculation_id']}/differences"
    return sorted((await office.get(path, territory=territory))["items"], key=lambda one: str(one["month"]))


async def apply(office: Office, found: dict[str, Any], territory: str = PROVINCE) -> None:
    path = f"/v1/recalculations/{found['recalculation_id']}/application"
    body = {"content_hash": found["content_hash"]}
    status, said = await office.post(path, body, "checker", territory=territory, sub=f"checker@{territory}")
    assert status == 200, said


async def pay(office: Office, month: str) -> None:
    """The month is determined and closed: payments may pay it."""
    await office.close_month(month)
    status, said = await office.post("/v1/month-closings", {"month": month}, "ministry", territory="*")
    assert status == 200, said


async def paid_for_two_months(files: Files, **changed: Any) -> UUID:
    person = new_id()
    async with files.on("2026-10-20") as office:
        await office.record(person, **changed)
        await pay(office, "2026-10")
    async with files.on("2026-11-20") as office:
        await pay(office, "2026-11")
    return person


async def test_a_stop_dated_back_shows_what_was_overpaid(files: Files) -> None:
    person = await paid_for_two_months(files)
    async with files.on("2026-11-21") as office:
        await office.take("stop", person, ground="imprisoned", since="2026-09-12")
        found = await recalculated(office, person_ids=[show("per", person)])
        differences = await rows(office, found)
        await apply(office, found)
        again = await recalculated(office, person_ids=[show("per", person)])
        path = f"/v1/differences/{differences[0]['difference_id']}"
        whole = await office.get(path)
    assert [(one["month"], one["old_dong"], one["dong"]) for one in differences] == [
        ("2026-10", 810_000, -810_000),
        ("2026-11", 810_000, -810_000),
    ]
    assert again["programmes"] == []
    assert (whole["held_back"], whole["new_terms"]["outcome"]) == (True, "refused")


async def test_a_province_is_searched_for_what_was_stopped_back(files: Files) -> None:
    person = await paid_for_two_months(files)
    other = new_id()
    async with files.on("2026-11-21") as office:
        await office.record(other)
        await office.take("stop", person, ground="imprisoned", since="2026-10-12")
        found = await recalculated(office)
        assert [one["month"] for one in await rows(office, found)] == ["2026-11"]
    assert (found["people"], found["programmes"][0]["recovery_dong"]) == (2, 810_000)


async def test_months_that_were_left_out_still_wait(files: Files) -> None:
    person = await paid_for_two_months(files)
    async with files.on("2026-11-21") as office:
        await office.record(person, 2, facts=WORSE, true_from="2026-10-05")

        async def waiting() -> list[Any]:
            return list((await office.get("/v1/recalculations/awaiting"))["items"])

        assert await waiting() == [{"province_code": PROVINCE, "people": 1}]
        await apply(office, await recalculated(office, from_month="2026-11"))
        assert await waiting() == [{"province_code": PROVINCE, "people": 1}]
        await apply(office, await recalculated(office, to_month="2026-10"))
        assert await waiting() == []


async def test_each_month_is_recalculated_where_it_was_paid(files: Files) -> None:
    person = new_id()
    async with files.on("2026-10-20") as office:
        await office.record(person)
        await pay(office, "2026-10")
        await office.record(person, 2, commune_code=FAR_COMMUNE, province_code=ELSEWHERE)
        [move] = await office.cases(person, ELSEWHERE)
        await office.sign(move, territory=ELSEWHERE)
    async with files.on("2026-11-20") as office:
        await pay(office, "2026-11")
        there = {"commune_code": FAR_COMMUNE, "province_code": ELSEWHERE}
        await office.record(person, 3, facts=WORSE, true_from="2026-10-01", **there)
        before, since = await recalculated(office), await recalculated(office, ELSEWHERE)
        old, new = await rows(office, before), await rows(office, since, ELSEWHERE)
        assert [(one["month"], one["commune_code"]) for one in old] == [("2026-10", COMMUNE)]
        assert [(one["month"], one["commune_code"]) for one in new] == [("2026-11", FAR_COMMUNE)]
        assert (before["elsewhere"], since["elsewhere"]) == (1, 1)
        await apply(office, since, ELSEWHERE)
        waiting = await office.get("/v1/recalculations/awaiting", territory=ELSEWHERE)
    assert waiting["items"] == [{"province_code": ELSEWHERE, "people": 1}]


async def test_one_maker_cannot_pile_up_recalculations(files: Files) -> None:
    await paid_for_two_months(files)
    async with files.on("2026-11-21") as office:
        first = await recalculated(office)
        for _ in range(4):
            await recalculated(office)
        status, said = await ask(office, PROVINCE)
        assert (status, said["code"]) == (429, "recalculations_busy")
        assert (await ask(office, ELSEWHERE))[0] == 202
        path = f"/v1/recalculations/{first['recalculation_id']}/discard"
        await office.post(path, None, "province-officer")
        assert (await ask(office, PROVINCE))[0] == 202


async def test_the_nation_is_recalculated_once_at_a_time(files: Files) -> None:
    async with files.on("2026-11-21") as office:
        body = {"from_month": "2026-10", "to_month": "2026-11", "reason": "new_policy"}
        for sub, expected in (("one", 202), ("two", 429)):
            status, said = await office.post("/v1/recalculations", body, "ministry", territory="*", sub=sub)
            assert status == expected, said


async def test_another_province_is_not_asked_about(files: Files) -> None:
    async with files.on("2026-11-21") as office:
        status, said = await ask(office, PROVINCE, province_code=ELSEWHERE)
    assert (status, said["code"]) == (403, "not_permitted")


async def test_of_two_dry_runs_only_one_is_applied_whichever_comes_first(files: Files) -> None:
    """The earlier one too makes the later one out of date: it would book the same twice."""
    person = await paid_for_two_months(files)
    async with files.on("2026-11-21") as office:
        await office.record(person, 2, facts=WORSE, true_from="2026-10-05")
        first, second = await recalculated(office), await recalculated(office)
        await apply(office, first)
        path = f"/v1/recalculations/{second['recalculation_id']}/application"
        body = {"content_hash": second["content_hash"]}
        status, said = await office.post(path, body, "checker", sub="checker@92")
    assert (status, said["code"]) == (409, "recalculation_stale")


async def test_recalculations_are_listed_the_newest_first(files: Files) -> None:
    await paid_for_two_months(files)
    async with files.on("2026-11-21") as office:
        made = [(await recalculated(office))["recalculation_id"] for _ in range(3)]
        page = await office.get("/v1/recalculations", limit=2)
        rest = await office.get("/v1/recalculations", limit=2, cursor=page["next_cursor"])
        elsewhere = await office.get("/v1/recalculations", territory=ELSEWHERE)
    assert [one["recalculation_id"] for one in page["items"] + rest["items"]] == made[::-1]
    assert (rest["next_cursor"], elsewhere["items"]) == (None, [])
