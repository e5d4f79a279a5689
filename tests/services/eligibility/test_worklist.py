"""What waits for an office is on its list, by its day; what is late is seen; nobody entitled is forgotten."""

from typing import Any
from uuid import UUID

from libs.common.kernel.ids import new_id, show
from tests.services.eligibility.office import COMMUNE, ELSEWHERE, FAR_COMMUNE, Files, Office

ELSE: dict[str, Any] = {"commune_code": FAR_COMMUNE, "province_code": ELSEWHERE}
UNDECIDED: dict[str, Any] = {
    "already_receiving": False,
    "decision_signed_on": None,
    "applied_for": [],
}


async def covered(office: Office) -> None:
    """Wait for the round that follows what was determined last."""

    async def done() -> bool:
        rows = await office.rows(
            "select from coverage_refresh where state = 'done' and determined > '-infinity'"
        )
        return len(rows) == 4

    await office.until(done, "nobody's coverage was looked at")


def counts(page: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {each["kind"]: (each["items"], each["late"]) for each in page["counts"]}


async def test_what_is_late_is_seen_with_the_working_days_it_is_late(files: Files) -> None:
    async with files.on("2026-10-06") as office:
        early, late = new_id(), new_id()
        await office.apply(late, "2026-10-05")  # due on the 14th
        await office.apply(early, "2026-10-06")  # due on the 15th
    async with files.on("2026-10-15") as office:
        page = await office.get("/v1/worklist")
        assert counts(page) == {"application": (2, 1)}
        assert [(item["person_id"], item["late"], item["working_days_late"]) for item in page["items"]] == [
            (show("per", late), True, 1),
            (show("per", early), False, 0),
        ]
    async with files.on("2026-10-19") as office:  # the Monday after
        page = await office.get("/v1/worklist", late=True)
        assert [item["working_days_late"] for item in page["items"]] == [3, 2]
        soon = await office.get("/v1/worklist", due_before="2026-10-15")
        assert [item["person_id"] for item in soon["items"]] == [show("per", late)]


async def test_the_list_comes_in_pages_by_the_day_that_things_are_due(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        for day in ("2026-10-06", "2026-10-05", "2019-12-02", "2026-10-07"):
            await office.apply(new_id(), day)
        seen, cursor = [], None
        while True:
            more: dict[str, str] = {"cursor": cursor} if cursor else {}
            page = await office.get("/v1/worklist", limit=1, **more)
            seen += [item["due_on"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == ["2026-10-14", "2026-10-15", "2026-10-16", None]
        [count] = page["counts"]
        assert (count["items"], count["late"], count["without_term"]) == (4, 3, 1)


async def test_a_province_sees_its_own_list_only(files: Files) -> None:
    async with files.on("2026-10-06") as office:
        await office.apply(new_id(), "2026-10-05")
        await office.apply(new_id(), "2026-10-05", **ELSE)
        for territory, seen in (("92", COMMUNE), (ELSEWHERE, FAR_COMMUNE)):
            page = await office.get("/v1/worklist", territory=territory)
            assert [item["commune_code"] for item in page["items"]] == [seen]
            assert counts(page) == {"application": (1, 0)}
        assert len((await office.get("/v1/worklist", territory="*"))["items"]) == 2
        of_one = await office.get("/v1/worklist", territory="*", province_code=ELSEWHERE)
        assert [item["commune_code"] for item in of_one["items"]] == [FAR_COMMUNE]
        assert counts(of_one) == {"application": (1, 0)}
        at_others = await office.get("/v1/worklist", territory="92", province_code=ELSEWHERE)
        assert at_others["items"] == []


async def test_a_proposal_awaits_its_signature_with_the_term_of_its_application(files: Files) -> None:
    async with files.on("2026-10-07") as office:
        person = new_id()
        await office.apply(person, "2026-10-06")
        await office.close_month("2026-10")
        [item] = (await office.get("/v1/worklist"))["items"]
        assert (item["kind"], item["due_on"], item["programmes"]) == (
            "proposal",
            "2026-10-15",
            ["monthly_allowance"],
        )
        await office.sign_proposals(person)
        [item] = (await office.get("/v1/worklist"))["items"]
        assert (item["kind"], item["due_on"]) == ("notice", None)
        await office.post(f"/v1/cases/{item['case_id']}/notification")
        assert (await office.get("/v1/worklist"))["items"] == []


async def test_a_suspension_that_has_lasted_three_months_is_proposed_to_be_stopped_and_not_stopped(
    files: Files,
) -> None:
    """TT 02/2021 Đ2.1.đ, NĐ 335/2026 Đ9.2.đ."""
    person = new_id()
    async with files.on("2026-10-20") as office:
        await office.record(person)
        await office.close_month("2026-10")
        case = await office.take("suspension", person, ground="refuses_reassessment", since="2026-11-01")
        await office.post(f"/v1/cases/{case['case_id']}/notification")
    async with files.on("2027-02-02") as office:
        page = await office.get("/v1/worklist", kind="suspension_runs_out")
        [item] = page["items"]
        assert (item["due_on"], item["late"]) == ("2027-02-01", True)
        assert [row["kind"] for row in await office.rows("select kind from hold")] == ["suspension"]
        await office.take("stop", person, ground="suspended_too_long", since="2027-01-31")
        page = await office.get("/v1/worklist", kind="suspension_runs_out")
        assert page["items"] == []


async def test_who_reaches_an_age_of_the_law_next_month_is_on_the_list(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        sixty, adult = new_id(), new_id()
        await office.record(sixty, birth_date="1966-11-17")
        await office.record(adult, birth_date="1985-11-17")
        await office.close_month("2026-10")
        await covered(office)
        page = await office.get("/v1/worklist", kind="band_change")
        assert [(item["person_id"], item["years"], item["due_on"]) for item in page["items"]] == [
            (show("per", sixty), 60, "2026-11-01")
        ]


async def undecided(office: Office, **changed: Any) -> UUID:
    person = new_id()
    await office.record(person, **{**UNDECIDED, **changed})
    return person


async def test_who_seems_entitled_and_has_no_decision_is_listed_and_counted_with_the_denominator(
    files: Files,
) -> None:
    async with files.on("2026-10-20") as office:
        decided = new_id()
        await office.record(decided)
        certified = await undecided(office)
        turns_75 = await undecided(office, birth_date="1951-11-30", facts={})
        await undecided(office, birth_date="1951-12-01", facts={})
        lone = await undecided(
            office, birth_date="1960-01-01", poverty_status="poor", facts={"has_family_supporter": False}
        )
        applied = new_id()
        await office.apply(applied, "2026-10-19")
        await office.close_month("2026-10")
        await covered(office)

        page = await office.get("/v1/coverage", by="commune")
        assert (page["as_of"], page["month"], page["complete"]) == ("2026-10-20", "2026-11", True)
        found = {each["programme"]: each for each in page["items"]}
        allowance, pension = found["monthly_allowance"], found["social_pension"]
        assert allowance["commune_code"] == COMMUNE
        assert [allowance[key] for key in ("entitled", "decided", "in_process", "without")] == [4, 1, 1, 2]
        assert allowance["share_decided"] == 0.25
        assert [pension[key] for key in ("entitled", "decided", "without")] == [1, 0, 1]

        async def without(programme: str, **asked: Any) -> list[str]:
            listed = await office.get("/v1/coverage/people", programme=programme, **asked)
            return [each["person_id"] for each in listed["items"]]

        both = sorted([show("per", certified), show("per", lone)])
        assert sorted(await without("monthly_allowance")) == both
        assert await without("social_pension") == [show("per", turns_75)]
        assert await without("social_pension", territory=ELSEWHERE) == []
        # They are called upon, not decided about: nobody has asked yet.
        proposed = await office.rows("select person_id from decision where status = 'proposed'")
        assert [row["person_id"] for row in proposed] == [applied]
        assert (await office.get("/v1/coverage", territory=ELSEWHERE))["items"] == []


async def test_coverage_comes_in_pages_of_programmes_and_places_with_the_same_figures(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        for commune in (COMMUNE, "31136", "31137"):
            await office.record(new_id(), commune_code=commune)
            await undecided(office, commune_code=commune, birth_date="1951-01-01", facts={})
        await office.record(new_id(), **ELSE)
        await office.close_month("2026-10")
        await covered(office)
        for by, pages in (("commune", 7), ("province", 3)):
            whole = (await office.get("/v1/coverage", "ministry", territory="*", by=by))["items"]
            seen: list[dict[str, Any]] = []
            cursor = None
            while cursor or not seen:
                more: dict[str, str] = {"cursor": cursor} if cursor else {}
                page = await office.get("/v1/coverage", "ministry", territory="*", by=by, limit=1, **more)
                assert len(page["items"]) == 1
                seen += page["items"]
                cursor = page["next_cursor"]
            assert seen == whole and len(whole) == pages
        figures = [[each[key] for key in ("province_code", "decided", "without")] for each in whole]
        assert figures == [[ELSEWHERE, 1, 0], ["92", 3, 0], ["92", 0, 3]]
        own = await office.get("/v1/coverage", territory=ELSEWHERE, by="commune")
        assert [each["commune_code"] for each in own["items"]] == [FAR_COMMUNE]


async def test_who_applies_is_not_listed_any_more_after_the_next_day_s_round(files: Files) -> None:
    person = new_id()
    async with files.on("2026-10-20") as office:
        await office.record(person, **{**UNDECIDED, "birth_date": "1951-01-01", "facts": {}})
        await office.close_month("2026-10")
        await covered(office)
        listed = await office.get("/v1/coverage/people", programme="social_pension")
        assert [each["person_id"] for each in listed["items"]] == [show("per", person)]
        await office.apply(
            person, "2026-10-20", version=2, birth_date="1951-01-01", applied_for=["social_pension"], facts={}
        )
    async with files.on("2026-10-21") as office:

        async def gone() -> bool:
            return not (await office.get("/v1/coverage/people", programme="social_pension"))["items"]

        await office.until(gone, "who applied is still listed")


async def test_facts_that_nobody_can_read_do_not_keep_the_others_from_being_looked_at(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        await undecided(office, facts={"disability_degree": "no such degree"})
        entitled = await undecided(office)
        await office.close_month("2026-10")
        await covered(office)
        listed = await office.get("/v1/coverage/people", programme="monthly_allowance")
    assert [each["person_id"] for each in listed["items"]] == [show("per", entitled)]
