"""OpenFisca in its own environment: made here by its lock file, asked over a pipe."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import ROOT
from libs.common.kernel.months import Month
from services.eligibility.domain.columns import ABSENT, FactColumns
from services.eligibility.domain.facts import PersonFacts

HOME = Path(__file__).parent / "peers" / "openfisca"
_LOCK = HOME / "requirements.lock"
#: The same in both: facts that go over as they are.
_SAME = (
    "poverty_status",
    "area",
    "disability_degree",
    "marital_status",
    "received_as_child_without_support",
    "hiv_positive",
    "single_parent",
    "has_family_supporter",
    "has_stable_income",
    "cannot_live_in_community",
    "eligible_for_facility",
    "fostered_in_community",
    "already_receiving",
)
_NOT_SIGNED = np.datetime64("9999-01-01")
_LONG_AGO = np.datetime64("1980-01-01")


@dataclass(frozen=True)
class OpenFisca:
    """The worker, told to keep the facts of some people and of a month."""

    process: "subprocess.Popen[str]"
    versions: dict[str, str]

    def ask(self, do: str, **order: object) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the OpenFisca worker ended; what it said stands above")
        found: dict[str, Any] = json.loads(answer)
        return found

    def amounts(self, rows: int) -> NDArray[np.int64]:
        path = _exchange() / "amounts.npy"
        self.ask("amounts", rows=rows, path=str(path))
        return np.asarray(np.load(path), np.int64)


@contextmanager
def waiting() -> Iterator[OpenFisca]:
    """A worker that has been told of nobody yet."""
    process = subprocess.Popen(
        [_environment(), "worker.py"], cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield OpenFisca(process, {})
    finally:
        process.stdin.close() if process.stdin else None
        process.wait(timeout=30)


@contextmanager
def running(facts: FactColumns, month: Month) -> Iterator[OpenFisca]:
    path = _exchange() / "people.npz"
    np.savez(path, **arrays(facts))  # type: ignore[arg-type]
    with waiting() as worker:
        loaded = worker.ask("load", path=str(path), month=str(month))
        worker.versions.update({"openfisca-core": loaded["version"], "openfisca's numpy": loaded["numpy"]})
        yield worker


def situation(facts: PersonFacts, month: Month) -> dict[str, Any]:
    """One person with the children, as OpenFisca reads a situation: what differs from its defaults."""
    codes = {"area": {"ethnic_minority_mountainous_extreme_hardship": "extreme_hardship"}}
    told: dict[str, object] = {
        name: codes.get(name, {}).get(str(value), value)
        for name in (*_SAME, "studying", "study_continuous")
        if (value := getattr(facts, name)) is not None
    }
    told["child_without_support"] = facts.child_situation is not None
    told["pension"] = facts.pension_dong_monthly
    if facts.disability_certificate_on:
        told["certificate_on"] = facts.disability_certificate_on.isoformat()
    if facts.decision_signed_on:
        told["decision_signed_on"] = facts.decision_signed_on.isoformat()
    persons = {"head": _person(facts.birth_date, told, month)}
    for at, child in enumerate(facts.children):
        studies = {"studying": child.studying, "study_continuous": child.study_continuous}
        persons[f"child{at}"] = _person(child.birth_date, studies, month)
    children = [name for name in persons if name != "head"]
    return {"persons": persons, "households": {"one": {"heads": ["head"], "children": children}}}


def _person(born: date | None, told: Mapping[str, object], month: Month) -> dict[str, Any]:
    assert born is not None
    of_month = {name: {str(month): value} for name, value in told.items()}
    return {"birth": {"ETERNITY": born.isoformat()}, **of_month}


def arrays(facts: FactColumns) -> dict[str, NDArray[Any]]:
    """Columns of all persons: the people, then their children; `parent`: whose child each of these is."""
    own = facts.children
    parent = np.repeat(np.arange(len(facts)), np.diff(facts.first_child))

    def with_children(of_people: NDArray[Any], of_children: NDArray[Any] | None = None) -> NDArray[Any]:
        if of_children is None:
            of_children = np.zeros(len(parent), of_people.dtype)
        return np.concatenate([of_people, of_children])

    def days(of_people: NDArray[np.int32], absent: np.datetime64) -> NDArray[np.datetime64]:
        found = np.where(of_people == ABSENT, absent, of_people.astype("M8[D]"))
        return with_children(found, np.full(len(parent), absent, "M8[D]"))

    return {
        **{name: with_children(getattr(facts, name)) for name in _SAME},
        "birth": with_children(facts.birth_date, own.birth_date).astype("M8[D]"),
        "studying": with_children(facts.studying, own.studying),
        "study_continuous": with_children(facts.study_continuous, own.study_continuous),
        "child_without_support": with_children(facts.child_situation > 0),
        "pension": with_children(facts.pension_dong_monthly.astype(np.float32)),
        "certificate_on": days(facts.disability_certificate_on, _LONG_AGO),
        "decision_signed_on": days(facts.decision_signed_on, _NOT_SIGNED),
        "parent": parent,
    }


def _environment() -> str:
    """Its Python, in an environment that is made again when the lock file changes."""
    python, done = HOME / ".venv" / "bin" / "python", HOME / ".venv" / "requirements.lock"
    if not done.exists() or done.read_text() != _LOCK.read_text():
        print("· Installing OpenFisca into benchmarks/peers/openfisca/.venv", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", HOME / ".venv"], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(_LOCK)], check=True)
        done.write_text(_LOCK.read_text())
    return str(python)


def _exchange() -> Path:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
