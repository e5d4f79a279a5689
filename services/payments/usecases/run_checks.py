"""A list is checked once it is built; what is odd in it is accepted by somebody before it is approved."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, Refusal
from services.payments.domain import run_checks, runs
from services.payments.domain.run_checks import Check, Limits
from services.payments.domain.runs import Run
from services.payments.usecases.ports import RunWorks

#: A place in the findings of a kind: the last one's number.
FindingPlace = int


@dataclass(frozen=True, slots=True)
class Finding:
    """One payment, or one person who has none any more. `before_dong`: of the month before, or 0.

    What a kind does not know of is None. `month`: its first day.
    """

    number: int
    programme: str
    person_id: UUID | None
    instruction_id: UUID | None
    month: date | None
    before_dong: int
    amount_dong: int
    commune_code: str


class CheckWork(Protocol):
    """One transaction of checking."""

    async def claim(self) -> Run | None:
        """A built run that nobody has checked."""

    async def find(self, run: Run, limits: Limits) -> None: ...

    async def checked(self, run: Run, at: datetime) -> None:
        """What was found is summed, and the run may be approved."""


class CheckWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[CheckWork]: ...


class CheckReads(Protocol):
    async def checks(self, territory: str | None, run_id: UUID) -> Sequence[Check]:
        """Kinds of which something was found; none of a run that the territory does not have."""

    async def findings(
        self, territory: str | None, run_id: UUID, kind: str, after: FindingPlace | None, limit: int
    ) -> Sequence[Finding]: ...


class CheckRuns:
    """The worker that looks at what was built."""

    def __init__(self, works: CheckWorks, limits: Limits, clock: Clock) -> None:
        self._works = works
        self._limits = limits
        self._clock = clock

    async def step(self) -> bool:
        """One run; False when none waits."""
        async with self._works() as work:
            run = await work.claim()
            if run is None:
                return False
            await work.find(run, self._limits)
            await work.checked(run, self._clock.recorded_at())
        return True


class AcceptFindings:
    """Somebody other than the maker says why what is odd is right all the same."""

    def __init__(self, works: RunWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def __call__(self, run_id: UUID, kind: str, reason: str, sub: str, territory: str | None) -> None:
        """Refusal `same_identity`, `run_not_built`, `not_found`. Whoever was first stays."""
        async with self._works(territory) as work:
            run = await work.read(run_id)
            checks = await work.checks(run_id) if run else []
            if run is None or kind not in {check.kind for check in checks if check.kind in run_checks.HOLDS}:
                raise Refusal(
                    "not_found",
                    "Đợt chi trả này không có phát hiện loại đó.",
                    "The run has no such finding.",
                )
            if run.status != runs.BUILT:
                raise Refusal(
                    "run_not_built",
                    "Đợt chi trả không ở bước chờ duyệt.",
                    "The run does not wait for approval.",
                )
            if run.maker == sub:
                raise Refusal(
                    "same_identity",
                    "Người lập danh sách không tự chấp nhận điểm bất thường. Hãy để người khác xem.",
                    "Whoever built the run can't accept what is odd in it. Let somebody else look.",
                )
            if kind in run_checks.holding(checks):
                await work.accept(run_id, kind, reason, sub, self._clock.recorded_at())


def require_clear(checked: bool, checks: Sequence[Check], checker: str) -> None:
    """Refusal `run_not_checked`, `run_held` with a path for each kind, `same_identity`."""
    if not checked:
        raise Refusal(
            "run_not_checked",
            "Danh sách đang được kiểm tra. Hãy đợi giây lát rồi duyệt.",
            "The list is being checked. Wait a moment, then approve it.",
        )
    held = run_checks.holding(checks)
    if held:
        raise Refusal(
            "run_held",
            "Danh sách có điểm bất thường chưa ai chấp nhận: xem các mục được nêu.",
            "The list holds something odd that nobody has accepted: see what is named.",
            tuple(
                FieldError(f"findings.{kind}", "not_accepted", "Chưa được chấp nhận.", "Not accepted yet.")
                for kind in held
            ),
        )
    if checker in run_checks.acceptors(checks):
        raise Refusal(
            "same_identity",
            "Người đã chấp nhận điểm bất thường không tự duyệt danh sách. Hãy để người khác duyệt.",
            "Whoever accepted what is odd can't approve the run as well. Let somebody else do it.",
        )
