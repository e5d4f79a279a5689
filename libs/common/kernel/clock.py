"""The two clocks: `recorded_at` is UTC wall time, `business_date` the civil day in Vietnam."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    def recorded_at(self) -> datetime: ...

    def business_date(self) -> date: ...


@dataclass(frozen=True)
class WallClock:
    """The real clock; `fixed_business_date` holds the civil day still for a scenario (deploy/local only)."""

    fixed_business_date: date | None = None

    def recorded_at(self) -> datetime:
        return datetime.now(UTC)

    def business_date(self) -> date:
        return self.fixed_business_date or datetime.now(VIETNAM).date()
