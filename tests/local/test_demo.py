"""The driver of a scenario: patient with an outage, and a judge that misses nothing."""

import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic

import httpx
import pytest

from deploy.local import keys, verify
from deploy.local.demo import client, figures
from deploy.local.demo.figures import Figures, Group
from deploy.local.places import Places
from deploy.local.verify import Counts, Finding, between_services
from scenarios.manifest import Expected, Manifest, Published, Sum

_AMOUNTS = {
    "instructions": 98,
    "lines": 100,
    "instructed_dong": 40_500_000,
    "settled_dong": 40_000_000,
    "returned_dong": 500_000,
    "pending_dong": 0,
}


def group(key: str, people: int, dong: int) -> Group:
    return Group(key, key, people, dong, {})


MANIFEST = Manifest(
    scenario="ninh-thuan-2019",
    province_code="56",
    former_province_code="58",
    benefit_months=("2019-12",),
    business_date="2019-12-20",
    seed=1,
    people=112,
    expected=Expected(
        beneficiaries=100,
        dong=40_500_000,
        by_category={
            "k5": Sum(95, 38_000_000),
            "health_condition": Sum(5, 2_500_000),
            "nurture": Sum(2, 2_160_000),
            "care": Sum(3, 810_000),
        },
        by_month={"2019-12": Sum(100, 40_500_000)},
        not_entitled=8,
        proposed=3,
        payees=98,
        residents=2,
        nurture_dong=2_160_000,
        lines_standard_sum=27_000_000,
        carers=2,
        care_dong=810_000,
    ),
    published=Published(beneficiaries=100, dong=40_600_000, nurture_dong=None),
)
GOOD = Figures(
    people=112,
    decided=112,
    refused=10,
    unsigned=0,
    beneficiaries=100,
    amounts=_AMOUNTS,
    standard_dong=27_000_000,
    residents=2,
    nurture_dong=2_160_000,
    carers=2,
    care_dong=810_000,
    categories=[
        group("k5", 95, 38_000_000),
        group("other", 5, 2_500_000),
        group("care", 3, 810_000),
        group("nurture", 2, 2_160_000),
    ],
    channels=[],
    communes=[],
    counts=Counts(10, 14, 14),
    findings=[Finding(1, "conserved", "payments", 0)],
)


def test_a_good_run_has_no_problem() -> None:
    assert figures.problems(MANIFEST, GOOD) == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (replace(GOOD, categories=[group("k5", 95, 38_000_001), *GOOD.categories[1:]]), "category k5"),
        (replace(GOOD, categories=GOOD.categories[:-1]), "category nurture"),
        (replace(GOOD, categories=[*GOOD.categories, group("k9", 1, 1)]), "category k9"),
        (replace(GOOD, beneficiaries=101), "beneficiaries: 101 is"),
        (replace(GOOD, amounts={**_AMOUNTS, "instructed_dong": 42_000_000}), "dong: 42,000,000 is"),
        (replace(GOOD, amounts={**_AMOUNTS, "pending_dong": 1}), "settled"),
        (replace(GOOD, people=109), "people registered"),
        (replace(GOOD, decided=109), "people decided"),
        (replace(GOOD, residents=3), "residents"),
        (replace(GOOD, standard_dong=27_000_001), "standards"),
        (replace(GOOD, standard_dong=20_000_000), "average coefficient"),
        (replace(GOOD, counts=Counts(10, 13, 14)), "events consumed"),
        (replace(GOOD, findings=[Finding(2, "balanced", "payments", 1)]), "invariant 2"),
        (replace(GOOD, disagreements=["lines: gateway 1, payments 2"]), "figures differ"),
        (replace(GOOD, unsigned=1), "unsigned"),
        (replace(GOOD, carers=3), "carers"),
        (replace(GOOD, care_dong=810_001), "care dong"),
        (replace(GOOD, refused=5), "not entitled"),
    ],
)
def test_whatever_is_off_is_said(bad: Figures, said: str) -> None:
    assert any(said in line for line in figures.problems(MANIFEST, bad))


