"""Where a value of the law stands written, and how sure we are of it."""

from dataclasses import dataclass

MARKS = ("verified", "memory", "open")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A legal instrument: `short` as lawyers cite it, such as NĐ 20/2021."""

    id: str
    short: str
    title: str


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
