"""Funds are opened; vouchers on them are proposed by a maker, and booked when a checker approves."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from services.payments.domain import donations, vouchers
from services.payments.domain.funds import Fund
from services.payments.domain.ledger import CORRECTED, NATION, Transfer
from services.payments.domain.vouchers import EARMARKED, Voucher


class MoneyWork(Protocol):
    """One transaction on funds and vouchers, inside the caller's territory."""

    async def open_fund(self, fund: Fund, sub: str) -> bool:
        """False when its code is taken."""

    async def fund(self, fund_id: UUID) -> Fund | None: ...

    async def standing(self, transaction_id: UUID) -> tuple[Transfer, int] | None:
        """A transfer as it was booked, and its amount as corrected so far.

        None when the territory has none of that id, or a gift that is earmarked already.
        """

    async def gift(self, donation_id: UUID) -> tuple[str, int] | None:
        """Status and amount of a gift, locked until the transaction ends."""

    async def propose(self, voucher: Voucher) -> bool:
        """False while a voucher waits for the same transaction or gift, or while its paper has a voucher."""

    async def of_paper(self, voucher: Voucher) -> Voucher | None:
        """The voucher, not withdrawn, of the same fund, kind and document; the one that a gift waits for."""

    async def voucher(self, voucher_id: UUID) -> Voucher | None:
        """Locked until the transaction ends."""

    async def book(self, voucher: Voucher, transfers: Sequence[Transfer], checker: str) -> None:
        """Refusal `fund_short` when a fund would be below zero that may not be."""

    async def withdraw(self, voucher: Voucher, sub: str) -> None: ...


class MoneyWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[MoneyWork]: ...


