"""Reads the case files and asks the engine, under the packaged policy or another reading of it."""

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.store.policy_files import read_policy
from services.eligibility.usecases.assess import Assessor

POLICY = Path(__file__).resolve().parents[2] / "policy"
CASES = Path(__file__).parent / "cases"
_ABOUT = ("say", "expect", "switches")
_NAMES = {
    "monthly": "monthly_dong",
    "arrears": "arrears_dong",
    "start": "start_month",
    "carer": "carer_monthly_dong",
    "household": "household_monthly_dong",
    "one_off": "one_off_dong",
    "rice_kg": "one_off_rice_kg",
}


@cache
def packaged() -> Engine:
    return Engine(read_policy(POLICY))


@cache
def under(switches: tuple[tuple[str, str], ...]) -> Engine:
    """The engine under another reading of some open questions."""
    policy = packaged().policy
    chosen = {name: replace(policy.switches[name], chosen=option) for name, option in switches}
    return Engine(replace(policy, switches={**policy.switches, **chosen}))


@cache
def written_cases() -> list[Any]:
    """(file, entry) of every case."""
    return [
        (path.stem, entry)
        for path in sorted(CASES.glob("*.yaml"))
        for entry in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    ]


def as_json(entry: dict[str, Any]) -> dict[str, Any]:
    """The case as it is sent: dates as text, asked on the last day of the month."""
    case = {name: _text(value) for name, value in entry.items() if name not in _ABOUT}
    case.setdefault("id", entry["say"])
    case.setdefault("as_of", Month.parse(entry["month"]).last_day.isoformat())
    return case


def ask(entry: dict[str, Any]) -> dict[str, Any]:
    """The answer to a case, reduced to what it expects; `{error, path}` where it is refused."""
    engine = under(tuple(sorted(entry.get("switches", {}).items())))
    try:
        answer = Assessor(engine).assess(as_json(entry))
    except Refusal as refusal:
        return {"error": refusal.errors[0].code, "path": refusal.errors[0].path}
    return {short: answer.get(name) for short, name in _NAMES.items() if short in expected(entry)}


def expected(entry: dict[str, Any]) -> dict[str, Any]:
    wanted = entry["expect"]
    return wanted if isinstance(wanted, dict) else {"monthly": wanted}


def _text(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _text(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_text(each) for each in value]
    return value
