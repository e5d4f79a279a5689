"""A nation determined from facts in PostgreSQL with its results stored there, beside OpenFisca that loads the
same facts and stores what it found.

The month is of NĐ 335/2026, which the peer's rules were written from, and the provinces are those without a
level of their own. Both sides have the same number of processes. The peer's facts are columns of just what it
asks, by number; it reads them by binary COPY and stores an amount a person by binary COPY, in one table with
its key: nobody could ask less of it. Ours writes decisions with trace, hash, event and what stands.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import perf_counter

import asyncpg
import numpy as np

from benchmarks import law, openfisca
from benchmarks.bench import Line, Side, Target
from benchmarks.openfisca import OpenFisca
from benchmarks.redetermination import WORKERS, Country, Nation, Prepare, determined_nation
from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.months import Month
from libs.common.runtime import binary_copy
from services.eligibility import wiring
from services.eligibility.domain.columns import FactColumns
from services.eligibility.domain.packs import Place

_SIZES, _SIZES_QUICK = (100_000, 1_000_000, 4_000_000), (20_000, 100_000)
#: For the nation `redetermination` shows what it takes beside PostgreSQL alone.
_ALL_CHANGE_MAX = 1_000_000
_MONTHS = (Month(2026, 11), Month(2026, 12))
#: People that a worker of the peer has in memory at once.
_AT_ONCE = 500_000
_OF_CHILD = ("birth", "studying", "study_continuous")
_DIFFERENT = """
    select count(*) from openfisca_person join openfisca_result using (number) left join (
        select person_id, sum(amount_dong) as amount from decision
        where outcome = 'granted' and programme in ('monthly_allowance', 'social_pension') group by person_id
    ) ours using (person_id) where openfisca_result.amount <> coalesce(ours.amount, 0)
"""


def peers() -> dict[str, str]:
    return law.peers()


def lines(quick: bool) -> Iterator[Line]:
    country = Country(_MONTHS, "2026-12-05", _without_own_level(), residents=False, keep=_keep)
    for size in _SIZES_QUICK if quick else _SIZES:
        with determined_nation(size, country) as made, ExitStack() as stack:
            peer = _Peer(made, [stack.enter_context(openfisca.waiting()) for _ in range(WORKERS)])
            peer.seconds()
            made.loop.run_until_complete(_alike(made))
            yield _line(made, peer, "2% change", made.move_a_fiftieth, Target(faster_min=1))
            if size <= _ALL_CHANGE_MAX:
                # A decision with all that it rests on, and its event, against twelve bytes: no target.
                yield _line(made, peer, "all change", made.move_everybody, Target())


def _line(made: Nation, peer: "_Peer", name: str, prepare: Prepare, target: Target) -> Line:
    return Line(
        f"{made.size:,} people from load to store, {name}",
        "people",
        made.size,
        Side(
            f"{WORKERS} workers: facts and standing read, all rules, changed decisions written with trace, "
            "input hash and event",
            lambda: made.determined(prepare),
        ),
        Side(
            f"{WORKERS} workers: binary COPY out into arrays, the rules of the two programmes, an amount a "
            "person by binary COPY in",
            peer.seconds,
        ),
        target,
        family=f"load to store, {name}",
    )


def _without_own_level() -> tuple[str, ...]:
    """Provinces in which the month's law is that of the nation."""
    engine = wiring.engine()

    def law_of(place: Place) -> object:
        return replace(engine.pack(_MONTHS[0], place), place=Place())

    codes = [f"{code:02d}" for code in range(1, 97)]
    return tuple(code for code in codes if law_of(Place(code, code)) == law_of(Place()))[:10]


@dataclass(frozen=True)
class _Peer:
    made: Nation
    workers: list[OpenFisca]

    def seconds(self) -> float:
        """Everybody's amounts of the month, in pieces that the workers take in turn."""
        self.made.loop.run_until_complete(self.made.sql("truncate openfisca_result", "checkpoint"))
        piece = min(_AT_ONCE, -(-self.made.size // WORKERS))
        firsts = range(0, self.made.size, piece)
        began = perf_counter()
        with ThreadPoolExecutor(WORKERS) as pool:
            asked = [
                pool.submit(self._pieces, worker, firsts[number::WORKERS], piece)
                for number, worker in enumerate(self.workers)
            ]
        for one in asked:
            one.result()
        return perf_counter() - began

    def _pieces(self, worker: OpenFisca, firsts: range, piece: int) -> None:
        for first in firsts:
            worker.ask(
                "determine",
                url=self.made.url,
                month=str(_MONTHS[0]),
                first=first,
                last=min(first + piece, self.made.size),
            )


async def _alike(made: Nation) -> None:
    """Both sides stored the same for each of the people, or there is nothing to compare."""
    connection = await asyncpg.connect(made.url)
    people = await connection.fetchval("select count(*) from openfisca_result where amount is not null")
    different = await connection.fetchval(_DIFFERENT)
    await connection.close()
    if people != made.size or different:
        raise SystemExit(
            f"of {made.size} people OpenFisca stored {people}, and {different} otherwise than we"
        )


async def _keep(connection: asyncpg.Connection, facts: FactColumns, ids: Bytes, first: int) -> None:
    """The facts as the peer has them: a row a person, and a row a child."""
    told, size = openfisca.arrays(facts), len(facts)
    parent = told.pop("parent")
    columns = {name: _column(values) for name, values in told.items()}
    if first == 0:
        kinds = {name: kind for name, (kind, _) in columns.items()}
        await _tables(connection, kinds)
    people = [binary_copy.numbers(np.arange(first, first + size), 4), ids]
    people += [sent[:size] for _, sent in columns.values()]
    names = ("number", "person_id", *columns)
    await binary_copy.copy_in(connection, "openfisca_person", names, [binary_copy.rows(people, size)])
    children = [binary_copy.numbers(parent + first, 4), *(columns[name][1][size:] for name in _OF_CHILD)]
    block = binary_copy.rows(children, len(parent))
    await binary_copy.copy_in(connection, "openfisca_child", ("parent", *_OF_CHILD), [block])


async def _tables(connection: asyncpg.Connection, kinds: dict[str, str]) -> None:
    of_person = ", ".join(f"{name} {kind} not null" for name, kind in kinds.items())
    of_child = ", ".join(f"{name} {kinds[name]} not null" for name in _OF_CHILD)
    await connection.execute(
        f"create table openfisca_person (number integer primary key, person_id uuid not null, {of_person});"
        f"create table openfisca_child (parent integer not null, {of_child});"
        "create index on openfisca_child (parent);"
        "create table openfisca_result (number integer primary key, amount bigint not null)"
    )


def _column(values: np.ndarray) -> tuple[str, Bytes]:
    """The type of a column, and its values as it is sent."""
    if values.dtype.kind == "M":
        days = values.astype("M8[D]").astype(np.int64) - binary_copy.EPOCH_DAYS
        return "date", binary_copy.numbers(days, 4)
    if values.dtype.kind == "b":
        return "boolean", np.ascontiguousarray(values).view(np.uint8).reshape(-1, 1)
    if values.dtype.kind == "u":
        return "smallint", binary_copy.numbers(values.astype(np.int16), 2)
    return "integer", binary_copy.numbers(values.astype(np.int32), 4)
