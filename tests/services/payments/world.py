"""Payments for tests: the real application on a real database, other services' news through its consumer.

Workers are stepped by hand, so that a test says when what happens.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson

from contracts import topics
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import derived_id, read, show
from libs.common.runtime.consumer import Consumer
from libs.common.runtime.sealing import Sealer
from services.payments import wiring
from services.payments.settings import PaymentsSettings
from simulators.answer import Report
from simulators.bank import desk as bank
from simulators.outcomes import Odds
from simulators.post import desk as post
from tests.support.doors import Topic, deliver
from tests.support.postgres import ServiceDatabase

BUSINESS_DATE = "2024-02-05"
MONTHS = ("2024-01", "2024-02")
BANK, POST = "970405", "VNPOST"
HANOI, HCMC = "01", "79"
NOBODY_FAILS = Odds(failing_per_10_000=0)
EVERYBODY_FAILS = Odds(failing_per_10_000=10_000)


class Tokens:
    """Stands for the issuer: `role#sub@territory` is that person in that role; `bank:<code>@territory` a
    partner. What is `revoked` opens nothing any more."""

    def __init__(self) -> None:
        self.revoked: set[str] = set()

    async def claims(self, token: str) -> dict[str, Any]:
        if token in self.revoked:
            raise Refusal("token_invalid", "", "")
        who, _, territory = token.partition("@")
        if who.startswith("bank:"):
            code = who.removeprefix("bank:")
            return {"sub": who, "roles": ["partner"], "agency": code or None, "territory": territory or "*"}
        role, _, sub = who.partition("#")
        return {"sub": sub, "roles": [role], "agency": None, "territory": territory or "*"}


def person(number: int) -> UUID:
    return derived_id("test person", str(number))


def decision(number: int, **changed: Any) -> dict[str, Any]:
    """A confirmed grant of 540,000 đồng a month to that person, paid from January 2024."""
    told = {
        "decision_id": "",
        "person_id": show("per", person(number)),
        "version": 1,
        "programme": "monthly_allowance",
        "outcome": "granted",
        "status": "confirmed",
        "effective_from": "2023-06",
        "pays_from": "2024-01",
        "category": "k6",
        "coefficient_hundredths": 150,
        "standard_dong": 360_000,
        "amount_dong": 540_000,
        "payee": "self",
        "facility_id": None,
        "commune_code": "00001",
        "province_code": HANOI,
        "former_province_code": HANOI,
        "decided_on": "2023-06-15",
        "signed_by_sub": None,
    } | changed
    key = [str(part) for part in (number, told["programme"], told["version"])]
    told["decision_id"] = told["decision_id"] or show("dec", derived_id("test decision", *key))
    return told


def difference(number: int, month: str, due: int, dong: int, **changed: Any) -> dict[str, Any]:
    """A recalculation found that the person's month comes to `due` đồng, `dong` more or less than was told;
    `recalculation`: the how manieth one it is."""
    recalculation = changed.pop("recalculation", 1)
    id_ = derived_id("test difference", str(number), month, str(recalculation))
    return {
        "difference_id": show("dif", id_),
        "recalculation_id": show("rec", UUID(int=recalculation)),
        "person_id": show("per", person(number)),
        "programme": "monthly_allowance",
        "month": month,
        "direction": "arrears" if dong > 0 else "recovery",
        "amount_dong": abs(dong),
        "due_dong": due,
        "category": "k6",
        "coefficient_hundredths": 200,
        "standard_dong": 360_000,
        "reason": "late_fact",
        "old_decision_id": None,
        "payee": "self",
        "facility_id": None,
        "payee_person_id": None,
        "commune_code": "00001",
        "province_code": HANOI,
        "applied_on": "2024-02-05",
        "applied_by_sub": "second",
    } | changed


@dataclass
class Payments:
    """What a test holds: the client, the parts behind it, the topics it hears, a look into the database."""

    parts: wiring.Parts
    client: httpx.AsyncClient
    look: "asyncpg.Connection[asyncpg.Record]"
    sealer: Sealer
    consumer: Consumer
    tokens: Tokens
    topics: dict[str, Topic] = field(default_factory=dict)

    def topic(self, name: str) -> Topic:
        return self.topics.setdefault(name, Topic(name))

    async def hear(self, *records: Any) -> None:
        await deliver(self.consumer, records)

    async def decide(self, *told: dict[str, Any]) -> None:
        topic = self.topic(topics.DECISION.name)
        await self.hear(*(topic.record(read("per", t["person_id"]), "DecisionRecorded", t) for t in told))

    async def differ(self, *told: dict[str, Any]) -> None:
        topic = self.topic(topics.DIFFERENCE.name)
        await self.hear(*(topic.record(read("per", t["person_id"]), "DifferenceRecorded", t) for t in told))

    async def sign(self, told: dict[str, Any]) -> None:
        data = {
            "decision_id": told["decision_id"],
            "person_id": told["person_id"],
            "signed_on": "2024-02-01",
            "signed_by_sub": "chair",
        }
        key = read("per", told["person_id"])
        await self.hear(self.topic(topics.DECISION.name).record(key, "DecisionSigned", data))

    async def account(self, number: int, payee: int | None = None, **changed: Any) -> None:
        """An account of that person's, or the one of the payee who is paid for them."""
        payee = number if payee is None else payee
        secret = {
            "beneficiary_name": f"Nguyễn Thử {number}",
            "personal_id": f"0{number:011d}",
            "payee_name": f"Nguyễn Thử {payee}",
            "payee_relation": "self" if payee == number else "guardian",
            "account_number": f"19{payee:010d}",
            "account_name": f"NGUYEN THU {payee}",
        } | changed.pop("secret", {})
        told = {
            "person_id": show("per", person(number)),
            "version": 1,
            "payee_id": show("acc", derived_id("test payee", str(payee))),
            "channel": "bank_account",
            "agency_code": BANK,
            "commune_code": "00001",
            "province_code": HANOI,
            "secret": self.sealer.seal(orjson.dumps(secret)),
        } | changed
        topic = self.topic(topics.PAYOUT_ACCOUNT.name)
        await self.hear(topic.record(person(number), "PayoutAccountRecorded", told))

    async def cash(self, number: int, commune: str = "00001", **changed: Any) -> None:
        """That person is paid at the post office."""
        await self.account(
            number,
            channel="post_office",
            agency_code=POST,
            commune_code=commune,
            secret={"account_number": None, "account_name": None},
            **changed,
        )

    async def facility(self, name: str = "F1", account: str = "888800001111", **changed: Any) -> str:
        facility_id = derived_id("test facility", name)
        told = {
            "facility_id": show("fac", facility_id),
            "version": 1,
            "code": name,
            "name": f"Trung tâm thử {name}",
            "kind": "elderly",
            "sector": "public",
            "province_code": HANOI,
            "commune_code": "00001",
            "places": 10,
            "agency_code": BANK,
            "secret": self.sealer.seal(
                orjson.dumps({"account_number": account, "account_name": "TRUNG TAM THU"})
            ),
        } | changed
        await self.hear(self.topic(topics.FACILITY.name).record(facility_id, "FacilityRecorded", told))
        return show("fac", facility_id)

    async def close(self, *months: str) -> None:
        """The markers of these months come on every topic and shard."""
        for name in wiring.AWAITS:
            for month in months:
                await self.hear(*self.topic(name).month_closed(month))

    async def work(self, *names: str) -> None:
        """Step the workers (all, or those named) until none has anything left to do."""
        chosen = [worker for worker in self.parts.workers if not names or worker.name in names]
        while any([await worker.step() for worker in chosen]):
            pass

    async def get(self, path: str, as_: str = "checker#c", **params: Any) -> httpx.Response:
        return await self.client.get(path, params=params, headers=token(as_))

    async def post(self, path: str, body: Any, as_: str, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body, headers={**token(as_), **headers})

    async def ask_run(
        self, *months: str, province: str = HANOI, as_: str = "maker#m", **more: Any
    ) -> httpx.Response:
        body = {"province_code": province, "benefit_months": list(months or MONTHS), **more}
        return await self.post("/v1/runs", body, as_)

    async def built(self, *months: str, **more: Any) -> dict[str, Any]:
        """A run, built."""
        answer = await self.ask_run(*months, **more)
        assert answer.status_code == 202, answer.text
        await self.work("run builder", "run checker")
        return await self.run(answer.json()["run_id"])

    async def run(self, run_id: str) -> dict[str, Any]:
        answer = await self.get(f"/v1/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def approve(self, run: dict[str, Any], as_: str = "checker#c") -> httpx.Response:
        body = {"content_hash": run["content_hash"]}
        return await self.post(f"/v1/runs/{run['run_id']}/approval", body, as_)

    async def instructed(self, *months: str, **more: Any) -> dict[str, Any]:
        """A run, built, approved, booked and written to files."""
        run = await self.built(*months, **more)
        assert (await self.approve(run)).status_code == 200
        await self.work()
        return await self.run(run["run_id"])

    async def files(self, agency: str = BANK, **params: Any) -> list[dict[str, Any]]:
        answer = await self.get("/v1/payment-files", f"bank:{agency}", **params)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def content(self, file_id: str, agency: str = BANK) -> bytes:
        return (await self.get(f"/v1/payment-files/{file_id}/content", f"bank:{agency}")).content

    async def reports(self, file_id: str, agency: str, odds: Odds) -> tuple[Report, ...]:
        """What the partner makes of a file."""
        content = await self.content(file_id, agency)
        if agency == POST:
            return post.answer(content, file_id, odds).reports
        return bank.answer(content, file_id, agency, odds).reports

    async def hand_in(self, file_id: str, content: bytes, agency: str = BANK) -> httpx.Response:
        return await self.client.post(
            "/v1/partner-reports",
            params={"payment_file_id": file_id},
            files={"file": ("report", content)},
            headers=token(f"bank:{agency}"),
        )

    async def answered(self, odds: Odds = NOBODY_FAILS, agencies: tuple[str, ...] = (BANK, POST)) -> None:
        """Every ready file of these agencies is reported on, and the reports are taken."""
        for agency in agencies:
            for file in await self.files(agency, status="ready"):
                for report in await self.reports(file["payment_file_id"], agency, odds):
                    answer = await self.hand_in(file["payment_file_id"], report.content, agency)
                    assert answer.status_code == 202, answer.text
        await self.work()

    async def report(self, report_id: str, agency: str = BANK) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"/v1/partner-reports/{report_id}", f"bank:{agency}")).json()
        return found

    async def events(self, as_: str = f"bank:{BANK}", **params: Any) -> list[dict[str, Any]]:
        """A page of the events that they see."""
        items: list[dict[str, Any]] = (await self.get("/v1/events", as_, **params)).json()["items"]
        return items

    async def told(self, type_: str) -> list[dict[str, Any]]:
        rows = await self.look.fetch("select data from outbox where type = $1 order by id", type_)
        return [orjson.loads(row["data"]) for row in rows]

    async def violations(self) -> dict[int, int]:
        items = (await self.get("/v1/invariants", "auditor#a")).json()["items"]
        return {item["number"]: item["violations"] for item in items if item["violations"]}


