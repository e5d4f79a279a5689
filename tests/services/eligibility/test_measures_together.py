"""Measures that cross each other: what one holds back, another does not grant."""

from uuid import UUID

from libs.common.kernel.ids import new_id, show
from tests.services.eligibility.office import COMMUNE, ELSEWHERE, FAR_COMMUNE, Files, Office, paid

REFUSES = {"ground": "refuses_reassessment"}


async def suspended(office: Office, since: str = "2026-11-01") -> UUID:
    person = new_id()
    await office.record(person)
    await office.close_month("2026-10")
    await office.take("suspension", person, since=since, **REFUSES)
    return person


async def test_what_was_stopped_meanwhile_is_not_resumed(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await suspended(office)
        resumption = await office.prepare("resumption", person)
        await office.take("stop", person, ground="imprisoned", since="2026-10-12")
        path = f"/v1/cases/{resumption['case_id']}/signature"
        status, said = await office.post(path, role="commune-chair")
        decisions = await office.decisions(person)
    assert (status, said["code"]) == (409, "nothing_in_force")
    assert paid(decisions, "2026-10", "2026-11", "2026-12") == [
        (COMMUNE, 810_000),
        (COMMUNE, 0),
        (COMMUNE, 0),
    ]


async def test_a_resumption_pays_up_to_the_stop_that_was_signed_before_it(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await suspended(office)
        stop = await office.prepare("stop", person, ground="imprisoned", since="2026-11-12")
        assert (await office.post(f"/v1/cases/{stop['case_id']}/signature", role="commune-chair"))[0] == 200
        resumption = await office.prepare("resumption", person)
        await office.post(f"/v1/cases/{resumption['case_id']}/signature", role="commune-chair")
        await office.close_month("2026-11")
        await office.until(office._carried_out, "a measure was not carried out")
        await office.close_month("2026-12")
        decisions = await office.decisions(person)
    assert [amount for _, amount in paid(decisions, "2026-10", "2026-11", "2026-12", "2027-01")] == [
        810_000,
        810_000,
        0,
        0,
    ]


async def test_a_resumption_that_waits_is_not_prepared_a_second_time(files: Files) -> None:
    """The second one would end the suspension, and leave the first with nothing that it could do."""
    async with files.on("2026-10-20") as office:
        person = await suspended(office)
    async with files.on("2026-11-03") as office:
        first = await office.prepare("resumption", person, since="2026-12-15")
        assert (await office.post(f"/v1/cases/{first['case_id']}/signature", role="commune-chair"))[0] == 200
        again = await office.prepare("resumption", person)
    assert again["case_id"] == first["case_id"]


async def test_a_move_does_not_pay_who_is_suspended(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = new_id()
        await office.record(person)
        await office.close_month("2026-10")
        await office.record(person, 2, commune_code=FAR_COMMUNE, province_code=ELSEWHERE)
        [move] = await office.cases(person, ELSEWHERE)
        await office.take("suspension", person, since="2026-11-01", **REFUSES)
        await office.sign(move, territory=ELSEWHERE)
        await office.close_month("2026-11")
        decisions = await office.decisions(person)
        assert paid(decisions, "2026-10", "2026-11", "2026-12") == [
            (COMMUNE, 810_000),
            (FAR_COMMUNE, 0),
            (FAR_COMMUNE, 0),
        ]
        [hold] = await office.rows("select province_code, until_month from hold")
        held = (await office.get("/v1/invariants", role="auditor", territory="*"))["items"]
        assert all(item["violations"] == 0 for item in held)
    assert tuple(hold) == (ELSEWHERE, None)


async def test_a_day_further_ahead_than_next_month_is_refused(files: Files) -> None:
    async with files.on("2026-10-20") as office:
        person = await suspended(office)
        for kind, since in (("stop", "9999-12-31"), ("stop", "2026-12-01"), ("resumption", "2026-12-01")):
            body = {
                "kind": kind,
                "person_id": show("per", person),
                "programme": "monthly_allowance",
                "ground": "imprisoned",
                "since": since,
            }
            status, said = await office.post("/v1/measures", body)
            assert (status, said["errors"][0]["path"]) == (422, "since")
