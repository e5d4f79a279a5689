"""Gifts: pledged, received with a receipt, set apart for one programme, and reported to everybody."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from libs.common.kernel.ids import new_id
from services.payments.domain import donations, funds
from services.payments.domain.donations import Donation
from services.payments.domain.funds import Fund
from services.payments.domain.ledger import ORIGIN, Account, Transfer


class DonationWork(Protocol):
    """One transaction on gifts, inside the caller's territory."""

    async def fund(self, fund_id: UUID) -> Fund | None: ...

    async def add(self, donation: Donation, sub: str) -> None: ...

    async def read(self, donation_id: UUID) -> Donation | None:
        """Locked until the transaction ends."""

    async def next_receipt(self, fund: Fund, year: int) -> str:
        """The next number of the fund's receipts of that year; no other transaction gets it."""

    async def keep(self, donation: Donation, transfer: Transfer | None) -> None:
        """The donation as it stands now, and what is booked for it. Refusal `fund_short`."""


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
    """The verbs of those who keep gifts."""

    def __init__(self, works: DonationWorks, clock: Clock) -> None:
        self._works = works
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
        self, donation_id: UUID, amount: int, on: date | None, territory: str | None
    ) -> Donation:
        """What came, which may be other than what was promised; with the number of its receipt."""
        day = on or self._clock.business_date()
        if day > self._clock.business_date():
            raise _unfit("received_on")
        async with self._works(territory) as work:
            donation = await _known(work, donation_id)
            posting = _move(donation, donations.RECEIVED)
            fund = await _for_gifts(work, donation.fund_id, territory)
            received = replace(
                donation,
                amount=amount,
                status=donations.RECEIVED,
                received_on=day,
                receipt=await work.next_receipt(fund, day.year),
            )
            origin = Account(ORIGIN, fund.kind, fund.province_code, fund.unit)
            await work.keep(received, Transfer(posting, fund.account, origin, amount, donation_id, day))
        return received

    async def earmark(self, donation_id: UUID, to_fund_id: UUID, territory: str | None) -> Donation:
        """Set apart, whole, in a fund of one purpose. Refusal `fund_short` where it is used already."""
        day = self._clock.business_date()
        async with self._works(territory) as work:
            donation = await _known(work, donation_id)
            posting = _move(donation, donations.EARMARKED)
            fund = await _for_gifts(work, donation.fund_id, territory)
            to_fund = await _for_gifts(work, to_fund_id, territory)
            if to_fund.purpose is None or to_fund.unit != fund.unit or fund.purpose is not None:
                raise _unfit("to_fund_id")
            earmarked = replace(donation, status=donations.EARMARKED, to_fund_id=to_fund_id, earmarked_on=day)
            transfer = Transfer(posting, to_fund.account, fund.account, donation.amount, donation_id, day)
            await work.keep(earmarked, transfer)
        return earmarked

    async def withdraw(self, donation_id: UUID, territory: str | None) -> Donation:
        """A promise that is not kept."""
        async with self._works(territory) as work:
            donation = await _known(work, donation_id)
            if donation.status != donations.PLEDGED:
                raise _closed()
            withdrawn = replace(donation, status=donations.WITHDRAWN)
            await work.keep(withdrawn, None)
        return withdrawn


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


def _move(donation: Donation, to: str) -> str:
    try:
        posting = donations.moved(donation.status, to)
    except IllegalTransition:
        raise _closed() from None
    assert posting, "an edge that books nothing"
    return posting


def _closed() -> Refusal:
    return Refusal(
        "donation_state_wrong",
        "Khoản đóng góp không ở bước này: hãy xem trạng thái của nó.",
        "The donation is not at this step: look at its status.",
    )


def _unfit(field: str) -> Refusal:
    return Refusal(
        "voucher_unfit",
        "Khoản đóng góp không hợp với quỹ: xem trường được nêu.",
        "The donation does not fit the fund: see the field named.",
        (FieldError(field, "unfit", "Không hợp với quỹ.", "It does not fit the fund."),),
    )
