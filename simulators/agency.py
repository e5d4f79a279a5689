"""A paying agency at work: it fetches the files that wait for it and hands its reports in, in order."""

import hashlib
import logging
import time
import zlib
from dataclasses import dataclass, field

from simulators.answer import Answer
from simulators.bank import desk as bank
from simulators.books import Books
from simulators.door import Door, Refused, Stopped, Waiting
from simulators.outcomes import Odds
from simulators.post import desk as post
from simulators.switches import OFF, Switches

_LOG = logging.getLogger("simulators")
_WORKBOOK = b"PK\x03\x04"
_IDLE_SECONDS_FIRST = 0.3
_IDLE_SECONDS_MAX = 2.0
#: How long a file rests whose report was refused, before it is tried again.
_REFUSED_SECONDS_FIRST = 1.0
_REFUSED_SECONDS_MAX = 60.0
#: How long a file that we are done with may still wait at the platform before we report it anew: it may
#: have lost what we said (an older backup restored).
_DONE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Share:
    """One clerk's share of an agency's files: number `mine` of `of`, by the file's id."""

    mine: int = 0
    of: int = 1

    def has(self, payment_file_id: str) -> bool:
        return zlib.crc32(payment_file_id.encode()) % self.of == self.mine


@dataclass
class _Rest:
    until: float
    seconds: float


@dataclass
class Clerk:
    """Works through its share of one agency's files. Everything it knows is in the books and the files."""

    agency_code: str
    door: Door
    books: Books
    odds: Odds
    share: Share = field(default_factory=Share)
    switches: Switches = OFF
    _resting: dict[str, _Rest] = field(default_factory=dict)

    def work(self) -> None:
        """Until it is stopped."""
        idle = _IDLE_SECONDS_FIRST
        try:
            while True:
                if self.once():
                    idle = _IDLE_SECONDS_FIRST
                else:
                    self.door.rest(idle)
                    idle = min(idle * 2, _IDLE_SECONDS_MAX)
        except Stopped:
            return

    def once(self) -> int:
        """Handle what waits now; how many files were answered."""
        try:
            waiting = list(self.door.waiting())
        except Refused as refused:
            _LOG.warning("%s: the list of files was refused: %s", self.agency_code, refused)
            self.door.rest(_IDLE_SECONDS_MAX)
            return 0
        return sum(self._handle(one) for one in waiting if self.share.has(one.payment_file_id))

    def _handle(self, file: Waiting) -> bool:
        rest = self._resting.get(file.payment_file_id)
        page = self.books.page(file.payment_file_id)
        asked = file.asked and page is not None and page.done and not page.asked
        if rest and time.monotonic() < rest.until and not asked:
            return False
        if self.switches.delay_seconds and not rest and not page:
            self._let_rest(file.payment_file_id, self.switches.delay_seconds)
            return False
        if page and page.done and not rest and not asked:
            self._let_rest(file.payment_file_id, _DONE_SECONDS)
            return False
        try:
            content = self.door.content(file.payment_file_id)
            wrong = self._take(content, file)
        except Refused as refused:
            wrong = f"was refused: {refused}"
        if wrong:
            _LOG.warning("%s: %s %s", self.agency_code, file.payment_file_id, wrong)
            self._let_rest(file.payment_file_id)
            return False
        self._let_rest(file.payment_file_id, _DONE_SECONDS)
        return True

    def _take(self, content: bytes, file: Waiting) -> str:
        """Answer the file; what is wrong with it, or nothing."""
        if file.sha256 and hashlib.sha256(content).hexdigest() != file.sha256:
            return "is not what was announced"
        answer = self._answer(content, file)
        if not answer.reports:
            return "can't be read"
        self._hand_in(file, answer)
        return ""

    def _answer(self, content: bytes, file: Waiting) -> Answer:
        if content.startswith(_WORKBOOK):
            return post.answer(content, file.payment_file_id, self.odds, self.switches, asked=file.asked)
        return bank.answer(
            content, file.payment_file_id, self.agency_code, self.odds, self.switches, asked=file.asked
        )

    def _hand_in(self, file: Waiting, answer: Answer) -> None:
        """What the books do not have as accepted, be it new or cut off by a kill; else all anew."""
        page = self.books.enter(file.payment_file_id, file.run_id, answer, asked=file.asked)
        outstanding = [report for report in answer.reports if report.name not in page.reports]
        sending = outstanding or list(answer.reports)
        for report in sending:
            self.door.report(file.payment_file_id, report)
            sha256 = hashlib.sha256(report.content).hexdigest()
            self.books.accepted(file.payment_file_id, report.name, sha256, done=report is sending[-1])

    def _let_rest(self, payment_file_id: str, seconds: float | None = None) -> None:
        """Leave the file alone for so long; if not told, ever longer."""
        if seconds is None:
            before = self._resting.get(payment_file_id)
            seconds = min(before.seconds * 2, _REFUSED_SECONDS_MAX) if before else _REFUSED_SECONDS_FIRST
        self._resting[payment_file_id] = _Rest(time.monotonic() + seconds, seconds)
