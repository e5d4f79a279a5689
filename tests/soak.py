"""Long runs of random cases: `python -m tests.soak --law --people 1000000 --seed 7`.

Prints the seeds and the rate; a difference ends the run with 1 and its case as JSON. A run is told again
by its seed: batch n of a run with seed s has seed s + n.
"""

import argparse
import random
import sys
import time

import orjson

from tests.support.two_evaluators import difference

_BATCH = 500


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    options.add_argument("--law", action="store_true", required=True, help="scalar and vectorised evaluator")
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=None)
    chosen = options.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000_000)
    return law(chosen.people, seed)


def law(people: int, seed: int) -> int:
    batches = -(-people // _BATCH)
    print(f"law: {batches * _BATCH} people, seeds {seed} to {seed + batches - 1}", flush=True)
    began = said = time.monotonic()
    for batch in range(batches):
        found = difference(random.Random(seed + batch), _BATCH)
        if found is not None:
            print(f"seed {seed + batch}: the evaluators differ", file=sys.stderr)
            print(orjson.dumps(found, default=str, option=orjson.OPT_INDENT_2).decode())
            return 1
        now = time.monotonic()
        if now - said > 10 or batch == batches - 1:
            done, said = (batch + 1) * _BATCH, now
            print(
                f"{done} people alike, {done / (now - began):.0f} a second, seed {seed + batch}", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
