"""Recalculate decided months: dry first, in chunks; then applied, by somebody else than who asked for it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.monthly import Known, ask
from services.eligibility.domain.recalculation import Difference, Recalculated, differences
from services.eligibility.usecases.receipts import Engines, explained

_PERSONS_MAX = 500
MONTHS_MAX = 240


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recalculated: these people, or everybody of a commune, a province or the nation."""

    person_ids: tuple[UUID, ...] | None
    commune_code: str | None
    province_code: str | None
    first: Month
    last: Month
    reason: str


@dataclass(frozen=True, slots=True)
class Portion:
    """The next people of a recalculation; its last when `last_one`."""

    recalculation_id: UUID
    first: Month
    last: Month
    policy_hash: str
    people: Sequence[Recalculated]
    last_one: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Differences of one person; None where the policy does not hold the law of a month."""

    person: Recalculated
    differences: Sequence[Difference] | None


@dataclass(frozen=True, slots=True)
class KeptDifference:
    """A difference as kept: how it is shown, and the new side made again."""

    shown: Mapping[str, Any]
    known: Known
    month: Month
    facts_month: Month
    policy_hash: str


class RecalculationWork(Protocol):
    """One transaction of the worker."""

    async def claim(self, persons_max: int) -> Portion | None:
        """The next people of the oldest running recalculation, held until the transaction ends."""

    async def record(self, portion: Portion, found: Sequence[Found]) -> None:
        """The differences and the progress; the content's hash with the last."""


class Recalculations(Protocol):
    """What officers do and see, in their territory."""

    def work(self) -> AbstractAsyncContextManager[RecalculationWork]: ...

    async def open(
        self, recalculation_id: UUID, wanted: Wanted, policy_hash: str, sub: str, territory: str | None
    ) -> None: ...

    async def apply(
        self, recalculation_id: UUID, content_hash: str, sub: str, day: date, territory: str | None
    ) -> str:
        """`applied`, or why not: unknown, not_ready, same_identity, content_changed, stale."""

    async def discard(self, recalculation_id: UUID, territory: str | None) -> str:
        """`discarded`, or why not: unknown, not_ready."""

    async def read(self, recalculation_id: UUID, territory: str | None) -> Mapping[str, Any] | None: ...

    async def page(
        self, recalculation_id: UUID, territory: str | None, after: UUID | None, limit: int
    ) -> Sequence[Mapping[str, Any]]: ...

    async def difference(self, difference_id: UUID, territory: str | None) -> KeptDifference | None: ...

    async def awaiting(self, territory: str | None) -> Sequence[Mapping[str, Any]]: ...


class Recalculate:
    def __init__(self, engine: Engine, engines: Engines, kept: Recalculations, clock: Clock) -> None:
        self._engine = engine
        self._engines = engines
        self._kept = kept
        self._clock = clock

    async def open(self, wanted: Wanted, sub: str, territory: str | None) -> UUID:
        """Start a dry run. Refusal `month_invalid` for months that are none, or not decided yet."""
        today = Month.of(self._clock.business_date())
        if not wanted.first <= wanted.last <= today or wanted.last.index - wanted.first.index >= MONTHS_MAX:
            raise Refusal(
                "month_invalid",
                "Các tháng phải liền nhau, không sau tháng này và không quá 20 năm.",
                "The months must follow one another, none after this month, 20 years at most.",
            )
        recalculation_id = new_id()
        await self._kept.open(recalculation_id, wanted, self._engine.policy.hash, sub, territory)
        return recalculation_id

    async def step(self) -> bool:
        """True when a portion was recalculated."""
        async with self._kept.work() as work:
            portion = await work.claim(_PERSONS_MAX)
            if portion is None:
                return False
            engine = await self._engines.of_hash(portion.policy_hash)
            await work.record(portion, [_found(engine, portion, person) for person in portion.people])
        return True

    async def apply(self, recalculation_id: UUID, content_hash: str, sub: str, territory: str | None) -> None:
        """Book the differences. Refusal `same_identity`, `content_changed`, `recalculation_not_ready`, or
        `recalculation_stale` where facts or decisions have changed since."""
        today = self._clock.business_date()
        _refuse(await self._kept.apply(recalculation_id, content_hash, sub, today, territory))

    async def discard(self, recalculation_id: UUID, territory: str | None) -> None:
        _refuse(await self._kept.discard(recalculation_id, territory))

    async def difference(self, difference_id: UUID, territory: str | None) -> Mapping[str, Any] | None:
        """A difference with the receipt of its new side; the old side's is that of `old_decision_id`."""
        kept = await self._kept.difference(difference_id, territory)
        if kept is None:
            return None
        engine = await self._engines.of_hash(kept.policy_hash)
        answer = ask(engine, kept.known, kept.month, kept.facts_month)
        return {**kept.shown, "receipt": explained(answer)}


def _found(engine: Engine, portion: Portion, person: Recalculated) -> Found:
    try:
        return Found(person, list(differences(engine, person, portion.first, portion.last)))
    except Refusal:
        return Found(person, None)


def _refuse(outcome: str) -> None:
    """Nothing where it is done, else the refusal."""
    if outcome in _REFUSALS:
        code, vi, en = _REFUSALS[outcome]
        raise Refusal(code, vi, en)


_REFUSALS = {
    "unknown": ("not_found", "Không tìm thấy lượt tính lại này.", "There is no such recalculation."),
    "not_ready": (
        "recalculation_not_ready",
        "Lượt tính lại này chưa xong, đã áp dụng hoặc đã bỏ.",
        "This recalculation is not finished, or applied or discarded already.",
    ),
    "same_identity": (
        "same_identity",
        "Người áp dụng phải khác người lập lượt tính lại.",
        "Who applies a recalculation must be another than who asked for it.",
    ),
    "content_changed": (
        "content_changed",
        "Mã nội dung không khớp; hãy đọc lại kết quả rồi áp dụng.",
        "The content's hash is another; read the result again before it is applied.",
    ),
    "stale": (
        "recalculation_stale",
        "Dữ kiện hoặc quyết định đã thay đổi sau khi tính; hãy tính lại lần nữa.",
        "Facts or decisions have changed since; recalculate again.",
    ),
}
