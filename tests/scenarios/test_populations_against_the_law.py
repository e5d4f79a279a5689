"""The generator's own table and the law agree on every generated person, and on every total.

The generator never reads policy/: that the two come to the same is the point of the scenarios.
"""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

import scenarios
from libs.common.kernel.months import Month
from libs.common.kernel.units import Units
from libs.common.runtime.units import administrative_units
from services.eligibility.domain.determination import Determination
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE, Child, PersonFacts
from services.eligibility.store.policy_files import read_policy
from services.registry.domain.columns import COLUMNS
from services.registry.domain.people import Person
from services.registry.domain.rows import Frame, read_row

PEOPLE = 2_000
POLICY = Path(__file__).parents[2] / "policy"


@lru_cache(maxsize=1)
def law() -> Engine:
    return Engine(read_policy(POLICY))


@pytest.fixture(scope="module", params=scenarios.NAMES)
def population(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    scenarios.generate(request.param, folder, people=PEOPLE)
    return folder


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def people_of(folder: Path, units: Units) -> Iterator[Person]:
    """The rows as the registry reads them: any refused row fails."""
    day = date.fromisoformat(manifest_of(folder)["business_date"])
    frame = Frame(day, units.locations(day), None)
    with (folder / "people.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        assert tuple(next(rows)) == COLUMNS
        for row in rows:
            person = read_row(row, frame)
            assert isinstance(person, Person), person
            yield person


def facts_of(person: Person, in_facility: bool) -> PersonFacts:
    facts: dict[str, Any] = dict(person.facts)
    children = tuple(
        Child(
            date.fromisoformat(child["birth_date"]),
            child.get("studying", False),
            child.get("study_continuous", False),
        )
        for child in facts.pop("children", [])
    )
    return PersonFacts(
        **facts,
        children=children,
        birth_date=person.birth_date,
        in_facility=in_facility,
        carer=person.carer.relation if person.carer else None,
        poverty_status=person.poverty_status,
        area=person.area,
        disability_certificate_on=person.disability_certificate_on,
        application_received_on=person.application_received_on,
        decision_signed_on=person.decision_signed_on,
        already_receiving=person.already_receiving,
        applied_for=frozenset(person.applied_for) or frozenset({MONTHLY_ALLOWANCE}),
    )


def category_of(found: Determination) -> str:
    clauses = ["health_condition" if a.category in ("k3", "k8") else a.category for a in found.awards]
    return "+".join(clauses)


@dataclass
class Totals:
    """What the law grants a population: the shape of the manifest's `expected`."""

    people: Counter[str] = field(default_factory=Counter)
    dong: Counter[str] = field(default_factory=Counter)
    by_month: Counter[str] = field(default_factory=Counter)
    care: Counter[str] = field(default_factory=Counter)
    nothing: int = 0
    proposed: int = 0


def granted(population: Path, law: Engine) -> Totals:
    """Everybody by the law of each month; a new application as if signed on the business date."""
    manifest = manifest_of(population)
    signed_on = date.fromisoformat(manifest["business_date"])
    with (population / "residents.csv").open(encoding="utf-8", newline="") as file:
        residents = {row["personal_id"] for row in csv.DictReader(file)}
    totals = Totals()
    for person in people_of(population, administrative_units()):
        facts = facts_of(person, person.personal_id in residents)
        signed = replace(facts, decision_signed_on=facts.decision_signed_on or signed_on)
        categories = set()
        for text in manifest["benefit_months"]:
            month = Month.parse(text)
            found = law.determine(signed, month, person.province_code, person.former_province_code)
            if not found.granted:
                continue
            totals.care[person.personal_id] += found.to_carer
            categories.add(category_of(found))
            totals.dong[category_of(found)] += found.amount
            if not facts.in_facility:
                totals.by_month[text] += found.amount
            # A new application is paid from the month of its signature, and for no month before it.
            assert found.start_month is not None and found.start_month <= Month.of(signed_on)
            assert not facts.pending or found.start_month == Month.of(signed_on)
        assert len(categories) <= 1
        totals.people.update(categories)
        totals.nothing += not categories
        totals.proposed += bool(categories) and facts.pending
    return totals


def test_every_person_and_every_total_is_what_the_law_says(population: Path) -> None:
    expected, totals = manifest_of(population)["expected"], granted(population, law())
    care = expected["by_category"].pop("care")
    assert expected["by_category"] == {
        category: {"people": totals.people[category], "dong": totals.dong[category]}
        for category in expected["by_category"]
    }
    assert care == {"people": len(+totals.care), "dong": totals.care.total()}
    assert care["dong"] == expected["care_dong"]
    assert set(totals.people) <= set(expected["by_category"])
    assert {month: total["dong"] for month, total in expected["by_month"].items()} == dict(totals.by_month)
    assert totals.nothing == expected["not_entitled"] + expected["carers"]
    assert totals.proposed == expected["proposed"]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("standards/central.yaml", "270000", "283500"),
        ("monthly_allowance/k6.yaml", "value: 2.0", "value: 2.1"),
    ],
    ids=["a standard", "a coefficient"],
)
def test_a_law_raised_by_5_percent_is_noticed(file: str, before: str, after: str, tmp_path: Path) -> None:
    """The population knows nothing of policy/: when that changes, the totals part."""
    shutil.copytree(POLICY, tmp_path / "policy")
    changed = tmp_path / "policy" / file
    text = changed.read_text(encoding="utf-8")
    assert before in text
    changed.write_text(text.replace(before, after), encoding="utf-8")
    scenarios.generate("ninh-thuan-2019", tmp_path / "population", people=PEOPLE)
    manifest = manifest_of(tmp_path / "population")
    totals = granted(tmp_path / "population", Engine(read_policy(tmp_path / "policy")))
    assert sum(totals.by_month.values()) > manifest["expected"]["dong"] * 1.005
