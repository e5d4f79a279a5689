"""Generates the population of a scenario: its people, its facilities, and what they should come to."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xlsxwriter

from libs.common.runtime.units import administrative_units
from scenarios import gifts as gift_lists
from scenarios.calibration import calibrated, whole
from scenarios.carers import drawn, planned
from scenarios.cohorts import Cohort, Frame, draw
from scenarios.columns import COLUMNS
from scenarios.facilities import admission_dates, opened, places_taken
from scenarios.manifest import Gifts, Manifest, summed
from scenarios.population import Population, build
from scenarios.recipes import NOT_ENTITLED, PAID, RESIDENTS
from scenarios.report import PaidKind, Scenario, load

#: People who are owed nothing, per recipient or resident: a little over the 5% of all that are asked for.
_NOT_ENTITLED_SHARE = 0.065
_NEW_APPLICATIONS_MIN = 100
_NEW_APPLICATIONS_SHARE = 0.01


@dataclass(frozen=True)
class _Plan:
    """How many people of each kind, in the order of the scenario's file."""

    paid: list[int]
    new: list[int]
    not_entitled: list[int]
    carers: list[int]
    residents: list[int]

    @property
    def people(self) -> int:
        return sum(self.paid) + sum(self.not_entitled) + sum(self.carers) + sum(self.residents)


