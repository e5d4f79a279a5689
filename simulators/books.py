"""A partner's own books: what it received, paid and sent back, without a name in them.

One journal per agency: a line of JSON for each state of a page, of which the last counts. A kill leaves at
most a torn last line, which was never acted upon.
"""

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from simulators.answer import Answer


class BooksUnreadable(Exception):
    """The books that are there are none of ours."""


@dataclass
class Page:
    """One payment file. `reports`: SHA-256 of each report that the platform has accepted, by its name."""

    run_id: str
    payments: int = 0
    received_dong: int = 0
    settled: int = 0
    settled_dong: int = 0
    returned: int = 0
    returned_dong: int = 0
    rejected_because: str | None = None
    reports: dict[str, str] = field(default_factory=dict)
    done: bool = False
    #: The platform asked about it, and was answered.
    asked: bool = False


class Books:
    """The pages of one agency; safe to be used by several clerks."""

    def __init__(self, folder: Path, agency_code: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{agency_code}.jsonl"
        self._lock = threading.Lock()
        self._pages = _load(self.path)

    def page(self, payment_file_id: str) -> Page | None:
        with self._lock:
            return self._pages.get(payment_file_id)

    def enter(self, payment_file_id: str, run_id: str, answer: Answer, *, asked: bool = False) -> Page:
        """The file's page with what was made of it; what was accepted before a restart stays accepted.

        On disk when this returns: who is killed after a report has arrived, and is never asked about the file
        again, has booked what it reported.
        """
        with self._lock:
            page = self._pages.setdefault(payment_file_id, Page(run_id))
            page.payments, page.received_dong = answer.received.payments, answer.received.dong
            page.settled, page.settled_dong = answer.settled.payments, answer.settled.dong
            page.returned, page.returned_dong = answer.returned.payments, answer.returned.dong
            page.rejected_because = answer.rejected_because
            page.asked = page.asked or asked
            self._write(payment_file_id, page)
            return page

    def accepted(self, payment_file_id: str, report: str, sha256: str, *, done: bool) -> None:
        """The platform has taken this report; on disk when this returns."""
        with self._lock:
            page = self._pages[payment_file_id]
            page.reports[report] = sha256
            page.done = done
            self._write(payment_file_id, page)

    def totals(self) -> dict[str, int]:
        """Sums over all files that were worked through."""
        names = ("payments", "received_dong", "settled", "settled_dong", "returned", "returned_dong")
        with self._lock:
            return {name: sum(getattr(page, name) for page in self._pages.values()) for name in names}

    def _write(self, payment_file_id: str, page: Page) -> None:
        line = json.dumps({"payment_file_id": payment_file_id, **asdict(page)}).encode() + b"\n"
        with self.path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                if file.write(line) != len(line):
                    raise OSError(f"{self.path}: no room")
                os.fsync(file.fileno())
            except OSError:
                # What another clerk writes next must not run on from half a line.
                file.truncate(before)
                raise


def _load(path: Path) -> dict[str, Page]:
    if not path.exists():
        return {}
    *whole, torn = path.read_bytes().split(b"\n")
    pages: dict[str, Page] = {}
    try:
        for line in whole:
            page = json.loads(line)
            payment_file_id = page.pop("payment_file_id")
            pages[payment_file_id] = Page(**page)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BooksUnreadable(f"{path} holds no books; delete it to begin new ones") from error
    if torn:
        os.truncate(path, path.stat().st_size - len(torn))
    return pages
