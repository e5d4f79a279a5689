"""What suspends, ends and changes a benefit, and from when: the shape of policy/case_life.yaml."""

from dataclasses import dataclass

CONDITIONS = ("unchanged", "changed", "not_met")
OUTCOMES = ("resumed", "adjusted", "stopped")
#: From when an outcome takes effect: the suspension's first month, or the month of the change.
REACHES = ("suspension", "change")


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason of the law. `months`: how long in a row it must have lasted; `stop_after_months`: a suspension
    for it ends in a stop after so long."""

    code: str
    say: str
    months: int | None = None
    stop_after_months: int | None = None


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a suspension ends, by what became of the `conditions`."""

    conditions: str
    then: str
    reach: str


@dataclass(frozen=True, slots=True)
class StopRule:
    """No more from the month that lies `months_after` the one in which one of the grounds arose."""

    months_after: int
    grounds: tuple[Ground, ...]
