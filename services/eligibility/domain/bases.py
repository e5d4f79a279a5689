"""What changed decisions rest on, as `Basis` says of one: the trace and the hash of what was looked at."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel import id_columns
from libs.common.kernel.byte_rows import Bytes, beside, hashed
from libs.common.kernel.months import Month
from services.eligibility.domain.changes import Changes, PackOf, at_places
from services.eligibility.domain.standing_columns import People
from services.eligibility.domain.vectorised import evaluate


@dataclass(frozen=True, slots=True, eq=False)
class Bases:
    """`trace` of each, of which the first `width` bytes count; `input_hash` is (N, 32)."""

    trace: Bytes
    width: NDArray[np.int64]
    input_hash: Bytes

    def take(self, at: NDArray[np.intp]) -> "Bases":
        return Bases(self.trace[at], self.width[at], self.input_hash[at])


def bases(changes: Changes, people: People, pack_of: PackOf, month: Month) -> Bases:
    """Of changes found by the same packs of the month, and by the facts of its end."""
    traces: list[tuple[NDArray[np.intp], Bytes]] = []
    about = people.take(changes.person)
    for these, pack in at_places(about.places, pack_of):
        assert pack, "where the policy has no answer nothing changes"
        traces.append((these, evaluate(pack, about.facts.take(these)).trace))
    widest = max((trace.shape[1] for _, trace in traces), default=0)
    made = np.zeros((len(changes), widest), np.uint8)
    width = np.zeros(len(changes), np.int64)
    for these, trace in traces:
        made[these, : trace.shape[1]] = trace
        width[these] = trace.shape[1]
    return Bases(made, width, _input_hashes(about, month))


def _input_hashes(people: People, month: Month) -> Bytes:
    """`monthly.input_hash` of each: nobody here is an applicant, so no signature is assumed."""
    hashes = np.empty((len(people), 32), np.uint8)
    residents = people.facility.any(axis=1)
    for these, resident_of in (
        (np.flatnonzero(residents), id_columns.texts(people.facility[residents])),
        (np.flatnonzero(~residents), b"None"),
    ):
        told = beside((people.chain[these], f"|{month}|{month}|".encode(), resident_of, b"|None"), len(these))
        hashes[these] = hashed(sha256(), told)
    return hashes
