"""A wallet operator's doors and its clerk: batches come by REST, what became of them is told afterwards.

A batch is on disk before it is answered, so that whoever is killed knows the next day what it took.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from libs.common.runtime.signatures import Signer
from simulators.books import Books
from simulators.door import UNSIGNED, Door, Refused, Stopped
from simulators.outcomes import Odds
from simulators.switches import OFF, Switches
from simulators.wallet import desk

_IDLE_SECONDS = 0.3
_REFUSED_SECONDS = 5.0
#: Status and body; None: the connection is closed without an answer.
Answered = tuple[int, bytes] | None
#: Tells the states of a batch.
Say = Callable[[str, bytes], None]
Trusts = Callable[[bytes, str | None], bool]


class Operator:
    """One wallet operator. Safe to be called by several threads.

    `trusts`: whether the platform signed what it sends; `signer` signs what is answered.
    """

    def __init__(
        self,
        agency_code: str,
        folder: Path,
        odds: Odds,
        switches: Switches = OFF,
        trusts: Trusts = lambda content, signature: True,
        signer: Signer = UNSIGNED,
    ) -> None:
        self.agency_code = agency_code
        self.books = Books(folder, agency_code)
        self.signer = signer
        self.trusts = trusts
        self._folder = folder / "wallets" / agency_code
        self._folder.mkdir(parents=True, exist_ok=True)
        self._odds = odds
        self._switches = switches
        self._lock = threading.Lock()
        self._told: set[str] = set()

    def post(self, path: str, key: str, body: bytes) -> Answered:
        """A request below its address. The key is the batch's id, so the same batch twice is one."""
        if path == "/v1/batches":
            return self._take(key, body)
        parts = path.split("/")
        if parts[:3] == ["", "v1", "batches"] and parts[4:] == ["inquiry"]:
            return self._asked_about(parts[3], body)
        return 404, b"{}"

    def batch(self, batch_id: str) -> desk.Batch | None:
        """One that it took."""
        path = self._folder / f"{batch_id}.json"
        return desk.read_batch(path.read_bytes()) if path.exists() else None

    def tell(self, say: Say) -> int:
        """Tell what is to be told now; of how many batches. Raises what `say` does."""
        return sum(self._tell(path, say) for path in sorted(self._folder.glob("fil_*.json")))

    def say(self, door: Door, batch_id: str, content: bytes) -> None:
        """How it tells the platform what `tell` has to say."""
        door.states(f"/v1/wallet-batches/{batch_id}/states", content)

    def work(self, door: Door) -> None:
        """Until it is stopped."""
        try:
            while True:
                try:
                    done = self.tell(partial(self.say, door))
                except Refused:
                    door.rest(_REFUSED_SECONDS)
                else:
                    if not done:
                        door.rest(_IDLE_SECONDS)
        except Stopped:
            return

    def _take(self, key: str, body: bytes) -> Answered:
        try:
            batch = desk.read_batch(body)
        except desk.NotABatch:
            return 400, b"{}"
        if key != batch.batch_id:
            return 400, b"{}"
        path = self._folder / f"{key}.json"
        with self._lock:
            if path.exists():
                known = path.read_bytes() == body
                return (200, desk.taken(batch, self._odds, self._switches)) if known else (409, b"{}")
            fresh = path.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        self.books.enter(key, "", desk.answer(batch, self._odds, self._switches))
        if self._switches.lost_answer:
            return None
        return 202, desk.taken(batch, self._odds, self._switches)

    def _asked_about(self, batch_id: str, body: bytes) -> Answered:
        batch = self.batch(batch_id)
        if batch is None:
            return 404, json.dumps({"batch_id": batch_id, "taken": False}).encode()
        wanted, carried_out = set(json.loads(body)["payment_ids"]), batch_id in self._told
        return 200, desk.asked(batch, wanted, self._odds, self._switches, carried_out=carried_out)

    def _tell(self, path: Path, say: Say) -> bool:
        batch_id = path.stem
        if batch_id in self._told or time.time() < path.stat().st_mtime + self._switches.delay_seconds:
            return False
        made = desk.answer(desk.read_batch(path.read_bytes()), self._odds, self._switches)
        page = self.books.enter(batch_id, "", made)
        for report in made.reports:
            if report.name not in page.reports:
                say(batch_id, report.content)
                sha256 = hashlib.sha256(report.content).hexdigest()
                self.books.accepted(batch_id, report.name, sha256, done=report is made.reports[-1])
        self._told.add(batch_id)
        return True
