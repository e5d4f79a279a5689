"""Campaigns: drafted and proposed by a maker, approved by another, given by runs or by hand-over."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.payments.domain import campaigns
from services.payments.domain.campaigns import Campaign, Terms
from services.payments.domain.funds import Fund
from services.payments.domain.ledger import VND
from services.payments.domain.runs import Order, PayPeriod
from services.payments.domain.vouchers import HANDED_OVER, Voucher
from services.payments.usecases.reading import Amounts


class CampaignWork(Protocol):
    """One transaction on campaigns, inside the caller's territory."""

    async def fund(self, fund_id: UUID) -> Fund | None: ...

    async def add(self, campaign: Campaign) -> bool:
        """False when the province has a campaign of that code."""

    async def read(self, campaign_id: UUID) -> Campaign | None:
        """Locked until the transaction ends."""

    async def replace_terms(self, campaign: Campaign) -> bool:
        """A draft says something else; False when the code is another's."""

    async def move(self, campaign: Campaign) -> None:
        """The campaign's status, hash and checker as they are now."""

    async def open_run(self, order: Order) -> UUID:
        """The run of that order: the one that is open, else a new one."""

    async def to_hand_over(self, campaign_id: UUID, commune_code: str, month: Month) -> tuple[int, int]:
        """(people, amount) of the commune who were not given the month's yet."""

    async def hand_over(self, campaign: Campaign, voucher: Voucher, month: Month) -> bool:
        """The voucher, and who is given something by it; False while its paper has another voucher."""


class CampaignWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[CampaignWork]: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """Goods handed over in a commune: the number of the paper, for which month and on which day."""

    commune_code: str
    document: str
    month: Month | None
    on: date | None


