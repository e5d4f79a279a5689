"""Receipts that must come out the same for ever, as files: `python -m tests.services.eligibility.golden`.

Writes what is not there yet, by the law of today, into receipts/: the policy whole, and for each of CASES all
that its decision rests on and says. What is there is never written again.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.history import FactsVersion, chain_of
from services.eligibility.domain.monthly import Answer, Known, ask
from services.eligibility.settings import PACKAGED_POLICY
from services.eligibility.store.policies import to_texts
from services.eligibility.store.policy_files import load_files, policy_of
from services.eligibility.store.policy_node import Findings

FOLDER = Path(__file__).parent / "receipts"
_HOME = "0191a000-0000-7000-8000-000000000001"
_STANDING = {"already_receiving": True, "applied_for": ["monthly_allowance"]}


def version(number: int, true_from: str | None, place: list[str], **case: Any) -> dict[str, Any]:
    whole = {"person": {}, "household": {"poverty_status": "none"}, "dates": {}, "context": _STANDING, **case}
    return {"version": number, "true_from": true_from, "place": place, "case": whole}


_NINH_THUAN, _HA_NOI = ["22738", "56", "58"], ["00004", "01", "01"]
CASES: dict[str, dict[str, Any]] = {
    "severely-disabled-2019": {
        "programme": "monthly_allowance",
        "month": "2019-12",
        "versions": [version(1, None, _NINH_THUAN, person={"disability_degree": "severe"})],
    },
    "single-mother-with-a-disability-2024": {
        "programme": "monthly_allowance",
        "month": "2024-02",
        "versions": [
            version(
                1,
                None,
                _HA_NOI,
                person={
                    "disability_degree": "extremely_severe",
                    "single_parent": True,
                    "marital_status": "widowed",
                    "children": [{"birth_date": "2015-05-06"}, {"birth_date": "2018-01-31"}],
                },
                household={"poverty_status": "poor"},
            )
        ],
    },
    "turned-80-in-the-month-2024": {
        "programme": "monthly_allowance",
        "month": "2024-07",
        "versions": [version(1, None, _HA_NOI, person={"birth_date": "1944-07-31"})],
    },
    "poor-until-a-late-fact-2026": {
        "programme": "social_pension",
        "month": "2026-08",
        "versions": [
            version(
                1,
                None,
                _HA_NOI,
                person={"birth_date": "1953-01-02"},
                household={"poverty_status": "poor"},
                context={"already_receiving": False, "applied_for": ["social_pension"]},
                dates={"application_received_on": "2026-07-06"},
            ),
            version(
                2,
                "2026-09-01",
                _HA_NOI,
                person={"birth_date": "1953-01-02"},
                context={"already_receiving": False, "applied_for": ["social_pension"]},
                dates={"application_received_on": "2026-07-06"},
            ),
        ],
    },
    "resident-of-a-home-2026": {
        "programme": "nurture_allowance",
        "month": "2026-11",
        "resident_of": _HOME,
        "versions": [
            version(
                1, None, _HA_NOI, person={"birth_date": "2023-01-02", "child_situation": "both_parents_dead"}
            )
        ],
    },
}


def known_of(case: dict[str, Any]) -> Known:
    versions = tuple(
        FactsVersion(
            each["version"],
            date.fromisoformat(each["true_from"]) if each["true_from"] else None,
            Place(*each["place"]),
            each["case"],
        )
        for each in case["versions"]
    )
    newest = len(versions)
    resident = UUID(case["resident_of"]) if "resident_of" in case else None
    signed = Month.parse(case["month"]).first_day
    return Known(versions, newest, chain_of(versions, newest), resident, signed)


def says(answer: Answer, programme: str) -> dict[str, Any]:
    """All that must come out again, JSON-able."""
    terms = answer.terms(programme)
    return {
        "outcome": terms.outcome,
        "category": terms.category,
        "coefficient_hundredths": terms.coefficient.hundredths,
        "standard_dong": terms.standard,
        "amount_dong": terms.amount,
        "payee": terms.payee,
        "trace": answer.basis.trace.hex(),
        "input_hash": answer.basis.input_hash.hex(),
    }


def main() -> None:
    findings = Findings()
    files = load_files(PACKAGED_POLICY, None, findings)
    engine = Engine(policy_of(files, findings))
    FOLDER.mkdir(exist_ok=True)
    for name, case in CASES.items():
        path = FOLDER / f"{name}.json"
        if path.exists():
            continue
        answer = ask(engine, known_of(case), Month.parse(case["month"]))
        found = {"policy_hash": engine.policy.hash, **case, "says": says(answer, case["programme"])}
        path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        _write_policy(engine, to_texts(files))


def _write_policy(engine: Engine, texts: dict[str, str]) -> None:
    path = FOLDER / "policies" / f"{engine.policy.hash}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(texts, ensure_ascii=False, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
