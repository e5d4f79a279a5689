"""Lines in suspense: looked at, resolved by a maker's proposal and a checker's approval, then carried out."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from services.payments.domain import suspense
from services.payments.domain.suspense import (
    APPROVED,
    ATTRIBUTED,
    PROPOSED,
    TOLD_TWICE,
    WAITING,
    Candidate,
    Item,
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a line should be resolved. `instruction_id`: None where it is the payment that the line names."""

    resolution: str
    instruction_id: UUID | None
    note: str


class SuspenseWork(Protocol):
    """One transaction on a line, inside the caller's territory."""

    async def item(self, suspense_id: UUID) -> Item | None:
        """Locked until the transaction ends."""

    async def candidate(self, instruction_id: UUID) -> Candidate | None:
        """A payment that was handed to its agency."""

    async def has_twin(self, item: Item) -> bool:
        """Whether another line that stands holds its amount, or a report booked it as returned."""

    async def put(self, item: Item) -> None:
        """The line's life as it is now."""


class SuspenseWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[SuspenseWork]: ...


class CarryOutWork(Protocol):
    """One transaction of the worker."""

    async def claim(self) -> Item | None:
        """An approved line, held until the transaction ends."""

    async def candidate(self, instruction_id: UUID) -> Candidate | None:
        """The payment, with its file held."""

    async def has_twin(self, item: Item) -> bool: ...

    async def book(self, item: Item, candidate: Candidate | None, on: date, at: datetime) -> str | None:
        """The ledger and the payment, all or nothing; `reissued` or `fund_short` where it can't be."""

    async def put(self, item: Item) -> None: ...


class CarryOutWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[CarryOutWork]: ...


class ResolveSuspense:
    """The verbs of those who reconcile."""

    def __init__(self, works: SuspenseWorks) -> None:
        self._works = works

    async def propose(self, suspense_id: UUID, proposal: Proposal, maker: str, territory: str | None) -> None:
        """Refusal `suspense_closed`, `suspense_unfit`, `not_found`."""
        async with self._works(territory) as work:
            item = await _known(work, suspense_id)
            made = replace(
                _moved(item, PROPOSED),
                resolution=proposal.resolution,
                instruction_id=proposal.instruction_id or item.instruction_id,
                note=proposal.note,
                maker=maker,
                checker=None,
                problem=None,
            )
            await _require_fit(work, made)
            await work.put(made)

    async def approve(self, suspense_id: UUID, checker: str, territory: str | None) -> None:
        """It is carried out soon after. Refusal `same_identity`, `suspense_closed`, `suspense_unfit`."""
        async with self._works(territory) as work:
            item = await _known(work, suspense_id)
            if item.maker == checker:
                raise Refusal(
                    "same_identity",
                    "Người đề xuất không được tự duyệt. Hãy để người khác duyệt.",
                    "Whoever proposed it can't approve it. Let somebody else do it.",
                )
            if item.checker == checker:
                return
            made = replace(_moved(item, APPROVED), checker=checker)
            await _require_fit(work, made)
            await work.put(made)

    async def withdraw(self, suspense_id: UUID, territory: str | None) -> None:
        """The line waits again. Refusal `suspense_closed` unless a proposal stands."""
        async with self._works(territory) as work:
            item = await _known(work, suspense_id)
            if item.status != PROPOSED:
                raise _closed()
            await work.put(_waiting_again(item, None))


