"""Long runs of random cases: `python -m tests.soak --law --people 1000000 --seed 7`.

`--law` prints the seeds and the rate; a difference ends the run with 1 and its case as JSON. A run is told
again by its seed: batch n of a run with seed s has seed s + n.

`--payroll` pays a nation two months from the order to the last answer of its partners: the first in peace,
the second by workers that are killed at random (tests/support/mortal_workers.py). It prints what each took,
and ends with 1 where the second does not come to the first with what came back of it, where partners' books
differ from the ledger, or where an invariant does not hold.
"""

import argparse
import asyncio
import random
import sys
import time
from contextlib import ExitStack

import orjson

from libs.common.kernel.months import Month
from services.payments.domain.runs import BUILT, INSTRUCTED, INSTRUCTING, RECONCILED
from simulators.outcomes import Odds
from tests.support.broker import test_broker
from tests.support.partners_answers import answers_to, hand_in
from tests.support.payroll import MONTHS, Payroll, payroll
from tests.support.postgres import test_cluster
from tests.support.two_evaluators import difference

_BATCH = 500
_WORKERS = 2
#: Of a mortal worker's life: long enough for the longest piece of work, short against the month.
_STATEMENTS, _MILLISECONDS = 150, 4_000


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    kind = options.add_mutually_exclusive_group(required=True)
    kind.add_argument("--law", action="store_true", help="scalar and vectorised evaluator")
    kind.add_argument("--payroll", action="store_true", help="a month's payroll, its workers killed")
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=None)
    chosen = options.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000_000)
    return law(chosen.people, seed) if chosen.law else asyncio.run(pay(chosen.people, seed))


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


async def pay(people: int, seed: int) -> int:
    calm, killed = MONTHS
    with test_cluster({}) as cluster, test_broker() as broker:
        async with payroll(cluster, broker, people) as month, month.telling():
            print(f"payroll: {people} people, seed {seed}", flush=True)
            with ExitStack() as workers:
                for number in range(_WORKERS):
                    workers.enter_context(month.worker(f"worker-{number}"))
                agreed = await _paid(month, calm, Odds(seed, failing_per_10_000=100))
            expected = await month.due_again(calm)
            with month.dying_workers(_WORKERS, seed, _STATEMENTS, _MILLISECONDS) as kills:
                agreed &= await _paid(month, killed, Odds(seed, failing_per_10_000=0))
                print(f"{kills()} workers were killed", flush=True)
            alike = await month.totals(killed) == expected
            print("it came to what it should" if alike else "it came to something else", flush=True)
            broken = await month.violations()
    print(f"invariants broken: {broken or 'none'}", flush=True)
    return 0 if agreed and alike and not broken else 1


async def _paid(month: Payroll, benefit_month: Month, odds: Odds) -> bool:
    """Whether partners' books agree with the ledger. Prints the seconds at which all provinces' runs were
    built, booked and written to files, and what it took to reconcile all answers once they were made.
    """
    began = time.monotonic()
    ordered = await month.order(benefit_month)
    await month.until(ordered, BUILT)
    built = time.monotonic() - began
    await month.approve(ordered)
    await month.until(ordered, INSTRUCTING, INSTRUCTED)
    booked = time.monotonic() - began
    await month.until(ordered, INSTRUCTED)
    written = time.monotonic() - began
    print(f"{benefit_month}: built {built:.0f} s, booked {booked:.0f} s, written {written:.0f} s", flush=True)
    began = time.monotonic()
    answers = await answers_to(month, ordered, odds)
    answered = time.monotonic() - began
    print(
        f"{benefit_month}: partners answered with {len(answers.reports)} reports in {answered:.0f} s",
        flush=True,
    )
    began = time.monotonic()
    await hand_in(month, answers)
    await month.until(ordered, RECONCILED)
    reconciled = time.monotonic() - began
    settled, returned, left = await month.outcome(ordered)
    agreed = (settled, returned, left) == (answers.settled_dong, answers.returned_dong, 0)
    print(
        f"{benefit_month}: reconciled {reconciled:.0f} s, {settled:,} đ settled, {returned:,} đ returned,"
        f" {left:,} đ open; the partners' books {'agree' if agreed else 'differ'}",
        flush=True,
    )
    return agreed


if __name__ == "__main__":
    sys.exit(main())
