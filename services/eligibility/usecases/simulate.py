"""Ask what a draft of the law would change: a question is kept, answered by a worker, read when it is done.

Nothing here decides: facts are read, figures are kept, no decision and no event is written.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.eligibility.domain.charts import Naming, Source
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.simulation import (
    Counted,
    Found,
    Laws,
    People,
    count,
    laws_of,
    within,
)
from services.eligibility.domain.simulation_answers import answer

#: Questions that may wait at a time, those of one asker, and those about the nation: each of these reads the
#: facts of 12 million people, while the provinces wait.
WAITING_MAX, ASKED_MAX, NATIONAL_MAX = 20, 5, 5
PENDING, RUNNING, DONE, FAILED = "pending", "running", "done", "failed"


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft laid over the policy, and what it calls itself."""

    title: str
    engine: Engine


@dataclass(frozen=True, slots=True)
class Question:
    """`province`: a slice of the nation, by the code of today."""

    simulation_id: UUID
    draft: str
    months: tuple[Month, ...]
    province: str | None
    take_up: str
    asked_by: str


class Questions(Protocol):
    """Questions and their answers, each step in a transaction of its own."""

    async def room(self, question: Question) -> bool:
        """False where as many wait already as may."""

    async def put(self, question: Question, title: str, draft_hash: str) -> bool:
        """False where there is no room any more."""

    async def claim(self) -> Question | None:
        """The next that waits, or one whose worker has not been heard of for a while."""

    async def beat(self, simulation_id: UUID, done: int, due: int) -> None:
        """So many people are done, of so many that are to be; of all months together."""

    async def finish(self, simulation_id: UUID, found: Sequence[Found]) -> None: ...

    async def one(self, territory: str | None, simulation_id: UUID) -> Mapping[str, Any] | None:
        """A question as somebody of `territory` may see it, `found` with it where it is done."""


class Population(Protocol):
    """The facts that the service keeps, as they are in a month, part by part."""

    async def size(self, province: str | None) -> int: ...

    def parts(self, month: Month, province: str | None) -> AsyncIterator[People]: ...


@dataclass(frozen=True)
class Simulator:
    """Compares drafts with one policy. `read_draft`: Refusal `policy_invalid` with every mistake; `name`:
    what the rows of a chart are called."""

    today: Engine
    read_draft: Callable[[str], Draft]
    name: Naming

    def draft(self, text: str) -> Draft:
        """Refusal `draft_invalid` with each mistake and its path."""
        try:
            return self.read_draft(text)
        except Refusal as refusal:
            if refusal.code != "policy_invalid":
                raise
            raise Refusal("draft_invalid", refusal.message_vi, refusal.message_en, refusal.errors) from None

    def laws(self, draft: Draft, month: Month, take_up: str) -> Laws:
        """Refusal `not_covered_yet` for a month that the policy does not know."""
        return laws_of(self.today, draft.engine, month, take_up)

    def answer(
        self,
        text: str,
        month: Month,
        population: Iterable[People],
        province: str | None,
        take_up: str,
        whose: tuple[str, str],
    ) -> dict[str, Any]:
        """The whole answer at once, on people who are brought along; `whose`: where their facts come from,
        in both languages. Refusals as above, and `request_invalid`
        for a province that there is not."""
        check_province(province, self.today)
        draft = self.draft(text)
        laws, counted = self.laws(draft, month, take_up), Counted()
        for people in population:
            counted = counted + count(laws, within(laws.places, people, province))
        found = Found(month, laws.differ, counted)
        draft_hash = draft.engine.policy.hash
        said = answer(
            found,
            title=draft.title,
            source=Source(*whose, draft_hash),
            province=province,
            take_up=take_up,
            national=True,
            name=self.name,
        )
        return {"title": draft.title, "draft_hash": draft_hash, **said}


class Simulations:
    """Questions of the service's users, about the facts that the service keeps."""

    def __init__(self, simulator: Simulator, questions: Questions, population: Population) -> None:
        self._simulator = simulator
        self._questions = questions
        self._population = population

    async def ask(
        self,
        draft: str,
        months: Sequence[Month],
        province: str | None,
        take_up: str,
        asked_by: str,
        territory: str | None,
    ) -> UUID:
        """Refusal `draft_invalid`, `not_covered_yet`, `not_permitted` outside the territory,
        `simulations_busy`."""
        if territory is not None and province not in (None, territory):
            raise Refusal(
                "not_permitted",
                "Tài khoản này chỉ được thử dự thảo trên địa bàn của mình.",
                "This account may try a draft on its own territory only.",
            )
        question = Question(new_id(), draft, tuple(months), province or territory, take_up, asked_by)
        check_province(question.province, self._simulator.today)
        # Reading a policy takes a second: not for who is refused anyway. A wrong draft is told to whoever
        # sent it.
        if not await self._questions.room(question):
            raise _busy()
        found = await asyncio.to_thread(self._simulator.draft, draft)
        for month in months:
            await asyncio.to_thread(self._simulator.laws, found, month, take_up)
        if not await self._questions.put(question, found.title, found.engine.policy.hash):
            raise _busy()
        return question.simulation_id

    async def one(self, territory: str | None, simulation_id: UUID) -> Mapping[str, Any] | None:
        return await self._questions.one(territory, simulation_id)

    async def step(self) -> bool:
        """True when a question was answered."""
        question = await self._questions.claim()
        if question is None:
            return False
        draft = await asyncio.to_thread(self._simulator.draft, question.draft)
        due = len(question.months) * await self._population.size(question.province)
        found, done = [], 0
        for month in question.months:
            laws = await asyncio.to_thread(self._simulator.laws, draft, month, question.take_up)
            counted = Counted()
            async for part in self._population.parts(month, question.province):
                counted = counted + await asyncio.to_thread(count, laws, part)
                done += len(part) + sum(part.unreadable.values())
                await self._questions.beat(question.simulation_id, done, due)
            found.append(Found(month, laws.differ, counted))
        await self._questions.finish(question.simulation_id, found)
        return True


def _busy() -> Refusal:
    return Refusal(
        "simulations_busy",
        f"Đang có {WAITING_MAX} lượt thử chờ kết quả, hoặc {ASKED_MAX} lượt của người hỏi, hoặc "
        f"{NATIONAL_MAX} lượt trên cả nước. Hãy thử lại sau ít phút.",
        f"{WAITING_MAX} simulations are waiting, or {ASKED_MAX} of this account's, or {NATIONAL_MAX} of the "
        "nation. Try again in a few minutes.",
    )


def check_province(province: str | None, today: Engine) -> None:
    """Refusal `request_invalid` for what is none of the 34."""
    known = sorted(set(today.policy.successions.values()))
    if province is not None and province not in known:
        vi = "Không có tỉnh này; dùng mã 2 chữ số của 34 tỉnh, thành phố."
        en = "There is no such province; use the 2-digit code of one of the 34."
        raise Refusal("request_invalid", vi, en, (FieldError("province", "unknown_value", vi, en),))