class CarryOutResolutions:
    """The worker that books what was approved, one line a transaction."""

    def __init__(self, works: CarryOutWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def step(self) -> bool:
        """What can't be any more, as its payment moved meanwhile, waits again with the reason."""
        async with self._works() as work:
            item = await work.claim()
            if item is None:
                return False
            candidate, problem = await _asked(work, item)
            problem = problem or await work.book(
                item, candidate, self._clock.business_date(), self._clock.recorded_at()
            )
            if problem:
                await work.put(_waiting_again(item, problem))
            else:
                assert item.resolution
                suspense.moved(item.status, item.resolution)
                await work.put(replace(item, status=item.resolution))
        return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; None: any. `status` None: all that are not resolved."""

    agency: str | None = None
    reason: str | None = None
    status: str | None = None
    run_id: UUID | None = None
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class SuspenseGroup:
    """Unresolved lines of an agency and reason that wait about as long. `age_days_max` None: longer still.

    Money in đồng: `amount` of what the lines say, `held` of what lies in suspense.
    """

    agency_code: str
    reason: str
    age_days_max: int | None
    lines: int
    amount: int
    held: int


#: A place in the list, the longest waiting first.
SuspensePlace = tuple[date, UUID]


class SuspenseReads(Protocol):
    """Reads inside the caller's territory (None = the nation)."""

    async def page(
        self, territory: str | None, wanted: Wanted, after: SuspensePlace | None, limit: int
    ) -> list[Item]: ...

    async def one(self, territory: str | None, suspense_id: UUID) -> Item | None: ...

    async def groups(self, territory: str | None, today: date) -> Sequence[SuspenseGroup]: ...


async def _known(work: SuspenseWork, suspense_id: UUID) -> Item:
    item = await work.item(suspense_id)
    if item is None:
        raise Refusal("not_found", "Không tìm thấy dòng treo này.", "No such line in suspense.")
    return item


async def _require_fit(work: SuspenseWork, item: Item) -> None:
    _, problem = await _asked(work, item)
    if problem:
        field = "instruction_id" if item.resolution == ATTRIBUTED else "resolution"
        raise Refusal(
            "suspense_unfit",
            "Không xử lý dòng treo này theo cách đó được: xem lý do được nêu.",
            "This line can't be resolved like that: see the reason given.",
            (FieldError(field, problem, *_WORDS[problem]),),
        )


async def _asked(work: SuspenseWork | CarryOutWork, item: Item) -> tuple[Candidate | None, str | None]:
    """The payment to which it is to be attributed, and why it can't be resolved as is said, or None."""
    assert item.resolution, "what is proposed or approved says how"
    candidate = None
    if item.resolution == ATTRIBUTED and item.instruction_id:
        candidate = await work.candidate(item.instruction_id)
    has_twin = item.resolution == TOLD_TWICE and await work.has_twin(item)
    return candidate, suspense.unfit(item, item.resolution, candidate, has_twin=has_twin)


#: Why not, in Vietnamese and English, by the domain's word for it.
_WORDS = {
    "holds_no_money": (
        "Không có tiền treo để trả lại hoặc bỏ vì báo hai lần.",
        "It holds no money that could go back or be told twice.",
    ),
    "holds_money": (
        "Có tiền treo: phải ghi nhận, trả lại, hoặc bỏ vì báo hai lần.",
        "It holds money, which must go somewhere, or was told twice.",
    ),
    "stands_for_both": (
        "Báo cáo kia cũng báo khoản này và đã bị bỏ: chỉ còn dòng này giữ tiền.",
        "The other report told this money, too, and was dropped: only this line stands for it.",
    ),
    "no_twin": (
        "Không có dòng treo nào khác hay khoản hoàn nào cùng số tiền.",
        "No other line holds this amount, and none came back.",
    ),
    "payment_unknown": ("Chưa rõ lệnh chi nào.", "No payment is named, or none that was handed over."),
    "payment_of_another": ("Lệnh chi của đơn vị hoặc tỉnh khác.", "Another agency's or province's payment."),
    "amount_differs": ("Số tiền khác lệnh chi.", "The payment is of another amount."),
    "state_differs": ("Lệnh chi không ở trạng thái phù hợp.", "The payment does not stand where it could."),
    "reissued": ("Các tháng này đã chi bằng lệnh khác.", "Another payment pays these months by now."),
}


def _moved(item: Item, to: str) -> Item:
    try:
        suspense.moved(item.status, to)
    except IllegalTransition:
        raise _closed() from None
    return replace(item, status=to)


def _waiting_again(item: Item, problem: str | None) -> Item:
    suspense.moved(item.status, WAITING)
    return replace(
        item,
        status=WAITING,
        resolution=None,
        instruction_id=None,
        note="",
        maker=None,
        checker=None,
        problem=problem,
    )


def _closed() -> Refusal:
    return Refusal(
        "suspense_closed",
        "Dòng treo không ở bước này: hãy xem trạng thái hiện tại.",
        "The line in suspense is not at this step: look where it stands.",
    )