class KeepCampaigns:
    """The verbs of those who keep campaigns."""

    def __init__(self, works: CampaignWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def draft(self, terms: Terms, maker: str, territory: str | None) -> Campaign:
        """Refusal `campaign_unfit`, `campaign_taken`, `not_permitted`."""
        _permit(terms, territory)
        async with self._works(territory) as work:
            _require_fit(terms, await work.fund(terms.fund_id), territory)
            drafted = Campaign(new_id(), terms, campaigns.DRAFT, maker)
            if not await work.add(drafted):
                raise _taken()
        return drafted

    async def change(self, campaign_id: UUID, terms: Terms, maker: str, territory: str | None) -> None:
        """A draft says something else. Refusal as of `draft`, and `campaign_state_wrong`."""
        _permit(terms, territory)
        async with self._works(territory) as work:
            campaign = await _known(work, campaign_id)
            if campaign.status != campaigns.DRAFT or campaign.terms.province_code != terms.province_code:
                raise _state_wrong()
            _require_fit(terms, await work.fund(terms.fund_id), territory)
            if not await work.replace_terms(replace(campaign, terms=terms, maker=maker)):
                raise _taken()

    async def propose(self, campaign_id: UUID, maker: str, territory: str | None) -> None:
        """Who proposes it is its maker. Its terms stand from now on."""
        async with self._works(territory) as work:
            campaign = await _known(work, campaign_id)
            moved = _moved(campaign, campaigns.PROPOSED)
            _require_fit(campaign.terms, await work.fund(campaign.terms.fund_id), territory)
            await work.move(replace(moved, maker=maker, content_hash=campaign.terms.content_hash))

    async def approve(
        self, campaign_id: UUID, content_hash: str, checker: str, territory: str | None
    ) -> None:
        """Refusal `same_identity`, `content_changed`, `campaign_state_wrong`. Twice is once."""
        async with self._works(territory) as work:
            campaign = await _known(work, campaign_id)
            if campaign.maker == checker:
                raise Refusal(
                    "same_identity",
                    "Người lập đợt hỗ trợ không được tự duyệt. Hãy để người khác duyệt.",
                    "Whoever proposed the campaign can't approve it. Let somebody else do it.",
                )
            if (campaign.status, campaign.checker) == (campaigns.APPROVED, checker):
                return
            moved = _moved(campaign, campaigns.APPROVED)
            if {content_hash, campaign.content_hash} != {campaign.terms.content_hash}:
                raise _content_changed()
            _require_fit(campaign.terms, await work.fund(campaign.terms.fund_id), territory)
            await work.move(replace(moved, checker=checker))

    async def withdraw(self, campaign_id: UUID, territory: str | None) -> None:
        await self._end(campaign_id, campaigns.WITHDRAWN, territory)

    async def close(self, campaign_id: UUID, territory: str | None) -> None:
        """It takes no list and opens no run any more; a run that is open goes on to its end."""
        await self._end(campaign_id, campaigns.CLOSED, territory)

    async def order_run(self, campaign_id: UUID, maker: str, territory: str | None) -> UUID:
        """A run that pays who was not paid yet. Refusal `campaign_state_wrong` outside its window,
        `fund_unfit` where its fund holds goods.
        """
        async with self._works(territory) as work:
            campaign, fund, months = await self._giving(work, campaign_id, territory)
            if fund.unit != VND:
                raise Refusal(
                    "fund_unfit",
                    "Quỹ của đợt này là hiện vật: hãy lập chứng từ bàn giao theo xã.",
                    "The campaign's fund holds goods: hand them over, commune by commune.",
                )
            terms = campaign.terms
            return await work.open_run(
                Order(
                    terms.province_code,
                    PayPeriod.of(months),
                    (terms.programme,),
                    maker,
                    fund.fund_id,
                    campaign_id,
                )
            )

    async def hand_over(
        self, campaign_id: UUID, receipt: Receipt, maker: str, territory: str | None
    ) -> Voucher:
        """A voucher over all of the commune who were not given the month's yet; booked once approved.

        Refusal `campaign_state_wrong`, `fund_unfit` for money, `nothing_due`, `voucher_taken`.
        """
        today = self._clock.business_date()
        async with self._works(territory) as work:
            campaign, fund, months = await self._giving(work, campaign_id, territory)
            if fund.unit == VND:
                raise Refusal(
                    "fund_unfit",
                    "Quỹ của đợt này là tiền: hãy lập đợt chi trả.",
                    "The campaign's fund holds money: it is paid by a run.",
                )
            month = receipt.month or months[-1]
            if month not in months or (receipt.on or today) > today:
                raise _unfit("month" if month not in months else "booked_on")
            people, amount = await work.to_hand_over(campaign_id, receipt.commune_code, month)
            if not people:
                raise Refusal(
                    "nothing_due",
                    "Xã này không còn ai chưa nhận của tháng này.",
                    "Nobody of that commune is still to be given that month's.",
                )
            voucher = Voucher(
                voucher_id=new_id(),
                kind=HANDED_OVER,
                province_code=fund.province_code,
                amount=amount,
                document=receipt.document,
                booked_on=receipt.on or today,
                maker=maker,
                fund_id=fund.fund_id,
                programme=campaign.terms.programme,
                commune_code=receipt.commune_code,
                recipients=people,
            )
            if not await work.hand_over(campaign, voucher, month):
                raise Refusal(
                    "voucher_taken",
                    "Văn bản số này đã có chứng từ khác của quỹ.",
                    "That document has another voucher of the fund.",
                )
        return voucher

    async def _giving(
        self, work: CampaignWork, campaign_id: UUID, territory: str | None
    ) -> tuple[Campaign, Fund, tuple[Month, ...]]:
        """The campaign, its fund and the months that are due, if it gives today."""
        campaign, today = await _known(work, campaign_id), self._clock.business_date()
        if not campaign.gives_on(today):
            raise _state_wrong()
        if campaign.content_hash != campaign.terms.content_hash:
            raise _content_changed()
        fund = await work.fund(campaign.terms.fund_id)
        assert fund, "a campaign has its fund"
        _require_fit(campaign.terms, fund, territory)
        return campaign, fund, campaign.due_months(today)

    async def _end(self, campaign_id: UUID, status: str, territory: str | None) -> None:
        async with self._works(territory) as work:
            await work.move(_moved(await _known(work, campaign_id), status))


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign and how far it is. `listed`: people of its lists; `refused`: rows that were not taken.

    `amounts`: of its runs. `unit`: of its fund; `handed_over`: of goods, in that unit.
    """

    campaign: Campaign
    unit: str
    listed: int
    listed_amount: int
    refused: int
    amounts: Amounts
    handed_over: int
    runs: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Progress:
    """A group or a commune of a campaign: who is listed with what a month, and what its runs came to."""

    listed: int
    listed_amount: int
    amounts: Amounts


class CampaignReads(Protocol):
    """Reads inside the caller's territory; store/ provides it."""

    async def campaign(self, territory: str | None, campaign_id: UUID) -> CampaignView | None: ...

    async def campaigns(
        self, territory: str | None, status: str | None, after: UUID | None, limit: int
    ) -> list[CampaignView]:
        """The latest first."""

    async def progress(
        self, territory: str | None, campaign_id: UUID, by: str, after: str, limit: int
    ) -> Mapping[str, Progress]:
        """By `group`, `commune` or `channel`, by key."""


async def _known(work: CampaignWork, campaign_id: UUID) -> Campaign:
    found = await work.read(campaign_id)
    if found is None:
        raise Refusal("not_found", "Không tìm thấy đợt hỗ trợ này.", "No such campaign.")
    return found


def _moved(campaign: Campaign, to: str) -> Campaign:
    try:
        return replace(campaign, status=campaigns.moved(campaign.status, to))
    except IllegalTransition:
        raise _state_wrong() from None


def _permit(terms: Terms, territory: str | None) -> None:
    if territory not in (None, terms.province_code):
        raise Refusal(
            "not_permitted",
            "Chỉ mở được đợt hỗ trợ của tỉnh mình.",
            "A campaign can be opened for one's own province only.",
        )


def _require_fit(terms: Terms, fund: Fund | None, territory: str | None) -> None:
    wrong = campaigns.unfit(terms, fund, territory)
    if wrong:
        raise _unfit(wrong)


def _unfit(field: str) -> Refusal:
    return Refusal(
        "campaign_unfit",
        "Nội dung đợt hỗ trợ không hợp nhau hoặc không hợp với quỹ: xem trường được nêu.",
        "The campaign does not fit together, or not its fund: see the field named.",
        (FieldError(field, "unfit", "Không hợp.", "It does not fit."),),
    )


def _content_changed() -> Refusal:
    return Refusal(
        "content_changed",
        "Nội dung đợt hỗ trợ khác với bản đã xem hoặc đã duyệt. Hãy xem lại và dùng mã băm hiện tại.",
        "The campaign is not the one that was seen or approved. Look again, use its present hash.",
    )


def _taken() -> Refusal:
    return Refusal(
        "campaign_taken",
        "Mã này đã có ở một đợt hỗ trợ khác của tỉnh. Hãy chọn mã khác.",
        "That code is another campaign's of the province. Choose another code.",
    )


def _state_wrong() -> Refusal:
    return Refusal(
        "campaign_state_wrong",
        "Đợt hỗ trợ không ở bước này, hoặc hôm nay ngoài thời gian của đợt: hãy xem trạng thái của nó.",
        "The campaign is not at this step, or today is outside its window: look at its status.",
    )
