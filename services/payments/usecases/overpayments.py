"""What was paid without being due: found, and brought back by plans, repayments and remissions."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from libs.common.kernel.months import Month
from services.payments.domain import recoveries
from services.payments.domain.recoveries import Debt, Recovery


class FindingWork(Protocol):
    """One transaction of finding overpayments."""

    async def find(self, on: date) -> bool:
        """Book what some recalculated months of a province come to; False when there is none to look at.

        A month is weighed again whenever a payment of it moves: what stands of it, less what it comes to.
        """


class FindingWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[FindingWork]: ...


class FindOverpayments:
    """The worker: an upper bound of differences a transaction."""

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


class RecoveryWork(Protocol):
    """One transaction on overpayments, inside the caller's territory."""

    async def debt(self, overpayment_id: UUID) -> Debt | None:
        """As it stands until the transaction ends: no list keeps anything back meanwhile."""

    async def propose(self, recovery: Recovery, province_code: str) -> bool:
        """False while another one of the overpayment waits."""

    async def waiting(self, overpayment_id: UUID) -> Recovery | None: ...

    async def recovery(self, recovery_id: UUID) -> Recovery | None:
        """Locked until the transaction ends."""

    async def book(self, recovery: Recovery, debt: Debt, checker: str, on: date, at: datetime) -> None: ...

    async def withdraw(self, recovery: Recovery, at: datetime) -> None: ...


class RecoveryWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[RecoveryWork]: ...


class KeepRecoveries:
    """A maker proposes how an overpayment comes back, a checker approves."""

    def __init__(self, works: RecoveryWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def propose(self, recovery: Recovery, territory: str | None) -> Recovery:
        """What is said twice is one. Refusal `recovery_unfit`, `recovery_closed`, `not_found`."""
        async with self._works(territory) as work:
            debt = await _debt(work, recovery.overpayment_id)
            if not recoveries.fits(recovery, debt):
                raise _unfit()
            if await work.propose(recovery, debt.province_code):
                return recovery
            standing = await work.waiting(recovery.overpayment_id)
        if standing is None or standing.says() != recovery.says():
            raise _closed()
        return standing

    async def approve(self, recovery_id: UUID, checker: str, territory: str | None) -> Recovery:
        """Refusal `same_identity`, `recovery_unfit`, `recovery_closed`, `not_found`. Twice is once."""
        async with self._works(territory) as work:
            recovery = await _known(work, recovery_id)
            if recovery.maker == checker:
                raise Refusal(
                    "same_identity",
                    "Người đề xuất không được tự duyệt. Hãy để người khác duyệt.",
                    "Whoever proposed it can't approve it. Let somebody else do it.",
                )
            if (recovery.status, recovery.checker) == (recoveries.BOOKED, checker):
                return recovery
            _move(recovery, recoveries.BOOKED)
            debt = await _debt(work, recovery.overpayment_id)
            if not recoveries.fits(recovery, debt):
                raise _unfit()
            today, at = self._clock.business_date(), self._clock.recorded_at()
            await work.book(recovery, debt, checker, today, at)
        return replace(recovery, status=recoveries.BOOKED, checker=checker)

    async def withdraw(self, recovery_id: UUID, territory: str | None) -> Recovery:
        """Refusal `recovery_closed`, `not_found`. Twice is once."""
        async with self._works(territory) as work:
            recovery = await _known(work, recovery_id)
            if recovery.status != recoveries.WITHDRAWN:
                _move(recovery, recoveries.WITHDRAWN)
                await work.withdraw(recovery, self._clock.recorded_at())
        return replace(recovery, status=recoveries.WITHDRAWN)


async def _debt(work: RecoveryWork, overpayment_id: UUID) -> Debt:
    debt = await work.debt(overpayment_id)
    if debt is None:
        raise Refusal("not_found", "Không tìm thấy khoản chi thừa này.", "No such overpayment.")
    return debt


async def _known(work: RecoveryWork, recovery_id: UUID) -> Recovery:
    recovery = await work.recovery(recovery_id)
    if recovery is None:
        raise Refusal("not_found", "Không tìm thấy đề xuất thu hồi này.", "No such recovery.")
    return recovery


def _move(recovery: Recovery, to: str) -> None:
    try:
        recoveries.moved(recovery.status, to)
    except IllegalTransition:
        raise _closed() from None


def _closed() -> Refusal:
    return Refusal(
        "recovery_closed",
        "Đề xuất đã duyệt hoặc đã rút, hoặc khoản này đang có đề xuất khác chờ duyệt.",
        "It is approved or withdrawn, or another one of the overpayment waits to be approved.",
    )


def _unfit() -> Refusal:
    return Refusal(
        "recovery_unfit",
        "Số tiền vượt phần còn phải thu. Hãy xem lại khoản chi thừa.",
        "That is more than is open. Look at the overpayment again.",
        (FieldError("amount_dong", "too_much", "Vượt phần còn phải thu.", "More than is open."),),
    )
