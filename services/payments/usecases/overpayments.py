"""What was paid without being due: found, and brought back by plans, repayments and remissions."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.months import Month


class FindingWork(Protocol):
    """One transaction of finding overpayments."""

    async def find(self, on: date) -> bool:
        """Book what some recoveries of a province come to; False when none is ready to be weighed.

        A recovery is weighed once: what was paid of its month, less what the month comes to.
        """


class FindingWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[FindingWork]: ...


class FindOverpayments:
    """The worker: an upper bound of recoveries a transaction."""

    def __init__(self, works: FindingWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def step(self) -> bool:
        async with self._works() as work:
            return await work.find(self._clock.business_date())


@dataclass(frozen=True, slots=True)
class OverpaymentView:
    """`amount` = withheld + recovered + waived + what is open, in đồng. `monthly`: of its plan; None: none.
    `reserved`: of `withheld`, what lists hold that are not booked yet."""

    overpayment_id: UUID
    difference_id: UUID
    person_id: UUID
    programme: str
    month: Month
    amount: int
    withheld: int
    reserved: int
    recovered: int
    waived: int
    monthly: int | None
    commune_code: str
    province_code: str
    booked_on: date

    @property
    def open(self) -> int:
        return self.amount - self.withheld - self.recovered - self.waived


class OverpaymentReads(Protocol):
    async def page(
        self,
        territory: str | None,
        person_id: UUID | None,
        only_open: bool,
        after: UUID | None,
        limit: int,
    ) -> list[OverpaymentView]:
        """In the order of ids."""

    async def one(self, territory: str | None, overpayment_id: UUID) -> OverpaymentView | None: ...
