"""Overpayments and how they come back, through the one door."""

from typing import Any

import httpx
import orjson
import pytest

from gateway.schema.overpayment import RecoveryKind, RecoveryStatus
from services.payments.domain import recoveries
from tests.gateway.test_reads import ask
from tests.gateway.world.services import PERSON, RUN, Services, whole_person

_ID, _RECOVERY = RUN.replace("run_", "ovp_"), RUN.replace("run_", "rcv_")
_SHOWN: dict[str, Any] = {
    "overpayment_id": _ID,
    "difference_id": RUN.replace("run_", "dif_"),
    "person_id": PERSON,
    "programme": "monthly_allowance",
    "benefit_month": "2024-01",
    "amount_dong": 540_000,
    "withheld_dong": 100_000,
    "reserved_dong": 100_000,
    "recovered_dong": 40_000,
    "waived_dong": 0,
    "open_dong": 400_000,
    "monthly_dong": None,
    "commune_code": "00001",
    "province_code": "01",
    "booked_on": "2024-02-05",
}
_RECOVERED: dict[str, Any] = {
    "recovery_id": _RECOVERY,
    "overpayment_id": _ID,
    "kind": "plan",
    "amount_dong": 100_000,
    "document": "12/QĐ",
    "note": "thử",
}
_READ = """query($person: ID, $open: Boolean!) {
    overpayments(personId: $person, onlyOpen: $open, first: 3) {
        nodes { id benefitMonth openDong monthlyDong person { fullName } } nextCursor } }"""
_PROPOSE = """mutation { proposeRecovery(overpaymentId: "%s", kind: PLAN, amountDong: 100000,
    document: "12/QĐ", note: "thử") { id kind amountDong status } }"""
_STEP = 'mutation { %sRecovery(id: "%s") { id status } }'


def test_every_kind_and_status_that_payments_knows_can_be_told() -> None:
    assert {one.value for one in RecoveryKind} == set(recoveries.KINDS)
    reachable = {status for edge in recoveries.TRANSITIONS for status in edge}
    assert {one.value for one in RecoveryStatus} == reachable


async def test_what_is_owed_comes_with_who_owes_it(client: httpx.AsyncClient, services: Services) -> None:
    services.says("payments", "/v1/overpayments", {"items": [_SHOWN], "next_cursor": "more"})
    services.says("registry", f"/v1/people/{PERSON}", whole_person(PERSON))
    found = (await ask(client, _READ, person=PERSON, open=False))["data"]["overpayments"]
    assert found == {
        "nodes": [
            {
                "id": _ID,
                "benefitMonth": "2024-01",
                "openDong": 400_000,
                "monthlyDong": None,
                "person": {"fullName": "Nguyễn Thị Thử"},
            }
        ],
        "nextCursor": "more",
    }
    [request] = [each for each in services.asked if each.url.path == "/v1/overpayments"]
    assert dict(request.url.params) == {"person_id": PERSON, "only_open": "false", "limit": "3"}


async def test_a_recovery_is_proposed_as_by_rest(client: httpx.AsyncClient, services: Services) -> None:
    path = f"/v1/overpayments/{_ID}/recoveries"
    services.says("payments", path, _RECOVERED | {"status": "proposed"})
    found = (await ask(client, _PROPOSE % _ID))["data"]["proposeRecovery"]
    assert found == {"id": _RECOVERY, "kind": "PLAN", "amountDong": 100_000, "status": "PROPOSED"}
    [request] = [each for each in services.asked if each.url.path == path]
    said = orjson.loads(request.content)
    assert said == {name: _RECOVERED[name] for name in ("kind", "amount_dong", "document", "note")}


@pytest.mark.parametrize(
    ("step", "door", "status"),
    [("approve", "approval", "booked"), ("withdraw", "withdrawal", "withdrawn")],
)
async def test_a_recovery_is_decided_as_by_rest(
    client: httpx.AsyncClient, services: Services, step: str, door: str, status: str
) -> None:
    path = f"/v1/overpayments/recoveries/{_RECOVERY}/{door}"
    services.says("payments", path, _RECOVERED | {"status": status})
    found = (await ask(client, _STEP % (step, _RECOVERY)))["data"][f"{step}Recovery"]
    assert found == {"id": _RECOVERY, "status": status.upper()}
