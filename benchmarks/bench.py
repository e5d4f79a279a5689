"""A line of the bench: two sides timed in turn, and what the medians say.

A side does a whole piece of work and tells how many seconds of it count. One round runs ours and theirs;
after a round that warms up, the ratio is the median of the rounds' own ratios, so that what slows the machine
for a while slows both.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Side:
    """`does` is a line for the reader; `seconds` does the work once."""

    does: str
    seconds: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Target:
    """What performance.md asks for; None: not asked. `faster_min`: theirs over ours in time; `times_max`:
    ours over theirs."""

    rate_min: float | None = None
    faster_min: float | None = None
    times_max: float | None = None

    def __str__(self) -> str:
        parts = [
            f"≥ {self.rate_min:,.0f}/s" if self.rate_min else "",
            f"≥ {self.faster_min:g}× faster" if self.faster_min else "",
            f"≤ {self.times_max:g}× its time" if self.times_max else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A peer that is not run here: its rate as it was found elsewhere, and by whom."""

    who: str
    rate: float


@dataclass(frozen=True, slots=True)
class Line:
    """`size` pieces of `unit` are done in one run. Lines of one `family` differ in size only."""

    name: str
    unit: str
    size: int
    ours: Side
    theirs: Side | None = None
    target: Target = field(default_factory=Target)
    family: str | None = None
    quoted: Quoted | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    line: Line
    ours_seconds: tuple[float, ...]
    theirs_seconds: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Pieces a second on our side."""
        return self.line.size / median(self.ours_seconds)

    @property
    def theirs_rate(self) -> float | None:
        return self.line.size / median(self.theirs_seconds) if self.theirs_seconds else None

    @property
    def faster(self) -> float | None:
        """Their time over ours."""
        pairs = list(zip(self.ours_seconds, self.theirs_seconds, strict=False))
        return median(theirs / ours for ours, theirs in pairs) if pairs else None

    @property
    def met(self) -> bool:
        target, faster = self.line.target, self.faster
        asked = [
            target.rate_min is None or self.rate >= target.rate_min,
            target.faster_min is None or (faster is not None and faster >= target.faster_min),
            target.times_max is None or (faster is not None and 1 / faster <= target.times_max),
        ]
        return all(asked)

    def as_json(self) -> dict[str, Any]:
        line = self.line
        return {
            "name": line.name,
            "unit": line.unit,
            "size": line.size,
            "ours": {"does": line.ours.does, "seconds": self.ours_seconds, "rate": self.rate},
            "theirs": line.theirs
            and {"does": line.theirs.does, "seconds": self.theirs_seconds, "rate": self.theirs_rate},
            "faster": self.faster,
            "quoted": line.quoted and asdict(line.quoted),
            "target": asdict(line.target),
            "target_text": str(line.target),
            "met": self.met,
        }


def measure(line: Line, rounds: int) -> Measured:
    """Run the sides in turn, the first round to warm up."""
    ours, theirs = [], []
    for _ in range(rounds + 1):
        ours.append(line.ours.seconds())
        if line.theirs is not None:
            theirs.append(line.theirs.seconds())
    return Measured(line, tuple(ours[1:]), tuple(theirs[1:]))


def growth(measured: Sequence[Measured]) -> dict[str, float]:
    """Of each family: time for one piece in its largest line over that in its smallest."""
    families: dict[str, list[Measured]] = {}
    for one in measured:
        if one.line.family is not None:
            families.setdefault(one.line.family, []).append(one)
    return {
        name: min(lines, key=lambda one: one.line.size).rate / max(lines, key=lambda one: one.line.size).rate
        for name, lines in families.items()
        if len(lines) > 1
    }
