"""A request that is sent again with its Idempotency-Key gets the first answer, and nothing happens twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal

#: An answer is kept so long; behind it stands what is unique by itself (a report's content, a URL).
_KEPT = timedelta(days=2)
#: A request that died is no longer under way after so long.
_UNDER_WAY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is known of a key. `mine`: it is this request's to answer; `answer`: None while under way."""

    mine: bool
    body_sha256: str
    answer: bytes | None


class Answers(Protocol):
    """Answers by (sub, key); store/ provides it."""

    async def claim(
        self, sub: str, key: str, body_sha256: str, now: datetime, dead_before: datetime, old_before: datetime
    ) -> Claimed: ...

    async def keep(self, sub: str, key: str, answer: bytes) -> None: ...

    async def release(self, sub: str, key: str) -> None: ...


class Once:
    """Answers a request by its key."""

    def __init__(self, answers: Answers, clock: Clock) -> None:
        self._answers = answers
        self._clock = clock

    async def __call__(
        self, sub: str, key: str, body_sha256: str, answer: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        """Refusal `idempotency_key_reused` for another body, `idempotency_key_busy` while one is under way.

        A refusal is not kept: the same key may be tried again.
        """
        now = self._clock.recorded_at()
        claimed = await self._answers.claim(sub, key, body_sha256, now, now - _UNDER_WAY, now - _KEPT)
        if not claimed.mine:
            return _first(claimed, body_sha256)
        try:
            made = await answer()
        except BaseException:
            await self._answers.release(sub, key)
            raise
        await self._answers.keep(sub, key, made)
        return made


def _first(claimed: Claimed, body_sha256: str) -> bytes:
    if claimed.body_sha256 != body_sha256:
        raise Refusal(
            "idempotency_key_reused",
            "Khoá Idempotency-Key này đã dùng cho một yêu cầu khác. Hãy dùng khoá mới.",
            "This Idempotency-Key was used for another request. Use a new one.",
        )
    if claimed.answer is None:
        raise Refusal(
            "idempotency_key_busy",
            "Yêu cầu cùng khoá đang được xử lý. Hãy gửi lại sau ít giây.",
            "A request with this key is under way. Send it again in a few seconds.",
        )
    return claimed.answer
