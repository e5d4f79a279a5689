"""An office's work and the law's reach, through the one door."""

import httpx

from tests.gateway.test_reads import ask
from tests.gateway.world.services import PERSON, RUN, Services, whole_person

WORKLIST = """query { worklist(late: true, kind: APPLICATION, first: 5) {
    on counts { kind items late withoutTerm }
    nodes { kind dueOn workingDaysLate programmes commune { code } person { fullName } } nextCursor } }"""
COVERAGE = """query { coverage(by: COMMUNE) { asOf month complete
    nodes { programme provinceName communeCode entitled decided inProcess without shareDecided } } }"""

LONGEVITY = """query {
    longevity(fromMonth: "2024-01", untilMonth: "2024-12", first: 7) {
        nodes { month age people totalDong commune { code } } nextCursor }
    longevityPeople(fromMonth: "2024-01", untilMonth: "2024-12", communeCode: "00001", first: 5) {
        nodes { birthDate dong citation person { fullName } } nextCursor } }"""


async def test_what_is_late_comes_with_whom_it_concerns(
    client: httpx.AsyncClient, services: Services
) -> None:
    item = {
        "kind": "application",
        "item_id": RUN.replace("run_", "cas_"),
        "person_id": PERSON,
        "case_id": RUN.replace("run_", "cas_"),
        "programmes": ["monthly_allowance"],
        "due_on": "2024-02-01",
        "late": True,
        "working_days_late": 2,
        "years": None,
        "commune_code": "00001",
        "province_code": "01",
    }
    count = {"kind": "application", "items": 7, "late": 1, "without_term": 0}
    page = {"on": "2024-02-05", "counts": [count], "items": [item], "next_cursor": None}
    services.says("eligibility", "/v1/worklist", page)
    services.says("registry", f"/v1/people/{PERSON}", whole_person(PERSON))
    found = (await ask(client, WORKLIST))["data"]["worklist"]
    assert found["counts"] == [{"kind": "APPLICATION", "items": 7, "late": 1, "withoutTerm": 0}]
    [node] = found["nodes"]
    assert (node["dueOn"], node["workingDaysLate"], node["person"]["fullName"]) == (
        "2024-02-01",
        2,
        "Nguyễn Thị Thử",
    )
    [request] = [each for each in services.asked if each.url.path == "/v1/worklist"]
    asked = {name: request.url.params[name] for name in ("kind", "late", "limit")}
    assert asked == {"kind": "application", "late": "true", "limit": "5"}


async def test_coverage_comes_with_its_denominator(client: httpx.AsyncClient, services: Services) -> None:
    covered = {
        "programme": "social_pension",
        "province_code": "01",
        "commune_code": "00004",
        "entitled": 4,
        "decided": 1,
        "in_process": 1,
        "without": 2,
        "share_decided": 0.25,
    }
    page = {"as_of": "2024-02-05", "month": "2024-03", "complete": True, "items": [covered]}
    services.says("eligibility", "/v1/coverage", page)
    found = (await ask(client, COVERAGE))["data"]["coverage"]
    assert (found["month"], found["complete"]) == ("2024-03", True)
    [node] = found["nodes"]
    assert (node["programme"], node["entitled"], node["without"], node["shareDecided"]) == (
        "SOCIAL_PENSION",
        4,
        2,
        0.25,
    )


async def test_who_completes_an_age_is_counted_and_told(
    client: httpx.AsyncClient, services: Services
) -> None:
    due = {
        "month": "2024-05",
        "age": 90,
        "province_code": "01",
        "commune_code": "00001",
        "covered": True,
        "dong": 500_000,
        "in_kind_dong": 150_000,
        "in_kind": "Quà",
        "citation": "Thông tư 96/2018",
        "mark": "verified",
    }
    counts = {"items": [{**due, "people": 3, "total_dong": 1_500_000}], "next_cursor": "more"}
    people = {"items": [{**due, "person_id": PERSON, "birth_date": "1934-05-02"}], "next_cursor": None}
    services.says("eligibility", "/v1/occasions/longevity", counts)
    services.says("eligibility", "/v1/occasions/longevity/people", people)
    services.says("registry", f"/v1/people/{PERSON}", whole_person(PERSON))
    found = (await ask(client, LONGEVITY))["data"]
    assert found["longevity"]["nextCursor"] == "more"
    [count], [one] = found["longevity"]["nodes"], found["longevityPeople"]["nodes"]
    assert (count["age"], count["people"], count["totalDong"]) == (90, 3, 1_500_000)
    assert (one["birthDate"], one["dong"], one["person"]["fullName"]) == (
        "1934-05-02",
        500_000,
        "Nguyễn Thị Thử",
    )
    [request] = [each for each in services.asked if each.url.path == "/v1/occasions/longevity"]
    assert (request.url.params["from_month"], request.url.params["limit"]) == ("2024-01", "7")