def generate(
    name: str,
    out_dir: Path,
    people: int | None = None,
    seed: int | None = None,
    xlsx: bool = False,
    gifts: int | None = None,
) -> Manifest:
    """Write people.csv, facilities.json, residents.csv and manifest.json of a scenario into `out_dir`, and
    gifts-001.csv and so on where it has gifts.

    `people`: a population of so many in the same mix, with the published figures null, and as many gifts;
    `gifts`: so many gifts, 0 for none. The same name, people, gifts and seed give the same bytes. `xlsx`:
    people.xlsx besides. KeyError for an unknown name.
    """
    scenario = load(name)
    out_dir.mkdir(parents=True, exist_ok=True)
    seed = scenario.seed if seed is None else seed
    rng = np.random.default_rng(seed)
    plan = _plan(scenario, people)
    communes, frame = _frame(scenario, rng)
    at_home, residents = _cohorts(scenario, frame, plan)
    care = drawn(frame, scenario, plan.carers, at_home)
    cohorts = [*at_home, care.carers, *residents]
    population = build(rng, cohorts, len(at_home) + 1, care, communes, scenario.channels)
    _write_people(out_dir, population, xlsx)
    _write_facilities(out_dir, scenario, rng, communes, plan, population)
    paid_kinds = len(plan.paid)
    manifest = summed(
        scenario,
        seed,
        paid=[cohort.size for cohort in cohorts[:paid_kinds]],
        residents=[cohort.size for cohort in residents],
        people=len(population.personal_ids),
        proposed=sum(int((~cohort.receiving).sum()) for cohort in cohorts[:paid_kinds]),
        payees=sum(population.payees[:paid_kinds]),
        full=people is None,
        carers=plan.carers,
    )
    given = _gifts(out_dir, scenario, seed, frame, people if gifts is None else gifts)
    manifest = replace(manifest, gifts=given)
    (out_dir / "manifest.json").write_text(
        json.dumps(manifest.as_dict(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    return manifest


def _gifts(out_dir: Path, scenario: Scenario, seed: int, frame: Frame, count: int | None) -> Gifts | None:
    """By chance of their own, so that a scenario's people are the same with them and without."""
    if scenario.gifts is None or count == 0:
        return None
    rng = np.random.default_rng([seed, 1])
    places = gift_lists.Places(frame.communes, frame.weights, scenario.channels)
    return gift_lists.write(out_dir, scenario.gifts, rng, places, count)


def _plan(scenario: Scenario, people: int | None) -> _Plan:
    report = scenario.report
    recipients, residents = report.recipients, report.residents
    others = round((recipients + residents) * _NOT_ENTITLED_SHARE)
    if people is not None:
        scale = people / (recipients + residents + others)
        residents, others = round(residents * scale), round(others * scale) + 1
        recipients = round((people - residents - others) / (1 + scenario.carers_per_100 / 100))
        if recipients < 2 * len(scenario.kinds):
            raise ValueError(f"{people} people are too few for a population of every kind")
    paid = _paid_counts(scenario, recipients)
    carers = planned(scenario, paid)
    if people is not None:
        others = people - recipients - residents - sum(carers)
    apply = [count if PAID[kind.kind].starts else 0 for kind, count in zip(scenario.kinds, paid, strict=True)]
    applications = max(_NEW_APPLICATIONS_MIN, round(recipients * _NEW_APPLICATIONS_SHARE))
    return _Plan(
        paid=paid,
        new=whole(min(applications, sum(apply) // 2), apply),
        not_entitled=whole(others, [share for _, share in scenario.not_entitled]),
        carers=carers,
        residents=whole(residents, [kind.share for kind in scenario.residents]),
    )


def _paid_counts(scenario: Scenario, recipients: int) -> list[int]:
    """Recipients of each kind: the fixed ones as stated (scaled), the others calibrated to the report."""
    report = scenario.report
    scale = recipients / report.recipients
    fixed = [max(1, round((kind.fixed or 0) * scale)) for kind in scenario.kinds if kind.fixed]
    worth = [sum(kind.hundredths) for kind in scenario.kinds]
    target = None
    if report.dong is not None:
        target = round(report.dong * scale * 100 / scenario.standard_dong)
        target -= sum(
            count * value
            for count, value in zip(
                fixed, [v for kind, v in zip(scenario.kinds, worth, strict=True) if kind.fixed], strict=True
            )
        )
    free = [
        (kind.prior, value)
        for kind, value in zip(scenario.kinds, worth, strict=True)
        if kind.prior is not None
    ]
    counts = calibrated(
        recipients - sum(fixed), [prior for prior, _ in free], [value for _, value in free], target
    )
    of_fixed, of_free = iter(fixed), iter(counts)
    return [next(of_fixed) if kind.fixed else next(of_free) for kind in scenario.kinds]


def _frame(scenario: Scenario, rng: np.random.Generator) -> tuple[list[str], Frame]:
    """The province's communes of that day, of about equal size (none is known), and the random frame."""
    units = administrative_units().communes(scenario.former_province_code, scenario.business_date)
    weights = 0.6 + 0.8 * rng.random(len(units))
    rural = np.array([unit.kind == "commune" for unit in units])
    first, last = scenario.benefit_months[0], scenario.benefit_months[-1]
    frame = Frame(
        rng=rng,
        first=first.index - 1970 * 12,
        span=last.index - first.index,
        business_date=scenario.business_date,
        communes=[unit.code for unit in units],
        weights=weights / weights.sum(),
        rural_weights=weights * rural / (weights * rural).sum(),
        hardship_share=scenario.hardship_percent / 100,
    )
    return [unit.code for unit in units], frame


def _cohorts(scenario: Scenario, frame: Frame, plan: _Plan) -> tuple[list[Cohort], list[Cohort]]:
    """(at home, residents): those at home the paid kinds first."""
    paid = [
        _draw_paid(frame, kind, count, new)
        for kind, count, new in zip(scenario.kinds, plan.paid, plan.new, strict=True)
    ]
    others = [
        draw(frame, NOT_ENTITLED[kind], count)
        for (kind, _), count in zip(scenario.not_entitled, plan.not_entitled, strict=True)
    ]
    residents = [
        draw(frame, RESIDENTS[kind.kind], count)
        for kind, count in zip(scenario.residents, plan.residents, strict=True)
    ]
    return paid + others, residents


def _draw_paid(frame: Frame, kind: PaidKind, count: int, new: int) -> Cohort:
    if kind.since is None:
        return draw(frame, PAID[kind.kind], count, new, kind.poverty)
    return draw(frame, PAID[kind.kind], count, new, kind.poverty, kind.since.index - 1970 * 12)


def _write_people(out_dir: Path, population: Population, xlsx: bool) -> None:
    rows = list(zip(*(population.columns[name] for name in COLUMNS), strict=True))
    in_order = [rows[index] for index in population.order]
    _write_csv(out_dir / "people.csv", COLUMNS, in_order)
    if xlsx:
        with xlsxwriter.Workbook(out_dir / "people.xlsx", {"constant_memory": True}) as book:
            sheet = book.add_worksheet("people")
            for number, row in enumerate([COLUMNS, *in_order]):
                for column, text in enumerate(row):
                    if text:
                        sheet.write_string(number, column, text)


def _write_facilities(
    out_dir: Path,
    scenario: Scenario,
    rng: np.random.Generator,
    communes: Sequence[str],
    plan: _Plan,
    population: Population,
) -> None:
    facilities = opened(
        rng, scenario.facilities, scenario.former_province_code, scenario.province_code, communes
    )
    (out_dir / "facilities.json").write_text(
        json.dumps([facility.line() for facility in facilities], ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
    )
    by_kind = {kind.kind: count for kind, count in zip(scenario.residents, plan.residents, strict=True)}
    codes = [code for taken in places_taken(facilities, by_kind).values() for code in taken]
    first = plan.people - sum(plan.residents)
    births = population.columns["birth_date"][first:]
    admitted = admission_dates(rng, births, scenario.benefit_months[0].first_day)
    _write_csv(
        out_dir / "residents.csv",
        ("personal_id", "facility_code", "admitted_on", "state_paid"),
        zip(population.personal_ids[first:], codes, admitted, ["true"] * len(codes), strict=True),
    )


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
