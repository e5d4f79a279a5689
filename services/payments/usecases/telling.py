"""Changes of payments: told to the world in the order in which they came about, and read again by place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from libs.common.kernel.months import Month
from services.payments.domain.payment_events import PaymentEvent
from services.payments.usecases.ports import TellWorks

#: Groups of changes told in one transaction.
_CHANGES_MAX = 20


class TellPayments:
    """The worker: what is kept is numbered and written to the log of events, once. Any number may run."""

    def __init__(self, works: TellWorks) -> None:
        self._works = works

    async def step(self) -> bool:
        """Some groups of changes; False when none waits, or another one tells them."""
        async with self._works() as work:
            return await work.tell(_CHANGES_MAX)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events somebody may see and wants. None: all; `territory` as everywhere."""

    territory: str | None
    agency: str | None
    statuses: Sequence[str] | None = None
    months: Sequence[Month] | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in order. `next_after`: the place up to which all has been looked at."""

    events: Sequence[PaymentEvent]
    next_after: int


class PaymentEvents(Protocol):
    """What was told; store/ provides it."""

    async def page(self, asked: Asked, after: int, limit: int) -> EventPage:
        """The first `limit` events behind the place `after` that are asked for."""

    async def at(self, places: Sequence[int]) -> list[PaymentEvent]:
        """The events of these places, in their order."""

    async def last_place(self) -> int:
        """The place of the latest event of all."""

    async def place_before(self, at: datetime) -> int:
        """The place behind which all was told at that time or later."""