def token(as_: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {as_}"}


#: So that no test waits for what takes its time in an office, and lists of some people have several shards.
_QUICK = {
    "ANSINH_RUN_SHARD_PEOPLE": "25",
    "ANSINH_TOKEN_CHECK_SECONDS": "0.2",
    "ANSINH_STREAM_SECONDS": "0.05",
    "ANSINH_WEBHOOK_SECONDS": "0",
    "ANSINH_WEBHOOK_SENDERS": "2",
}


async def open_payments(database: ServiceDatabase, **changed: str) -> Payments:
    """`changed`: further ANSINH_* variables."""
    environment = {**database.environment, "ANSINH_BUSINESS_DATE": BUSINESS_DATE, **_QUICK, **changed}
    parts = wiring.parts(PaymentsSettings.from_environment("payments", environment))
    application = wiring.service(parts)
    application.state.verifier = tokens = Tokens()
    await parts.database.open()
    handlers = {
        topics.DECISION.name: parts.incoming.decisions,
        topics.DIFFERENCE.name: parts.incoming.differences,
        topics.PAYOUT_ACCOUNT.name: parts.incoming.accounts,
        topics.FACILITY.name: parts.incoming.facilities,
    }
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    return Payments(
        parts=parts,
        client=httpx.AsyncClient(transport=transport, base_url="http://payments", timeout=60),
        look=await asyncpg.connect(database.url_superuser),
        sealer=Sealer(environment["ANSINH_SEAL_PUBLIC_PAYMENTS"]),
        consumer=Consumer(parts.database, parts.settings, handlers),
        tokens=tokens,
    )


async def close_payments(payments: Payments) -> None:
    await payments.client.aclose()
    await payments.look.close()
    await payments.parts.database.close()
