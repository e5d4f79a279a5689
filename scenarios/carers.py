"""The carers that a scenario has beside its recipients, and whom each of them cares for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenarios.calibration import whole
from scenarios.cohorts import Cohort, Frame, Whole, draw
from scenarios.recipes import CARER
from scenarios.report import Scenario


@dataclass(frozen=True)
class Care:
    """The carers as a cohort, and a row for each person cared for: `cared_for[i]` is a row of the
    population, `carer[i]` the carer's row in the cohort."""

    carers: Cohort
    cared_for: Whole
    carer: Whole
    relation: list[str]


def planned(scenario: Scenario, paid: Sequence[int]) -> list[int]:
    """How many carers of each line of the table there are beside so many recipients of each kind."""
    left = dict(zip((kind.kind for kind in scenario.kinds), paid, strict=True))
    wanted = round(sum(paid) * scenario.carers_per_100 / 100)
    usual = [line.weight * left[line.of] / line.each for line in scenario.carers]
    counts = []
    for line, count in zip(scenario.carers, whole(wanted, usual), strict=True):
        counts.append(min(count, left[line.of] // line.each))
        left[line.of] -= counts[-1] * line.each
    return counts


def drawn(frame: Frame, scenario: Scenario, counts: Sequence[int], cohorts: Sequence[Cohort]) -> Care:
    """Carers, each in the household of (the first of) those they care for. `cohorts`: all who stand before
    them in the population, the paid kinds first."""
    starts = np.concatenate([[0], np.cumsum([cohort.size for cohort in cohorts])]).astype(np.int64)
    at = {kind.kind: index for index, kind in enumerate(scenario.kinds)}
    waiting = {line.of: _siblings_first(frame.rng, cohorts[at[line.of]]) for line in scenario.carers}
    cared_for, carer, relation, done = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [], 0
    for line, count in zip(scenario.carers, counts, strict=True):
        taken, waiting[line.of] = np.split(waiting[line.of], [count * line.each])
        cared_for.append(taken + starts[at[line.of]])
        carer.append(done + np.repeat(np.arange(count), line.each))
        relation += [line.relation] * len(taken)
        done += count
    of, by = np.concatenate(cared_for), np.concatenate(carer)
    first = of[np.flatnonzero(np.diff(by, prepend=-1))]
    return Care(_at_home(draw(frame, CARER, done), cohorts, starts, first), of, by, relation)


def _siblings_first(rng: np.random.Generator, cohort: Cohort) -> Whole:
    """The cohort's rows by chance, those who share a household before the others and beside one another."""
    together = np.bincount(cohort.leader, minlength=cohort.size)[cohort.leader]
    chance = rng.permutation(cohort.size)[cohort.leader]
    return np.lexsort((np.arange(cohort.size), chance, -together)).astype(np.int64)


def _at_home(carers: Cohort, cohorts: Sequence[Cohort], starts: Whole, first: Whole) -> Cohort:
    """The carers, living where the people of the rows `first` live; they have applied for nothing."""
    household = np.concatenate(
        [cohort.leader + start for cohort, start in zip(cohorts, starts, strict=False)]
    )
    return replace(
        carers,
        commune=np.concatenate([cohort.commune for cohort in cohorts])[first],
        poverty=np.concatenate([cohort.poverty for cohort in cohorts])[first],
        hardship=np.concatenate([cohort.hardship for cohort in cohorts])[first],
        received=np.full(carers.size, np.datetime64("NaT", "D")),
        # As a row of their own cohort, which begins where the others end.
        leader=household[first] - starts[-1],
    )
