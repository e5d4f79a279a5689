"""The law engine's lines: one decision, a nation in memory, the assessment door."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import assessments, openfisca
from benchmarks.bench import Line, Side, Target
from benchmarks.openfisca import OpenFisca
from benchmarks.population import nation
from libs.common.kernel.months import Month
from services.eligibility import wiring
from services.eligibility.domain import reasons
from services.eligibility.domain.case_reading import read_person
from services.eligibility.domain.columns import CODES, FLAGS, FactColumns, row
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.domain.packs import Place
from services.eligibility.domain.vectorised import VectorPack, compile_pack, evaluate

#: Within NĐ 335/2026, the law that the peer's rules were written from.
MONTH = Month(2026, 12)
_SIZES, _SIZES_QUICK = (100_000, 1_000_000, 4_000_000), (20_000, 100_000)
_CASES, _CASES_QUICK = 1_000, 200
_REQUESTS, _REQUESTS_QUICK = 2_000, 300


def peers() -> dict[str, str]:
    lines = (openfisca.HOME / "requirements.in").read_text().split()
    return dict(line.split("==") for line in lines)


def lines(quick: bool) -> Iterator[Line]:
    sizes = _SIZES_QUICK if quick else _SIZES
    engine = wiring.engine()
    facts = nation(max(sizes), MONTH)
    pack = compile_pack(engine.pack(MONTH, Place()), engine.policy)
    with openfisca.running(facts, MONTH) as peer:
        _alike(pack, facts, peer, min(sizes))
        yield _one_decision(engine, facts, peer, _CASES_QUICK if quick else _CASES)
        for size in sizes:
            yield _at_once(pack, facts.part(0, size), peer)
        yield _traced(pack, facts.part(0, sizes[1]))
    yield from _door(_REQUESTS_QUICK if quick else _REQUESTS)


def _alike(pack: VectorPack, facts: FactColumns, peer: OpenFisca, rows: int) -> None:
    """Both sides grant the same to each of the people, or there is nothing to compare."""
    ours = evaluate(pack, facts.part(0, rows)).allowance
    theirs = peer.amounts(rows)
    different = np.flatnonzero(ours != theirs)
    if len(different):
        at = int(different[0])
        raise SystemExit(
            f"{len(different)} of {rows} people differ, such as {row(facts, at)}:"
            f" {ours[at]} here, {theirs[at]} by OpenFisca"
        )


def _one_decision(engine: Engine, facts: FactColumns, peer: OpenFisca, cases: int) -> Line:
    people = [row(facts, index) for index in range(cases)]
    ours = [_case(person) for person in people]
    theirs = [openfisca.situation(person, MONTH) for person in people]

    def decide() -> float:
        began = time.perf_counter()
        for case in ours:
            read = read_person(**case)
            found = engine.determine(read, MONTH)
            _ = [reasons.award(award) for award in found.awards], reasons.full(found, read)
        return time.perf_counter() - began

    return Line(
        "one decision with full trace",
        "decisions",
        cases,
        Side(
            "JSON object read strictly, every rule tried, each with its facts and article, as JSON object",
            decide,
        ),
        Side(
            "JSON object read, the amount calculated with the trace on, the trace as JSON object",
            lambda: float(peer.ask("one", cases=theirs)["seconds"]),
        ),
        Target(rate_min=20_000, faster_min=10),
    )


def _at_once(pack: VectorPack, facts: FactColumns, peer: OpenFisca) -> Line:
    return Line(
        f"{len(facts):,} people at once, in memory",
        "people",
        len(facts),
        Side(
            "all rules of the month, care and facilities too; award and amount",
            _evaluation(pack, facts, False),
        ),
        Side(
            "the rules of the two programmes; amount. Setting the inputs is not counted",
            lambda: float(peer.ask("many", rows=len(facts))["seconds"]),
        ),
        Target(faster_min=5),
        family="people at once",
    )


def _traced(pack: VectorPack, facts: FactColumns) -> Line:
    return Line(
        f"{len(facts):,} people at once, each with a trace",
        "people",
        len(facts),
        Side("the same, with a bit for each check and rule of each person", _evaluation(pack, facts, True)),
    )


def _evaluation(pack: VectorPack, facts: FactColumns, traced: bool) -> Callable[[], float]:
    def seconds() -> float:
        began = time.perf_counter()
        evaluate(pack, facts, traced=traced)
        return time.perf_counter() - began

    return seconds


def _door(requests: int) -> Iterator[Line]:
    with assessments.served() as door:
        yield Line(
            "POST /v1/assessments, p50 over loopback",
            "requests",
            1,
            Side(
                f"a case in, its answer with all reasons out; the median of {requests:,}, one at a time",
                lambda: door.p50("/v1/assessments", requests),
            ),
            Side("the same server and body, the answer a constant", lambda: door.p50("/constant", requests)),
            Target(times_max=3),
        )


def _case(person: PersonFacts) -> dict[str, Any]:
    """What is stored of a person: the objects of an assessment, without what is absent."""
    told = {name: getattr(person, name) for name in FLAGS if name != "already_receiving"}
    told |= {name: getattr(person, name) for name in CODES if name not in ("poverty_status", "area", "carer")}
    told["birth_date"] = person.birth_date.isoformat() if person.birth_date else None
    told["pension_dong_monthly"] = person.pension_dong_monthly
    told["children"] = [
        {
            "birth_date": child.birth_date.isoformat(),
            "studying": child.studying,
            "study_continuous": child.study_continuous,
        }
        for child in person.children
    ]
    dates = {"disability_certificate_on": person.disability_certificate_on} | {
        "decision_signed_on": person.decision_signed_on
    }
    return {
        # Absent means no: what isn't so is not stored.
        "person": {name: value for name, value in told.items() if value},
        "household": {"poverty_status": person.poverty_status, "area": person.area},
        "dates": {name: day.isoformat() for name, day in dates.items() if day},
        "context": {
            "already_receiving": person.already_receiving,
            "applied_for": sorted(person.applied_for),
        },
    }
