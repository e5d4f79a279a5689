"""Recalculate decided months: dry first, in chunks; then applied, by somebody else than who asked for it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import REFUSED
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.monthly import Known, ask
from services.eligibility.domain.months_law import MonthsLaws
from services.eligibility.domain.recalculation import Closings, Difference, Recalculated, Scope, differences
from services.eligibility.domain.standing_columns import People
from services.eligibility.domain.suspects import Told, suspects
from services.eligibility.usecases.receipts import Engines, explained

_PERSONS_MAX = 500
#: Months whose law is kept from one part of the nation to the next.
_LAWS_MAX = 24
MONTHS_MAX = 240
#: Dry runs that may wait at a time, and those of one maker that may be neither applied nor discarded. Of the
#: nation there is one at a time: each keeps a row for every difference of 12 million people.
RUNNING_MAX = 20
OPEN_MAX = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recalculated: months paid in the scope, of these people or of everybody."""

    person_ids: tuple[UUID, ...] | None
    scope: Scope
    first: Month
    last: Month
    reason: str

    @property
    def national(self) -> bool:
        return self.person_ids is None and self.scope == Scope()


@dataclass(frozen=True, slots=True)
class Running:
    """A dry run that is not done. `part`: the next part of the nation in which those who may differ are to
    be found; None when all are."""

    recalculation_id: UUID
    scope: Scope
    first: Month
    last: Month
    policy_hash: str
    part: int | None
    closings: Closings


@dataclass(frozen=True, slots=True)
class Found:
    """Differences of one person in the scope; None where the policy does not hold the law of a month.
    `elsewhere`: other months differ that were paid outside."""

    person: Recalculated
    differences: Sequence[Difference] | None
    elsewhere: bool = False


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

    async def claim(self) -> Running | None:
        """The oldest dry run that is not done, held until the transaction ends."""

    async def people(self, running: Running) -> tuple[People, Told]:
        """Everybody of its part who lives in the scope or has a decision there, and what they were told."""

    async def in_month(self, running: Running, people: People, month: Month) -> People:
        """The same with where they live in the month; set apart whose benefit is held back in it."""

    async def search_done(self, running: Running, suspected: People, cleared: People) -> None:
        """The suspected are to be looked at one by one, the cleared not; the part is done."""

    async def next(self, running: Running, persons_max: int) -> Sequence[Recalculated]:
        """The next people to be looked at one by one."""

    async def record(self, running: Running, found: Sequence[Found], *, last_one: bool) -> None:
        """The differences and the progress; the content's hash with the last."""


class Recalculations(Protocol):
    """What officers do and see, in their territory."""

    def work(self) -> AbstractAsyncContextManager[RecalculationWork]: ...

    async def open(self, recalculation_id: UUID, wanted: Wanted, policy_hash: str, sub: str) -> bool:
        """False where as many wait already as may."""

    async def apply(
        self, recalculation_id: UUID, content_hash: str, sub: str, day: date, territory: str | None
    ) -> str:
        """`applied`, or why not: unknown, not_ready, same_identity, content_changed, stale."""

    async def discard(self, recalculation_id: UUID, territory: str | None) -> str:
        """`discarded`, or why not: unknown, not_ready."""

    async def read(self, recalculation_id: UUID, territory: str | None) -> Mapping[str, Any] | None: ...

    async def recent(
        self, territory: str | None, before: UUID | None, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        """The newest first, those before `before`."""

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
        self._laws = MonthsLaws(_LAWS_MAX)

    async def open(self, wanted: Wanted, sub: str, territory: str | None) -> UUID:
        """Start a dry run. Refusal `month_invalid` for months that are none, or not decided yet,
        `not_permitted` outside the territory, `recalculations_busy`."""
        today = Month.of(self._clock.business_date())
        if not wanted.first <= wanted.last <= today or wanted.last.index - wanted.first.index >= MONTHS_MAX:
            raise Refusal(
                "month_invalid",
                "Các tháng phải liền nhau, không sau tháng này và không quá 20 năm.",
                "The months must follow one another, none after this month, 20 years at most.",
            )
        if territory is not None and wanted.scope.province_code not in (None, territory):
            raise Refusal(
                "not_permitted",
                "Tài khoản này chỉ được tính lại trên địa bàn của mình.",
                "This account may recalculate its own territory only.",
            )
        within = Scope(territory or wanted.scope.province_code, wanted.scope.commune_code)
        wanted, recalculation_id = replace(wanted, scope=within), new_id()
        if not await self._kept.open(recalculation_id, wanted, self._engine.policy.hash, sub):
            raise Refusal(
                "recalculations_busy",
                f"Đang có {RUNNING_MAX} lượt tính lại chờ, hoặc {OPEN_MAX} lượt của người lập, hoặc một lượt "
                "cả nước chưa áp dụng. Hãy áp dụng hay bỏ lượt cũ rồi lập lượt mới.",
                f"{RUNNING_MAX} recalculations are waiting, or {OPEN_MAX} of this maker's, or one of the "
                "nation is not applied. Apply or discard an older one first.",
            )
        return recalculation_id

    async def step(self) -> bool:
        """True when a part was searched, or some people were recalculated."""
        async with self._kept.work() as work:
            running = await work.claim()
            if running is None:
                return False
            engine = await self._engines.of_hash(running.policy_hash)
            if running.part is not None:
                await self._search(work, running, engine)
                return True
            people = await work.next(running, _PERSONS_MAX)
            found = await asyncio.to_thread(_all_found, engine, running, people)
            await work.record(running, found, last_one=len(people) < _PERSONS_MAX)
        return True

    async def _search(self, work: RecalculationWork, running: Running, engine: Engine) -> None:
        """Most people's months come out as they were told: columns find those whose may not."""
        people, told = await work.people(running)
        found = np.zeros(len(people), np.bool_)
        for index in range(running.last.index - running.first.index + 1):
            month = running.first + index
            then, law = await work.in_month(running, people, month), self._laws.of(engine, month)
            found |= await asyncio.to_thread(suspects, then, told, law.pack_of, month, running.closings)
        suspected, cleared = people.take(np.flatnonzero(found)), people.take(np.flatnonzero(~found))
        await work.search_done(running, suspected, cleared)

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
        refused = kept.shown["new_terms"]["outcome"] == REFUSED
        held_back = refused and kept.shown["programme"] in answer.by_programme
        return {**kept.shown, "held_back": held_back, "receipt": explained(answer)}


def _all_found(engine: Engine, running: Running, people: Sequence[Recalculated]) -> list[Found]:
    return [_found(engine, running, person) for person in people]


def _found(engine: Engine, running: Running, person: Recalculated) -> Found:
    try:
        all_ = list(differences(engine, person, running.first, running.last, running.closings))
    except Refusal:
        return Found(person, None)
    here = [one for one in all_ if running.scope.has(one.place)]
    return Found(person, here, elsewhere=len(here) < len(all_))


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
