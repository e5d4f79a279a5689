"""Payments of which their agency says nothing in its term become unknown, and it is asked about them."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from typing import Protocol

from libs.common.kernel.clock import Clock
from services.payments.domain.instructions import PENDING, UNKNOWN, posting_for


class SilenceWork(Protocol):
    """One transaction of finding silence."""

    async def fall_silent(self, executed_by: Mapping[str, date], on: date) -> bool:
        """What is pending of one file, to be paid by the day of its kind, is unknown from then on.

        False when there is no such file. A file falls silent once.
        """


class SilenceWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[SilenceWork]: ...


class FindSilent:
    """The worker, one file a transaction. `days`: the term after the payment date, by the kind of file."""

    def __init__(self, works: SilenceWorks, days: Mapping[str, int], clock: Clock) -> None:
        self._works = works
        self._days = days
        self._clock = clock

    async def step(self) -> bool:
        assert posting_for(PENDING, UNKNOWN) is None, "not to know moves no money"
        today = self._clock.business_date()
        async with self._works() as work:
            return await work.fall_silent(
                {kind: today - timedelta(days) for kind, days in self._days.items()}, today
            )
