"""The simulation's lines: a draft against the law of a month, on a nation in memory."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.bench import Line, Side, Target
from benchmarks.population import nation
from benchmarks.report import ROOT
from libs.common.kernel.months import Month
from services.eligibility import wiring
from services.eligibility.domain.simulation import FULL, SEXES, People, places_of
from services.eligibility.usecases.simulate import Simulator

#: The first month of the example's draft.
MONTH = Month(2027, 1)
_DRAFT = ROOT / "docs" / "what-if" / "muc-chuan-600-nghin.yaml"
_SIZES, _SIZES_QUICK = (100_000, 1_000_000, 4_000_000), (20_000, 100_000)
#: As many as a part that comes out of storage.
_AT_ONCE = 50_000


def peers() -> dict[str, str]:
    return {}


def lines(quick: bool) -> Iterator[Line]:
    sizes = _SIZES_QUICK if quick else _SIZES
    simulator, chance = wiring.simulator(), np.random.default_rng(1)
    places = places_of(simulator.today.policy)
    people = People(
        nation(max(sizes), MONTH),
        chance.integers(1, len(places), max(sizes)).astype(np.int16),
        chance.integers(0, len(SEXES) - 1, max(sizes)).astype(np.uint8),
    )
    draft = _DRAFT.read_text(encoding="utf-8")
    for size in sizes:
        yield Line(
            f"what-if on {size:,} people, all provinces",
            "people",
            size,
            Side(
                "the draft read and checked, both laws on everybody, four breakdowns, the chart",
                _simulation(simulator, draft, people, size),
            ),
            None,
            Target(rate_min=None if size < 1_000_000 else 400_000),
            family="what-if",
        )


def _simulation(simulator: Simulator, draft: str, people: People, size: int) -> Callable[[], float]:
    def parts() -> Iterator[People]:
        for first in range(0, size, _AT_ONCE):
            last = min(first + _AT_ONCE, size)
            yield People(people.facts.part(first, last), people.place[first:last], people.sex[first:last])

    def seconds() -> float:
        began = time.perf_counter()
        simulator.answer(draft, MONTH, parts(), None, FULL, ("dân số giả lập", "a made-up nation"))
        return time.perf_counter() - began

    return seconds
