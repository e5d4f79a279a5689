"""Partners are registered by maker and checker, admitted request by request, and stopped at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from libs.common.kernel.errors import Refusal
from services.payments.domain.partners import Entry

_STREAM_AGAIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a maker wants to stand in the register. `keys`: None for those that are in force."""

    agency_code: str
    name: str
    contact_email: str
    contact_phone: str
    channels: tuple[str, ...]
    keys: tuple[Mapping[str, str], ...] | None = None


class PartnerRegister(Protocol):
    """The register; store/ provides it."""

    async def propose(self, proposal: Proposal, maker: str) -> Entry:
        """With the version and the time that it got."""

    async def latest(self, agency_code: str) -> Entry | None:
        """The newest version, approved or not."""

    async def in_force(self, agency_code: str) -> Entry | None:
        """The newest approved version."""

    async def approve(self, entry: Entry, checker: str) -> bool:
        """False when it is no longer the newest, approved already, or the partner was stopped since."""

    async def stop(self, agency_code: str, sub: str) -> None: ...

    async def all(self, after: str, limit: int) -> list[Entry]:
        """The newest version of each, by code."""


class RegisterPartners:
    """The verbs of maker and checker."""

    def __init__(self, register: PartnerRegister) -> None:
        self._register = register

    async def propose(self, proposal: Proposal, maker: str) -> Entry:
        """The next version of the entry; it holds once a second identity approves it."""
        return await self._register.propose(proposal, maker)

    async def approve(self, agency_code: str, version: int, checker: str) -> Entry:
        """Refusal `not_found`, `same_identity`, or `partner_changed` unless it is the newest version and was
        proposed after the last stop: who approves it has to know of that.
        """
        entry = await self._known(agency_code)
        if entry.maker == checker:
            raise Refusal(
                "same_identity",
                "Người đề nghị không được tự duyệt. Hãy để người khác duyệt.",
                "Whoever proposed it can't approve it. Let somebody else do it.",
            )
        if entry.stopped_at is not None and entry.stopped_at >= entry.proposed_at:
            raise Refusal(
                "partner_changed",
                "Đối tác bị tạm ngừng sau khi bản này được đề nghị. Hãy đề nghị bản mới rồi duyệt.",
                "The partner was stopped after this was proposed. Propose a new version and approve that.",
            )
        if entry.version != version or not await self._register.approve(entry, checker):
            raise Refusal(
                "partner_changed",
                "Hồ sơ đối tác đã khác bản đã xem. Hãy xem lại rồi duyệt theo phiên bản mới.",
                "The entry is not the one that was seen. Look again, and approve its present version.",
            )
        return await self._known(agency_code)

    async def stop(self, agency_code: str, sub: str) -> Entry:
        """From the next request on it is refused; its streams end within a minute, its webhooks rest."""
        await self._known(agency_code)
        await self._register.stop(agency_code, sub)
        return await self._known(agency_code)

    async def _known(self, agency_code: str) -> Entry:
        entry = await self._register.latest(agency_code)
        if entry is None:
            raise Refusal("not_found", "Không tìm thấy đối tác này.", "No such partner.")
        return entry


class RequireSigned:
    """What a partner hands in is signed by a key of its entry, where that has any.

    `is_signed`: whether one of the keys signed the content; it computes and does not wait.
    """

    def __init__(
        self,
        register: PartnerRegister,
        is_signed: Callable[[bytes, str | None, Sequence[Mapping[str, str]]], bool],
    ) -> None:
        self._register = register
        self._is_signed = is_signed

    async def __call__(self, agency_code: str, content: bytes, signature: str | None) -> None:
        """Refusal `signature_invalid`. The keys are those of the newest version that is approved."""
        entry = await self._register.in_force(agency_code)
        if entry is None or not entry.keys:
            return
        if not await asyncio.to_thread(self._is_signed, content, signature, entry.keys):
            raise Refusal(
                "signature_invalid",
                "Không khoá đã đăng ký nào của đối tác ký nội dung này. Hãy ký (X-JWS-Signature), gửi lại.",
                "No key of the partner's entry signed this. Sign it (X-JWS-Signature), and send it again.",
            )


class Rate:
    """A bucket of requests for each client: `per_second` flow in, at most `burst` lie ready.

    It counts in this process only: with n processes a client may ask n times as often.
    """

    _CLIENTS_MAX = 10_000

    def __init__(self, per_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = now
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> float:
        """0.0, or in how many seconds the client may ask again."""
        now = self._now()
        left, at = self._left.get(client, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._per_second)
        if left < 1:
            return (1 - left) / self._per_second
        if len(self._left) >= self._CLIENTS_MAX:
            self._left.clear()
        self._left[client] = (left - 1, now)
        return 0.0


class Streams:
    """How many streams a client may hold open at once, in this process."""

    def __init__(self, of_one_max: int) -> None:
        self._of_one_max = of_one_max
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Refusal `too_many_requests` for one more than that."""
        if self._open[client] >= self._of_one_max:
            raise Refusal(
                "too_many_requests",
                f"Mỗi đơn vị mở nhiều nhất {self._of_one_max} luồng cùng lúc. Hãy đóng bớt.",
                f"A client holds at most {self._of_one_max} streams open at once. Close one first.",
                retry_after_seconds=_STREAM_AGAIN_SECONDS,
            )
        self._open[client] += 1
        try:
            yield
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]


class Admit:
    """Lets a partner's request in."""

    def __init__(self, register: PartnerRegister, rate: Rate) -> None:
        self._register = register
        self._rate = rate

    async def __call__(self, sub: str, agency_code: str | None) -> None:
        """Refusal `too_many_requests` above the client's rate, `partner_suspended` for who was stopped."""
        if agency_code is None:
            return
        wait = self._rate.take(sub)
        if wait:
            raise Refusal(
                "too_many_requests",
                "Gửi quá nhanh. Hãy chờ theo tiêu đề Retry-After rồi gửi lại.",
                "Too fast. Wait as the header Retry-After says, then send it again.",
                retry_after_seconds=ceil(wait),
            )
        await self.served(agency_code)

    async def served(self, agency_code: str | None) -> None:
        """Refusal `partner_suspended`. Who stands in no register is served as far as its token says."""
        entry = await self._register.latest(agency_code) if agency_code else None
        if entry is not None and entry.status == "suspended":
            raise Refusal(
                "partner_suspended",
                "Đối tác đang bị tạm ngừng. Hãy liên hệ cơ quan quản lý chi trả.",
                "This partner is suspended. Ask the paying office.",
            )
