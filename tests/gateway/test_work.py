"""An office's work and the law's reach, through the one door."""

import httpx

from tests.gateway.test_reads import ask
from tests.gateway.world.services import PERSON, RUN, Services, whole_person

WORKLIST = """query { worklist(late: true, kind: APPLICATION, first: 5) {
    on counts { kind items late withoutTerm }
    nodes { kind dueOn workingDaysLate programmes commune { code } person { fullName } } nextCursor } }"""
COVERAGE = """query { coverage(by: COMMUNE) { asOf month complete
    nodes { programme provinceName communeCode entitled decided inProcess without shareDecided } } }"""


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