class KeepFunds:
    """The verbs of those who keep funds."""

    def __init__(self, works: MoneyWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def open(self, fund: Fund, sub: str, territory: str | None) -> None:
        """Refusal `fund_taken`, `not_permitted` outside the caller's territory.

        Which account a fund is paid from is for the nation to say: it might be another province's.
        """
        if territory not in (None, fund.province_code):
            raise Refusal(
                "not_permitted",
                "Chỉ mở được quỹ của tỉnh mình; quỹ của cả nước do tài khoản có địa bàn cả nước mở.",
                "A fund can be opened for one's own province; the nation's by whoever has the nation.",
            )
        if fund.account_number and territory is not None:
            raise Refusal(
                "not_permitted",
                "Chỉ người có địa bàn cả nước ghi được số tài khoản chi của quỹ. Hãy mở quỹ không có số đó.",
                "Only whoever has the nation names the account a fund is paid from. Open it without one.",
            )
        async with self._works(territory) as work:
            if not await work.open_fund(fund, sub):
                raise Refusal(
                    "fund_taken",
                    "Mã quỹ này đã có. Hãy chọn mã khác.",
                    "That code is another fund's. Choose another code.",
                )

    async def propose(self, voucher: Voucher, territory: str | None) -> Voucher:
        """The voucher, waiting for a checker; what is said twice is the voucher that it made.

        Refusal `voucher_unfit`, `not_found`, `not_permitted`, `not_correctable`, `donation_state_wrong`;
        `voucher_taken` where the paper's voucher, or the one that a gift waits for, says something else.
        """
        if voucher.booked_on > self._clock.business_date():
            raise _unfit("booked_on")
        async with self._works(territory) as work:
            legs = await self._transfers(work, voucher, territory)
            voucher = replace(voucher, province_code=_territory_of(legs))
            if await work.propose(voucher):
                return voucher
            if voucher.kind == CORRECTED:
                raise _not_correctable()
            standing = await work.of_paper(voucher)
        if standing is None or not vouchers.same(standing, voucher):
            raise Refusal(
                "voucher_taken",
                "Văn bản hoặc khoản đóng góp này đã có chứng từ khác. Hãy xem nó, và rút nó nếu lập sai.",
                "That document, or that gift, has another voucher. Look at it; withdraw it if it is wrong.",
            )
        return standing

    async def approve(self, voucher_id: UUID, checker: str, territory: str | None) -> None:
        """Refusal `same_identity`, `voucher_closed`, `fund_short`, `donation_state_wrong`, `not_found`.

        Twice is once.
        """
        async with self._works(territory) as work:
            voucher = await _known(work, voucher_id)
            if voucher.maker == checker:
                raise Refusal(
                    "same_identity",
                    "Người lập chứng từ không được tự duyệt. Hãy để người khác duyệt.",
                    "Whoever made the voucher can't approve it. Let somebody else do it.",
                )
            if (voucher.status, voucher.checker) == (vouchers.BOOKED, checker):
                return
            _move(voucher, vouchers.BOOKED)
            await work.book(voucher, await self._transfers(work, voucher, territory), checker)

    async def withdraw(self, voucher_id: UUID, sub: str, territory: str | None) -> None:
        """Refusal `voucher_closed` for one that is booked or withdrawn."""
        async with self._works(territory) as work:
            voucher = await _known(work, voucher_id)
            _move(voucher, vouchers.WITHDRAWN)
            await work.withdraw(voucher, sub)

    async def _transfers(
        self, work: MoneyWork, voucher: Voucher, territory: str | None
    ) -> Sequence[Transfer]:
        if voucher.kind == CORRECTED:
            known = await work.standing(voucher.corrects) if voucher.corrects else None
            found = vouchers.correction_of(voucher, *known) if known else []
            if not found:
                raise _not_correctable()
            _permit(territory, *(account.province_code for account in (found[0].debit, found[0].credit)))
            return found
        fund = await work.fund(voucher.fund_id) if voucher.fund_id else None
        to_fund = await work.fund(voucher.to_fund_id) if voucher.to_fund_id else None
        if fund is None or (voucher.to_fund_id and to_fund is None):
            raise Refusal("not_found", "Không tìm thấy quỹ này.", "No such fund.")
        _permit(territory, fund.province_code)
        wrong = "amount" if voucher.amount < 1 else vouchers.unfit(voucher, fund, to_fund)
        if wrong:
            raise _unfit(wrong)
        if voucher.donation_id:
            await _require_step(work, voucher, voucher.donation_id)
        return [vouchers.transfer_of(replace(voucher, province_code=fund.province_code), fund, to_fund)]


def _territory_of(legs: Sequence[Transfer]) -> str:
    """The province of what is moved; the nation's where that is the nation's on both sides."""
    provinces = {legs[0].debit.province_code, legs[0].credit.province_code}
    return next(iter(sorted(provinces - {NATION})), NATION)


def _permit(territory: str | None, *provinces: str) -> None:
    if territory is not None and set(provinces) != {territory}:
        raise Refusal(
            "not_permitted",
            "Quỹ của cả nước do tài khoản có địa bàn cả nước sử dụng.",
            "The nation's fund is used by whoever has the nation.",
        )


async def _require_step(work: MoneyWork, voucher: Voucher, donation_id: UUID) -> None:
    gift = await work.gift(donation_id)
    if gift is None:
        raise Refusal("not_found", "Không tìm thấy khoản đóng góp này.", "No such donation.")
    status, amount = gift
    try:
        donations.moved(status, vouchers.GIFT_STEPS[voucher.kind])
    except IllegalTransition:
        raise donations_closed() from None
    if voucher.kind == EARMARKED and voucher.amount != amount:
        raise donations_closed()


def donations_closed() -> Refusal:
    """A gift that is not where the step asked for begins, or of another amount by now."""
    return Refusal(
        "donation_state_wrong",
        "Khoản đóng góp không ở bước này, hoặc số đã khác: hãy xem lại nó.",
        "The donation is not at this step, or its amount is another by now: look at it again.",
    )


async def _known(work: MoneyWork, voucher_id: UUID) -> Voucher:
    voucher = await work.voucher(voucher_id)
    if voucher is None:
        raise Refusal("not_found", "Không tìm thấy chứng từ này.", "No such voucher.")
    return voucher


def _move(voucher: Voucher, to: str) -> None:
    try:
        vouchers.moved(voucher.status, to)
    except IllegalTransition:
        raise Refusal(
            "voucher_closed",
            "Chứng từ đã ghi sổ hoặc đã rút. Sai sót đã ghi sổ được sửa bằng chứng từ điều chỉnh.",
            "The voucher is booked or withdrawn. What was booked wrongly is put right by a correction.",
        ) from None


def _unfit(field: str) -> Refusal:
    return Refusal(
        "voucher_unfit",
        "Chứng từ không hợp với quỹ: xem trường được nêu.",
        "The voucher does not fit its fund: see the field named.",
        (FieldError(field, "unfit", "Không hợp với quỹ.", "It does not fit the fund."),),
    )


def _not_correctable() -> Refusal:
    return Refusal(
        "not_correctable",
        "Chứng từ không sửa được bút toán này: không có, không đổi gì, đang chờ sửa, đã vào quỹ có mục đích,"
        " hoặc thuộc một đợt chi trả.",
        "No voucher corrects that: there is none, nothing would change, a correction waits already, the gift"
        " is earmarked, or a payment run moved it.",
    )
