"""Answers the bench: a JSON line in, one out. Runs in the peer's own environment.

- `{"do": "load", "path", "month"}`: read the people's arrays; every later order is about them.
- `{"do": "many", "rows"}`: all of the first `rows` people at once → `{"seconds", "total"}`; building the
  simulation and setting its inputs is not counted.
- `{"do": "amounts", "rows", "path"}`: the amounts, written to `path`.
- `{"do": "one", "cases"}`: each case built, calculated and traced alone → `{"seconds", "amounts"}`.
- `{"do": "determine", "url", "month", "first", "last"}`: people of these numbers (the last left out), read
  from PostgreSQL, calculated, stored there → `{"people"}`.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np
import psycopg
from country import country
from openfisca_core.simulation_builder import SimulationBuilder

#: As PostgreSQL's binary COPY sends and takes fields: big-endian, dates in days since 2000-01-01.
KINDS = {"date": ">i4", "int2": ">i2", "int4": ">i4", "int8": ">i8", "bool": "?"}
HEADER, TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
EPOCH = np.datetime64("2000-01-01")
#: What children have of facts that are dates and not told of them.
NO_DAY = {"certificate_on": np.datetime64("1980-01-01"), "decision_signed_on": np.datetime64("9999-01-01")}
OF_CHILD = ("birth", "studying", "study_continuous")


def row_type(columns):
    """A row of binary COPY: how many fields, and each behind its width."""
    fields = [("fields", ">i2")]
    for name, kind in columns.items():
        fields += [(f"width of {name}", ">i4"), (name, KINDS[kind])]
    return np.dtype(fields)


def copied_out(connection, columns, query):
    """The columns of a query without NULL."""
    with connection.cursor().copy(f"copy ({query}) to stdout (format binary)") as copy:
        told = b"".join(copy)
    rows = np.frombuffer(told[len(HEADER) : -len(TRAILER)], row_type(columns))
    found = {}
    for name, kind in columns.items():
        values = rows[name]
        found[name] = (
            values.astype("m8[D]") + EPOCH
            if kind == "date"
            else values.astype(values.dtype.newbyteorder("="))
        )
    return found


def copied_in(connection, table, columns, arrays):
    rows = np.empty(len(next(iter(arrays.values()))), row_type(columns))
    rows["fields"] = len(columns)
    for name in columns:
        rows[f"width of {name}"], rows[name] = rows.dtype[name].itemsize, arrays[name]
    with connection.cursor().copy(f"copy {table} ({', '.join(columns)}) from stdin (format binary)") as copy:
        copy.write(HEADER + rows.tobytes() + TRAILER)


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

    def determine(self, url, month, first, last):
        self.month = month
        with psycopg.connect(url) as connection:
            self.facts, self.parent = self._read(connection, first, last)
            amounts = self._simulation(last - first).calculate("monthly_amount", month)[: last - first]
            results = {"number": np.arange(first, last), "amount": amounts}
            copied_in(connection, "openfisca_result", {"number": "int4", "amount": "int8"}, results)
        return {"people": len(amounts)}

    def _read(self, connection, first, last):
        kinds = dict(
            connection.execute(
                "select column_name, case data_type when 'boolean' then 'bool' when 'smallint' then 'int2'"
                " when 'integer' then 'int4' else data_type end from information_schema.columns"
                " where table_name = 'openfisca_person' and column_name not in ('number', 'person_id')"
            ).fetchall()
        )
        heads = copied_out(
            connection,
            kinds,
            f"select {', '.join(kinds)} from openfisca_person where number >= {first} and number < {last}"
            " order by number",
        )
        of_child = {"parent": "int4"} | {name: kinds[name] for name in OF_CHILD}
        children = copied_out(
            connection,
            of_child,
            f"select {', '.join(of_child)} from openfisca_child where parent >= {first} and parent < {last}"
            " order by parent",
        )
        parent = children.pop("parent") - first
        facts = {}
        for name, values in heads.items():
            own = children.get(name)
            if own is None:
                own = np.full(len(parent), NO_DAY.get(name, 0), values.dtype)
            facts[name] = np.concatenate([values, own])
        facts["pension"] = facts["pension"].astype(np.float32)
        return facts, parent

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
