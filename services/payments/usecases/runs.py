"""A maker asks for a run, a worker builds it, a checker approves exactly what was built."""

from collections.abc import Iterable
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from libs.common.kernel.months import Month
from services.payments.domain import runs
from services.payments.domain.runs import Order, PayPeriod
from services.payments.usecases.ports import BuildWork, BuildWorks, RunWorks
from services.payments.usecases.run_checks import require_clear


class OpenRun:
    """The same order while its run is open is the same run."""

    def __init__(self, works: RunWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def __call__(
        self,
        province_code: str,
        months: Iterable[Month],
        programmes: Iterable[str],
        maker: str,
        territory: str | None,
        fund_id: UUID | None = None,
    ) -> UUID:
        """The run. `fund_id`: None is the province's budget.

        Refusal `facts_not_settled`, `not_permitted` outside the maker's territory, `month_invalid`,
        `fund_unfit` for a fund that does not pay these programmes there; none for what others decided.
        """
        if territory is not None and territory != province_code:
            raise Refusal(
                "not_permitted",
                "Chỉ lập được danh sách chi trả của tỉnh mình.",
                "A run can be built for one's own province only.",
            )
        try:
            period = PayPeriod.of(months)
        except ValueError:
            raise Refusal(
                "month_invalid",
                f"Một đợt gồm 1 đến {runs.MONTHS_MAX} tháng khác nhau và liền nhau.",
                f"A run has 1 to {runs.MONTHS_MAX} different months that follow one another.",
                (
                    FieldError(
                        "benefit_months", "not_a_pay_period", "Không phải kỳ chi trả.", "No pay period."
                    ),
                ),
            ) from None
        if period.last > Month.of(self._clock.business_date()) + runs.ADVANCE_MONTHS_MAX:
            raise Refusal(
                "month_invalid",
                "Chưa tới kỳ chi trả của tháng này.",
                "It is too early to pay that month.",
                (FieldError("benefit_months", "too_early", "Tháng còn ở xa.", "A month far ahead."),),
            )
        known = (*runs.PROGRAMMES, runs.DECIDED_ELSEWHERE)
        chosen = tuple(name for name in known if name in set(programmes))
        async with self._works(territory) as work:
            await work.require_settled(period.months)
            order = Order(province_code, period, chosen, maker, fund_id)
            paid = runs.DECIDED_ELSEWHERE not in chosen
            if fund_id is not None:
                paid = runs.pays(await work.fund(fund_id), order, territory)
            if not paid:
                raise Refusal(
                    "fund_unfit",
                    "Quỹ này không chi được: không có, của nơi khác, không phải tiền, hoặc có mục đích khác.",
                    "That fund can't pay this: there is none, or it is another territory's, holds goods, or"
                    " has another purpose.",
                )
            return await work.open(order)


class ApproveRun:
    """The second pair of eyes."""

    def __init__(self, works: RunWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def __call__(self, run_id: UUID, content_hash: str, checker: str, territory: str | None) -> None:
        """Refusal `run_not_built`, `run_not_checked`, `run_held`, `same_identity`, `content_changed`,
        `fund_short`, `not_found`. Twice is once.
        """
        async with self._works(territory) as work:
            run = await work.read(run_id)
            if run is None:
                raise Refusal("not_found", "Không tìm thấy đợt chi trả này.", "No such payment run.")
            if run.maker == checker:
                raise Refusal(
                    "same_identity",
                    "Người lập danh sách không được tự duyệt. Hãy để người khác duyệt.",
                    "Whoever built the run can't approve it. Let somebody else do it.",
                )
            if run.campaign_id and await work.listed_by(run.campaign_id, checker):
                raise Refusal(
                    "same_identity",
                    "Người nộp danh sách của đợt hỗ trợ không được duyệt chi. Hãy để người khác duyệt.",
                    "Whoever made a list of the campaign can't approve its payment. Let somebody else do it.",
                )
            if run.content_hash is not None and content_hash != run.content_hash:
                raise Refusal(
                    "content_changed",
                    "Nội dung danh sách khác với bản đã xem. Hãy xem lại rồi duyệt theo mã băm mới.",
                    "The list is not the one that was seen. Look at it again, approve by its present hash.",
                )
            if run.checker == checker:
                return
            try:
                runs.moved(run.status, runs.APPROVED)
            except IllegalTransition:
                raise Refusal(
                    "run_not_built",
                    "Đợt chi trả chưa lập xong, hoặc đã được người khác duyệt.",
                    "The run is not built yet, or somebody else has approved it.",
                ) from None
            require_clear(await work.checked(run_id), await work.checks(run_id), checker)
            today = self._clock.business_date()
            if not await work.covered(run, today):
                raise Refusal(
                    "fund_short",
                    "Quỹ không đủ cho danh sách này. Hãy bổ sung quỹ rồi duyệt, hoặc rút danh sách.",
                    "The fund has not enough for this list. Add to it, then approve; or withdraw the list.",
                )
            await work.approve(run, checker, self._clock.recorded_at(), today)


class WithdrawRun:
    """A list that is not to be paid: its months fall due again with the next one."""

    def __init__(self, works: RunWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def __call__(self, run_id: UUID, reason: str, sub: str, territory: str | None) -> None:
        """Refusal `run_under_way`, `not_found`. Twice is once."""
        async with self._works(territory) as work:
            run = await work.read(run_id)
            if run is None:
                raise Refusal("not_found", "Không tìm thấy đợt chi trả này.", "No such payment run.")
            if run.status == runs.WITHDRAWN:
                return
            try:
                runs.moved(run.status, runs.WITHDRAWN)
            except IllegalTransition:
                raise Refusal(
                    "run_under_way",
                    "Danh sách đã ghi sổ, tiền đã ở đơn vị chi trả. Khoản chưa chi về theo báo cáo của họ.",
                    "The list is booked and the money is with the paying agencies. What they do not pay comes"
                    " back by their reports.",
                ) from None
            await work.withdraw(run, sub, reason, self._clock.recorded_at(), self._clock.business_date())


class BuildRuns:
    """The worker that lists what is due, a shard a transaction; any number of them may work at once.

    A run is parted into shards, they are built, and when all are the list is frozen. One that is killed
    leaves its shard to another, which makes the same of it. A shard that fails is tried again, later each
    time, and keeps no other one waiting. `shard_people`: about how many a shard has.
    """

    def __init__(self, works: BuildWorks, clock: Clock, shard_people: int) -> None:
        self._works = works
        self._clock = clock
        self._shard_people = shard_people

    async def step(self) -> bool:
        """One piece of it; False when there is none."""
        async with self._works() as work:
            at = self._clock.recorded_at()
            if await self._freeze(work) or await work.free_withdrawn(at):
                return True
            claimed = await work.claim_shard(at)
            if claimed is None:
                return await self._plan(work)
        # Counted by now as tried: who dies of it comes back to others first.
        async with self._works() as work:
            await work.build(*claimed, at)
        return True

    async def _freeze(self, work: BuildWork) -> bool:
        run = await work.claim_all_built()
        if run is not None:
            await work.freeze(run, self._clock.recorded_at())
        return run is not None

    async def _plan(self, work: BuildWork) -> bool:
        run = await work.claim_unplanned()
        if run is not None:
            shards = runs.shards_of(await work.people_by_commune(run), self._shard_people)
            await work.plan(run, shards, self._clock.recorded_at())
        return run is not None
