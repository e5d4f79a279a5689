"""`python -m benchmarks [--quick] [suite …]`: measure, print the table, write it and its JSON.

A full run writes benchmarks/results/, to be committed, and ends with 1 where a target is missed; a quick one
is small, writes var/bench/ and only shows that everything runs.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from benchmarks import (
    end_to_end,
    law,
    pain001,
    payroll,
    reconciliation,
    redetermination,
    relay,
    report,
    what_if,
)
from benchmarks.bench import Line, measure

#: Each suite: its lines, one at a time, and the versions of the peers it runs.
Suite = tuple[Callable[[bool], Iterator[Line]], Callable[[], dict[str, str]]]
SUITES: Mapping[str, Suite] = MappingProxyType(
    {
        "law": (law.lines, law.peers),
        "redetermination": (redetermination.lines, redetermination.peers),
        "end-to-end": (end_to_end.lines, end_to_end.peers),
        "what-if": (what_if.lines, what_if.peers),
        "payroll": (payroll.lines, payroll.peers),
        "pain001": (pain001.lines, pain001.peers),
        "reconciliation": (reconciliation.lines, reconciliation.peers),
        "relay": (relay.lines, relay.peers),
        "payroll-large": (payroll.large, payroll.peers),
    }
)
#: An hour of work, so only by name.
_LARGE = frozenset({"payroll-large"})
_ROUNDS, _ROUNDS_QUICK = 5, 2


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("suites", nargs="*", choices=[*SUITES, []], help="none: all but the large ones")
    options.add_argument("--quick", action="store_true", help="small, into var/bench")
    options.add_argument("--rounds", type=int, help=f"pairs a line, {_ROUNDS} unless told")
    chosen = options.parse_args()
    rounds = chosen.rounds or (_ROUNDS_QUICK if chosen.quick else _ROUNDS)
    missed = False
    for suite in chosen.suites or [name for name in SUITES if name not in _LARGE]:
        lines, peers = SUITES[suite]
        measured = []
        for line in lines(chosen.quick):
            measured.append(measure(line, rounds))
            print(
                f"· {line.name}: {measured[-1].rate:,.0f} {line.unit} a second", file=sys.stderr, flush=True
            )
        found = report.as_json(suite, measured, peers())
        text = report.table(found, None if chosen.quick else report.last(suite))
        print(text)
        folder = report.ROOT / "var" / "bench" if chosen.quick else report.RESULTS
        report.write(folder, found, text)
        missed |= not report.good(found)
    return 1 if missed and not chosen.quick else 0


if __name__ == "__main__":
    sys.exit(main())
