"""Stand-ins of the four services: they answer by their contracts and remember what they were asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from libs.common.kernel.ids import derived_id, show

PERSON, OTHER_PERSON = (show("per", derived_id("person", str(i))) for i in range(2))
RUN = show("run", derived_id("run"))
FACILITY = show("fac", derived_id("facility"))
DECISION = show("dec", derived_id("decision"))
#: More than 32 bits hold: 251 billion đồng.
INSTRUCTED = 251_000_000_000


def person_line(person_id: str, name: str) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "household_id": show("hhd", derived_id("household", name)),
        "personal_id": "*********123",
        "full_name": name,
        "birth_date": "1941-02-03",
        "sex": "female",
        "commune_code": "00001",
        "province_code": "01",
    }


def whole_person(person_id: str) -> dict[str, Any]:
    return {
        **person_line(person_id, "Nguyễn Thị Thử"),
        "version": 1,
        "former_province_code": "01",
        "poverty_status": "poor",
        "area": "other",
        "already_receiving": True,
        "applied_for": [],
        "masked": True,
        "payout": {
            "channel": "bank_account",
            "agency_code": "970405",
            "payee_relation": "self",
            "account_number": "*********789",
        },
    }


def run(status: str = "reconciled", settled: int = INSTRUCTED) -> dict[str, Any]:
    amounts = {
        "instructions": 203_733,
        "lines": 407_466,
        "instructed_dong": INSTRUCTED,
        "settled_dong": settled,
        "returned_dong": 0,
        "pending_dong": INSTRUCTED - settled,
        "unknown_dong": 0,
        "standard_dong": 179_285_000_000,
    }
    return {
        "run_id": RUN,
        "status": status,
        "province_code": "01",
        "benefit_months": ["2024-01", "2024-02"],
        "campaign_id": None,
        "content_hash": "abc",
        "progress": settled / INSTRUCTED,
        **amounts,
        "unpayable": 0,
        "corrected_lines": 0,
        "corrected_dong": 0,
        "withheld_dong": 0,
        "list_before": "2023-12-25",
        "returned_before": "2024-02-20",
        "late": None,
        "checked": True,
        "problem": None,
        "by_programme": [{"programme": "monthly_allowance", "people": 203_733, **amounts}],
    }


def total(key: str) -> dict[str, Any]:
    money = {"instructed_dong": INSTRUCTED, "settled_dong": INSTRUCTED, "standard_dong": INSTRUCTED}
    none = {"returned_dong": 0, "pending_dong": 0, "unknown_dong": 0}
    return {"key": key, "people": 3, "instructions": 3, "lines": 6, **money, **none}


@dataclass
class Services:
    """One HTTP transport for all four. `answers` maps "service path" to what it answers."""

    answers: dict[str, Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def says(self, service: str, path: str, body: object, status: int = 200) -> None:
        self.answers[f"{service} {path}"] = lambda _: httpx.Response(status, json=body)

    def is_away(self, service: str, path: str) -> None:
        def away(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        self.answers[f"{service} {path}"] = away

    def calls(self, path: str) -> int:
        return sum(request.url.path == path for request in self.asked)

    def transport(self) -> httpx.MockTransport:
        async def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            found = self.answers.get(f"{request.url.host} {request.url.path}")
            if found is None:
                return httpx.Response(404, json={"code": "not_found", "detail": "Không tìm thấy."})
            return found(request)

        return httpx.MockTransport(answer)
