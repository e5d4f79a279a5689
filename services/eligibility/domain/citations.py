"""Where a value of the law stands written, and how sure we are of it."""

from dataclasses import dataclass
from datetime import date

MARKS = ("verified", "memory", "open")
#: The mark of what is no law, and stands in drafts only.
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Change:
    """What an instrument does to another from a day on: to some provisions, or (None) to all of it."""

    instrument: str
    provisions: str | None
    since: date


@dataclass(frozen=True, slots=True)
class Instrument:
    """A legal instrument: `short` as lawyers cite it, such as NĐ 20/2021. None: the day is not known.

    `applies_from` is the day its benefits count from, where that lies before `in_force_on`.
    """

    id: str
    short: str
    title: str
    issued_on: date | None = None
    in_force_on: date | None = None
    applies_from: date | None = None
    ended_on: date | None = None
    amends: tuple[Change, ...] = ()
    repeals: tuple[Change, ...] = ()
    mark: str = "verified"

    @property
    def begins(self) -> date | None:
        """The first day for which a value may cite it: its effect, or at least its issue."""
        return self.applies_from or self.in_force_on or self.issued_on


@dataclass(frozen=True, slots=True)
class Citation:
    """Instrument, article, clause, point; `mark` = verified (text read), memory, or open (counsel)."""

    instrument: Instrument
    article: str
    clause: str | None
    point: str | None
    mark: str

    def __str__(self) -> str:
        text = f"{self.instrument.short} Đ{self.article}"
        if self.clause:
            text += f".{self.clause}"
        if self.point:
            text += f".{self.point}"
        return text