def test_the_summary_has_the_keys_that_are_promised() -> None:
    made = figures.summary(MANIFEST, GOOD, {"total": 1.0, "stages": {}})
    assert list(made) == [
        "scenario",
        "people",
        "decided",
        "beneficiaries",
        "instructions",
        "instructed_dong",
        "settled_dong",
        "returned_dong",
        "pending_dong",
        "residents",
        "nurture_dong",
        "published_beneficiaries",
        "published_dong",
        "published_nurture_dong",
        "deviation_beneficiaries",
        "deviation_dong",
        "average_coefficient",
        "events_published",
        "events_consumed",
        "events_expected",
        "invariant_violations",
        "seconds",
        "carers",
        "care_dong",
        "gifts",
    ]
    assert made["gifts"] is None
    assert made["deviation_beneficiaries"] == 0
    assert made["deviation_dong"] == pytest.approx(-0.002463, abs=1e-6)
    assert made["average_coefficient"] == 1.5


def test_a_silent_report_has_no_deviation() -> None:
    assert figures.deviation(5, None) is None


async def test_an_outage_is_ridden_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSE_SECONDS_FIRST", 0.001)
    answers: list[httpx.Response | httpx.HTTPError] = [
        httpx.ConnectError("refused"),
        httpx.Response(503),
        httpx.Response(200),
    ]

    async def once() -> httpx.Response:
        answer = answers.pop(0)
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer

    assert (await client.patiently("payments /v1/runs", once)).status_code == 200


async def test_an_outage_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSE_SECONDS_FIRST", 0.0)
    clock = itertools.count(step=20.0)
    monkeypatch.setattr("deploy.local.demo.client.monotonic", lambda: next(clock))

    async def once() -> httpx.Response:
        return httpx.Response(502)

    with pytest.raises(client.Away, match="payments /v1/runs: no answer for 60 s \\(502\\)"):
        await client.patiently("payments /v1/runs", once)


async def test_a_refusal_is_no_outage() -> None:
    async def once() -> httpx.Response:
        return httpx.Response(409)

    assert (await client.patiently("payments /v1/runs", once)).status_code == 409


async def test_the_invariants_are_asked_again_where_a_door_is_shut(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(client, "_PAUSE_SECONDS_FIRST", 0.001)
    shut = {"/v1/positions", "/v1/invariants"}
    answers: dict[str, dict[str, object]] = {
        "/v1/positions": {"published": {}, "applied": {}, "pending": 0, "set_aside": 0},
        "/v1/invariants": {"items": [{"number": 2, "name": "balanced", "violations": 0, "sample": []}]},
    }

    def door(request: httpx.Request) -> httpx.Response:
        if request.url.path in shut:
            shut.remove(request.url.path)
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=answers[request.url.path])

    http = httpx.AsyncClient(transport=httpx.MockTransport(door))
    known = {"auditor": (monotonic(), "a token")}
    driver = client.Client(Places(tmp_path, 8100), keys.load_or_make(tmp_path), "56", http, known)
    findings, counts = await verify.verify(partial(driver.get, "auditor"))
    await driver.close()
    assert not shut
    assert sum(finding.name == "balanced" for finding in findings) == len(keys.SERVICES)
    assert counts == Counts(published=0, consumed=0, expected=0)


def _positions(person: tuple[int, str], heard: tuple[int, str]) -> dict[str, dict[str, object]]:
    def side(counted: tuple[int, str]) -> dict[str, object]:
        return {"ansinh.registry.person.v1": {"events": counted[0], "digest": counted[1]}}

    nothing = {"published": {}, "applied": {}, "pending": 0, "set_aside": 0}
    return {
        "registry": {**nothing, "published": side(person)},
        "facilities": {**nothing, "applied": side(heard)},
        "eligibility": {**nothing, "applied": side(person)},
        "payments": nothing,
    }


@pytest.mark.parametrize(
    ("told", "heard", "broken"),
    [
        ((5, "a"), (5, "a"), set()),
        ((5, "a"), (4, "b"), {7}),
        ((5, "a"), (6, "b"), {8}),
        ((5, "a"), (5, "b"), {7, 8}),
    ],
)
def test_logs_and_inboxes_are_compared(
    told: tuple[int, str], heard: tuple[int, str], broken: set[int]
) -> None:
    found = between_services(_positions(told, heard))
    assert {finding.number for finding in found if finding.violations} == broken
