"""Lines in suspense and a run's reconciliation, through the one door."""

import httpx

from tests.gateway.test_reads import ask
from tests.gateway.world.services import RUN, Services

_LINE = RUN.replace("run_", "sus_")
_SHOWN = {
    "suspense_id": _LINE,
    "run_id": RUN,
    "agency_code": "970405",
    "province_code": "01",
    "reason": "unknown_reference",
    "outcome": "returned",
    "reference": "whatever",
    "instruction_id": None,
    "amount_dong": 540_000,
    "told_on": "2024-02-05",
    "held": True,
    "told_again": False,
    "waits_since": "2024-02-05",
    "age_days": 3,
    "status": "waiting",
    "resolution": None,
    "note": "",
    "problem": None,
}
_DAY = {
    "on": "2024-02-05",
    "lines": 3,
    "statement_dong": 30,
    "settled_dong": 10,
    "returned_dong": 5,
    "suspense_dong": 15,
    "duplicates_dong": 10,
    "unresolved_dong": 5,
}
_AGENCY = {
    "agency_code": "970405",
    "instructed_dong": 20,
    "settled_dong": 10,
    "returned_dong": 5,
    "pending_dong": 5,
    "unknown_dong": 0,
    "held_dong": 5,
    "days": [_DAY],
}
_READ = """query {
    suspense(first: 3, reason: UNKNOWN_REFERENCE) {
        nodes { id held ageDays amountDong paymentId } nextCursor }
    suspenseSummary { agencyCode ageDaysMax heldDong }
    reconciliation(runId: "%s") { agencyCode heldDong days { on statementDong unresolvedDong } } }"""
_PROPOSE = """mutation {
    proposeResolution(id: "%s", resolution: SENT_BACK, note: "thử") { status resolution } }"""


async def test_what_waits_and_a_run_s_money_are_told_as_payments_tell_them(
    client: httpx.AsyncClient, services: Services
) -> None:
    group = {
        "agency_code": "970405",
        "reason": "unknown_reference",
        "age_days_max": None,
        "lines": 1,
        "amount_dong": 7,
        "held_dong": 5,
    }
    services.says("payments", "/v1/suspense", {"items": [_SHOWN], "next_cursor": "more"})
    services.says("payments", "/v1/suspense/summary", {"on": "2024-02-08", "items": [group]})
    services.says(
        "payments", f"/v1/runs/{RUN}/reconciliation", {"run_id": RUN, "agencies": [_AGENCY], "suspense": {}}
    )
    found = (await ask(client, _READ % RUN))["data"]
    [node] = found["suspense"]["nodes"]
    assert node == {"id": _LINE, "held": True, "ageDays": 3, "amountDong": 540_000, "paymentId": None}
    assert found["suspenseSummary"] == [{"agencyCode": "970405", "ageDaysMax": None, "heldDong": 5}]
    [agency] = found["reconciliation"]
    assert agency["days"] == [{"on": "2024-02-05", "statementDong": 30, "unresolvedDong": 5}]
    [request] = [each for each in services.asked if each.url.path == "/v1/suspense"]
    assert (request.url.params["reason"], request.url.params["limit"]) == ("unknown_reference", "3")


async def test_a_resolution_is_proposed_as_by_rest(client: httpx.AsyncClient, services: Services) -> None:
    proposed = _SHOWN | {"status": "proposed", "resolution": "sent_back"}
    services.says("payments", f"/v1/suspense/{_LINE}/proposal", proposed)
    found = (await ask(client, _PROPOSE % _LINE))["data"]
    assert found["proposeResolution"] == {"status": "PROPOSED", "resolution": "SENT_BACK"}
