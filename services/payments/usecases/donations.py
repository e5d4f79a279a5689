"""Gifts: pledged, received with a receipt, set apart for one programme, and reported to everybody."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import new_id
from services.payments.domain import donations, funds
from services.payments.domain.donations import Donation
from services.payments.domain.funds import Fund
from services.payments.domain.vouchers import DONATED, EARMARKED, Voucher
from services.payments.usecases.vouchers import KeepFunds, donations_closed


class DonationWork(Protocol):
    """One transaction on gifts, inside the caller's territory."""

    async def fund(self, fund_id: UUID) -> Fund | None: ...

    async def add(self, donation: Donation, sub: str) -> None: ...

    async def read(self, donation_id: UUID) -> Donation | None:
        """Locked until the transaction ends."""

    async def withdraw(self, donation_id: UUID) -> None: ...


class DonationWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[DonationWork]: ...


@dataclass(frozen=True, slots=True)
class Pledge:
    """A promise as it is taken down. `donor`: a name; empty where it is not known."""

    fund_id: UUID
    amount: int
    donor: str
    shown: bool


class TakeDonations:
    """The verbs of those who keep gifts. What is booked is proposed to `funds`, for another identity."""

    def __init__(self, works: DonationWorks, funds: KeepFunds, clock: Clock) -> None:
        self._works = works
        self._funds = funds
        self._clock = clock

    async def pledge(self, pledge: Pledge, sub: str, territory: str | None) -> Donation:
        """Refusal `not_found`, `voucher_unfit` for a fund that is not for gifts."""
        async with self._works(territory) as work:
            fund = await _for_gifts(work, pledge.fund_id, territory)
            donation = Donation(
                donation_id=new_id(),
                fund_id=fund.fund_id,
                province_code=fund.province_code,
                amount=pledge.amount,
                donor=pledge.donor,
                shown=pledge.shown and bool(pledge.donor),
                status=donations.PLEDGED,
                pledged_on=self._clock.business_date(),
            )
            await work.add(donation, sub)
        return donation

    async def receive(
        self, donation_id: UUID, amount: int, document: str, on: date | None, sub: str, territory: str | None
    ) -> Voucher:
        """What came, which may be other than what was promised. Approved, it has a numbered receipt."""
        donation = await self._read(donation_id, territory)
        return await self._funds.propose(
            replace(
                self._step(donation, DONATED, document, sub),
                amount=amount,
                booked_on=on or self._clock.business_date(),
            ),
            territory,
        )

    async def earmark(
        self, donation_id: UUID, to_fund_id: UUID, document: str, sub: str, territory: str | None
    ) -> Voucher:
        """To be set apart, whole, in a fund of one purpose; not where it is used by the day of approval."""
        donation = await self._read(donation_id, territory)
        voucher = replace(self._step(donation, EARMARKED, document, sub), to_fund_id=to_fund_id)
        return await self._funds.propose(voucher, territory)

    async def withdraw(self, donation_id: UUID, territory: str | None) -> Donation:
        """A promise that is not kept."""
        async with self._works(territory) as work:
            donation = await _known(work, donation_id)
            if donation.status != donations.PLEDGED:
                raise donations_closed()
            await work.withdraw(donation_id)
        return replace(donation, status=donations.WITHDRAWN)

    async def _read(self, donation_id: UUID, territory: str | None) -> Donation:
        async with self._works(territory) as work:
            return await _known(work, donation_id)

    def _step(self, donation: Donation, kind: str, document: str, sub: str) -> Voucher:
        return Voucher(
            voucher_id=new_id(),
            kind=kind,
            province_code=donation.province_code,
            amount=donation.amount,
            document=document,
            booked_on=self._clock.business_date(),
            maker=sub,
            fund_id=donation.fund_id,
            donation_id=donation.donation_id,
        )


@dataclass(frozen=True, slots=True)
class GiftShown:
    """A gift as everybody may see it. `donor`: None where it was not agreed to name whom it is from."""

    donation_id: UUID
    donor: str | None
    received_on: date
    amount: int
    used: int
    unit: str
    purpose: str | None
    province_code: str


@dataclass(frozen=True, slots=True)
class GiftSum:
    """What was received or used in a month, for a programme. `programme`: None where none is set."""

    month: date
    unit: str
    programme: str | None
    received: int
    used: int


class DonationReads(Protocol):
    """What is shown of gifts; store/ provides it."""

    async def page(
        self, territory: str | None, status: str | None, after: UUID | None, limit: int
    ) -> list[Donation]: ...

    async def gifts(self, province_code: str | None, after: UUID | None, limit: int) -> list[GiftShown]:
        """Received gifts, for everybody."""

    async def sums(self, province_code: str | None, year: int) -> Sequence[GiftSum]: ...


async def _known(work: DonationWork, donation_id: UUID) -> Donation:
    found = await work.read(donation_id)
    if found is None:
        raise Refusal("not_found", "Không tìm thấy khoản đóng góp này.", "No such donation.")
    return found


async def _for_gifts(work: DonationWork, fund_id: UUID, territory: str | None) -> Fund:
    fund = await work.fund(fund_id)
    if fund is None or territory not in (None, fund.province_code):
        raise Refusal("not_found", "Không tìm thấy quỹ này.", "No such fund.")
    if fund.kind != funds.DONATION:
        raise _unfit("fund_id")
    return fund


def _unfit(field: str) -> Refusal:
    return Refusal(
        "voucher_unfit",
        "Khoản đóng góp không hợp với quỹ: xem trường được nêu.",
        "The donation does not fit the fund: see the field named.",
        (FieldError(field, "unfit", "Không hợp với quỹ.", "It does not fit the fund."),),
    )
