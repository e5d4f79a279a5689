"""Answers the bench: a JSON line in, one out. Runs in the peer's own environment.

- `{"do": "load", "path", "month"}`: read the people's arrays; every later order is about them.
- `{"do": "many", "rows"}`: all of the first `rows` people at once → `{"seconds", "total"}`; building the
  simulation and setting its inputs is not counted.
- `{"do": "amounts", "rows", "path"}`: the amounts, written to `path`.
- `{"do": "one", "cases"}`: each case built, calculated and traced alone → `{"seconds", "amounts"}`.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np
from country import country
from openfisca_core.simulation_builder import SimulationBuilder


class Worker:
    def __init__(self):
        self.system = country()

    def load(self, path, month):
        self.month = month
        with np.load(path) as arrays:
            self.facts = dict(arrays)
        self.parent = self.facts.pop("parent")
        return {"version": version("openfisca-core"), "numpy": np.__version__}

    def many(self, rows):
        simulation = self._simulation(rows)
        began = time.perf_counter()
        amounts = simulation.calculate("monthly_amount", self.month)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "total": int(amounts[:rows].sum(dtype=np.float64))}

    def amounts(self, rows, path):
        np.save(path, self._simulation(rows).calculate("monthly_amount", self.month)[:rows])
        return {}

    def one(self, cases):
        amounts = []
        began = time.perf_counter()
        for case in cases:
            simulation = SimulationBuilder().build_from_entities(self.system, case)
            simulation.trace = True
            amounts.append(int(simulation.calculate("monthly_amount", self.month)[0]))
            simulation.tracer.get_serialized_flat_trace()
        return {"seconds": time.perf_counter() - began, "amounts": amounts}

    def _simulation(self, rows):
        """The first people, each the head of a household, and their children behind them."""
        people = len(self.facts["birth"]) - len(self.parent)
        of_theirs = self.parent < rows
        chosen = np.concatenate([np.arange(rows), people + np.flatnonzero(of_theirs)])
        builder = SimulationBuilder()
        builder.create_entities(self.system)
        builder.declare_person_entity("person", np.arange(len(chosen)))
        households = builder.declare_entity("household", np.arange(rows))
        member_of = np.concatenate([np.arange(rows), self.parent[of_theirs]])
        roles = np.where(np.arange(len(chosen)) < rows, "head", "child")
        builder.join_with_persons(households, member_of, roles)
        simulation = builder.build(self.system)
        for name, values in self.facts.items():
            period = "ETERNITY" if name == "birth" else self.month
            simulation.set_input(name, period, values[chosen])
        return simulation


def main():
    worker = Worker()
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(getattr(worker, order.pop("do"))(**order)), flush=True)


main()
