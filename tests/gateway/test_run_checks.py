"""A run is looked at, accepted and withdrawn through the one door, as payments allow it."""

import httpx
import orjson

from tests.gateway.test_reads import ask
from tests.gateway.world.services import RUN, Services, run

_CHECK = {
    "kind": "amount_jump",
    "findings": 2,
    "before_dong": 540_000,
    "amount_dong": 5_400_000,
    "holds": True,
    "reason": None,
    "accepted_at": None,
}
_FINDING = {
    "programme": "monthly_allowance",
    "person_id": RUN.replace("run_", "per_"),
    "instruction_id": None,
    "benefit_month": "2024-01",
    "before_dong": 270_000,
    "amount_dong": 2_700_000,
    "commune_code": "00001",
}
_READ = f"""query {{
    runChecks(runId: "{RUN}") {{ kind findings holds acceptedAt }}
    runFindings(runId: "{RUN}", kind: AMOUNT_JUMP, first: 7) {{
        nodes {{ personId paymentId benefitMonth amountDong }} nextCursor }} }}"""
_ACCEPT = f"""mutation {{
    acceptFindings(runId: "{RUN}", kind: AMOUNT_JUMP, reason: "truy lĩnh") {{ kind holds reason }} }}"""


def sent(services: Services, path: str) -> object:
    [request] = [each for each in services.asked if each.url.path == path]
    return orjson.loads(request.content)


async def test_what_is_odd_is_told_by_kind_and_one_by_one(
    client: httpx.AsyncClient, services: Services
) -> None:
    services.says("payments", f"/v1/runs/{RUN}/checks", {"checked": True, "items": [_CHECK]})
    services.says("payments", f"/v1/runs/{RUN}/findings", {"items": [_FINDING], "next_cursor": "more"})
    found = (await ask(client, _READ))["data"]
    assert found["runChecks"] == [{"kind": "AMOUNT_JUMP", "findings": 2, "holds": True, "acceptedAt": None}]
    [node] = found["runFindings"]["nodes"]
    assert (node["paymentId"], node["benefitMonth"], node["amountDong"]) == (None, "2024-01", 2_700_000)
    [request] = [each for each in services.asked if each.url.path.endswith("/findings")]
    assert (request.url.params["kind"], request.url.params["limit"]) == ("amount_jump", "7")


async def test_a_run_that_was_not_looked_at_yet_is_not_a_clean_one(
    client: httpx.AsyncClient, services: Services
) -> None:
    read = f'query {{ runChecks(runId: "{RUN}") {{ kind }} }}'
    for checked, shown in ((False, None), (True, [])):
        services.says("payments", f"/v1/runs/{RUN}/checks", {"checked": checked, "items": []})
        assert (await ask(client, read))["data"] == {"runChecks": shown}


async def test_what_is_odd_is_accepted_as_by_rest_and_refused_as_by_rest(
    client: httpx.AsyncClient, services: Services
) -> None:
    path = f"/v1/runs/{RUN}/acceptances"
    accepted = _CHECK | {"holds": False, "reason": "truy lĩnh"}
    services.says("payments", path, {"checked": True, "items": [accepted]})
    found = (await ask(client, _ACCEPT))["data"]
    assert found["acceptFindings"] == [{"kind": "AMOUNT_JUMP", "holds": False, "reason": "truy lĩnh"}]
    assert sent(services, path) == {"kind": "amount_jump", "reason": "truy lĩnh"}
    services.says("payments", path, {"code": "same_identity", "title": "Không được tự duyệt"}, 403)
    refused = await ask(client, _ACCEPT)
    assert refused["errors"][0]["extensions"]["code"] == "same_identity"


async def test_a_run_is_built_from_a_fund_and_withdrawn_with_its_reason(
    client: httpx.AsyncClient, services: Services
) -> None:
    fund = RUN.replace("run_", "fun_")
    services.says("payments", "/v1/runs", {"run_id": RUN})
    services.says("payments", f"/v1/runs/{RUN}", run("building", 0))
    services.says("payments", f"/v1/runs/{RUN}/withdrawal", run("withdrawn", 0))
    built = await ask(
        client,
        f'mutation {{ buildRun(provinceCode: "01", benefitMonths: ["2024-01"], fundId: "{fund}") {{ id }} }}',
    )
    assert built["data"]["buildRun"] == {"id": RUN}
    assert sent(services, "/v1/runs") == {
        "province_code": "01",
        "benefit_months": ["2024-01"],
        "fund_id": fund,
    }
    gone = await ask(client, f'mutation {{ withdrawRun(id: "{RUN}", reason: "nhầm") {{ status }} }}')
    assert gone["data"]["withdrawRun"] == {"status": "WITHDRAWN"}
    assert sent(services, f"/v1/runs/{RUN}/withdrawal") == {"reason": "nhầm"}
