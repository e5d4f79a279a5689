"""Webhooks: subscribed to, tried out, replayed, their secrets changed; and the worker that delivers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.payments.domain import webhooks
from services.payments.domain.payment_events import PaymentEvent
from services.payments.domain.webhooks import Answer, Delivery, Scope, Standing, Waiting, Webhook
from services.payments.usecases.telling import Asked, PaymentEvents

#: A sender that died is succeeded after so long. Longer than any look at a queue takes.
_LEASE = timedelta(seconds=90)
_SENDING_MAX = 10
TEST_TYPE = "WebhookTest"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `secrets` that sign it, the newest first."""

    message_id: str
    type: str
    at: datetime
    data: Mapping[str, object]


class Post(Protocol):
    """Sends a signed message; clients/ provides it. It never raises for what the other side does."""

    async def __call__(self, url: str, secrets: Sequence[str], message: Message) -> Answer: ...


class UrlCheck(Protocol):
    """Why a URL can't be a webhook's, as (code, Vietnamese, English), or None."""

    def __call__(self, url: str) -> tuple[str, str, str] | None: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """A webhook held by one sender. `generation`: whoever finds another one there has lost it."""

    webhook: Webhook
    secrets: Sequence[str]
    generation: int
    waiting: Sequence[Waiting]


class Queues(Protocol):
    """The webhooks' queues, for senders."""

    async def lease(self, now: datetime, until: datetime) -> Lease | None:
        """An active webhook whose turn it is and that nobody holds."""

    async def keep(
        self,
        lease: Lease,
        deliveries: Sequence[Delivery],
        after_place: int,
        standing: Standing,
        now: datetime,
    ) -> None:
        """What came of it; nothing where the lease was lost."""


class WebhookDesk(Protocol):
    """Webhooks of one scope."""

    async def add(self, webhook: Webhook, secret: str, sub: str, webhooks_max: int) -> bool:
        """False when the scope has that many already; Refusal `webhook_exists` for a URL it has."""

    async def one(self, scope: Scope, webhook_id: UUID) -> Webhook | None: ...

    async def secrets(self, scope: Scope, webhook_id: UUID, now: datetime) -> Sequence[str]: ...

    async def change_secret(
        self, scope: Scope, webhook_id: UUID, secret: str, former_until: datetime
    ) -> bool: ...

    async def rewind(self, scope: Scope, webhook_id: UUID, after_place: int) -> bool:
        """Deliver again from there on; a disabled webhook becomes active."""

    async def remove(self, scope: Scope, webhook_id: UUID) -> bool: ...


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as its subscriber sees it."""

    place: int
    event_id: UUID
    type: str
    status: str
    attempts: int
    next_at: datetime | None
    http_status: int | None
    fault: str | None
    milliseconds: int | None
    last_at: datetime


class WebhookReads(Protocol):
    """Webhooks of one scope, shown."""

    async def all(self, scope: Scope) -> list[Webhook]: ...

    async def deliveries(
        self, scope: Scope, webhook_id: UUID, status: str | None, before: int | None, limit: int
    ) -> list[DeliveryView]:
        """The latest first, those before a place."""


def asked(webhook: Webhook) -> Asked:
    """The events that it hears."""
    return Asked(
        webhook.scope.territory,
        webhook.scope.agency,
        webhook.statuses,
        None if webhook.months is None else [Month.parse(text) for text in webhook.months],
    )


class SendWebhooks:
    """The worker: one look at one webhook's queue. A dead or slow subscriber keeps its own sender busy, for
    seconds, and then waits its turn."""

    def __init__(
        self, queues: Queues, events: PaymentEvents, post: Post, clock: Clock, idle_seconds: float
    ) -> None:
        """`idle_seconds`: between two looks at a queue in which nothing was new."""
        self._idle = timedelta(seconds=idle_seconds)
        self._busy, self._sending = False, 0
        self._queues = queues
        self._events = events
        self._post = post
        self._clock = clock

    async def beside(self) -> bool:
        """As `step`, while another sends: where nothing is due, one looks for all."""
        return await self.step() if self._busy else False

    async def step(self) -> bool:
        """True when anything was sent."""
        now = self._clock.recorded_at()
        lease = await self._queues.lease(now, now + _LEASE)
        if lease is None:
            self._busy = self._sending > 0
            return False
        self._busy = True
        self._sending += 1
        try:
            return await self._serve(lease, now)
        finally:
            self._sending -= 1

    async def _serve(self, lease: Lease, now: datetime) -> bool:
        webhook, waiting = lease.webhook, lease.waiting
        failing = webhook.failures > 0
        again = webhooks.due(waiting, now, failing)
        sending = [(event, one.attempts + 1) for one, event in zip(again, await self._at(again), strict=True)]
        after_place, put_behind = webhook.after_place, list[Delivery]()
        if not (failing and waiting) and len(waiting) < webhooks.WAITING_MAX:
            size = 1 if failing else webhooks.WINDOW_MAX
            page = await self._events.page(asked(webhook), webhook.after_place, size)
            after_place = page.next_after
            fresh, behind = webhooks.parted(page.events, {one.instruction_id for one in waiting})
            sending += [(event, 1) for event in fresh]
            put_behind = [webhooks.held(event, now) for event in behind]
        at_once = asyncio.Semaphore(_SENDING_MAX)
        answers = await asyncio.gather(*(self._send(lease, event, at_once) for event, _ in sending))
        tried = [
            webhooks.tried(event, attempts, answer, now)
            for (event, attempts), answer in zip(sending, answers, strict=True)
        ]
        standing = webhooks.standing(webhook, answers, now, self._idle)
        await self._queues.keep(lease, [*tried, *put_behind], after_place, standing, now)
        return bool(sending)

    async def _at(self, waiting: Sequence[Waiting]) -> list[PaymentEvent]:
        return await self._events.at([one.place for one in waiting])

    async def _send(self, lease: Lease, event: PaymentEvent, at_once: asyncio.Semaphore) -> Answer:
        message = Message(str(event.event_id), event.type, event.told_at, event.data)
        async with at_once:
            return await self._post(lease.webhook.url, lease.secrets, message)


class ManageWebhooks:
    """What a subscriber does with its webhooks. Each verb: Refusal `not_found` for another scope's."""

    def __init__(
        self,
        desk: WebhookDesk,
        events: PaymentEvents,
        post: Post,
        check: UrlCheck,
        new_secret: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._new_secret = new_secret
        self._desk = desk
        self._events = events
        self._post = post
        self._check = check
        self._clock = clock

    async def subscribe(
        self,
        scope: Scope,
        url: str,
        statuses: Sequence[str] | None,
        months: Sequence[str] | None,
        sub: str,
    ) -> tuple[Webhook, str]:
        """The webhook, which hears from now on, and its secret.

        Refusal `webhook_url_refused`, `webhook_exists`, `webhooks_too_many`.
        """
        wrong = self._check(url)
        if wrong:
            code, vietnamese, english = wrong
            raise Refusal(
                "webhook_url_refused",
                f"{vietnamese} Hãy dùng một địa chỉ https công khai.",
                f"{english} Use a public https address.",
                (FieldError("url", code, vietnamese, english),),
            )
        webhook = Webhook(
            webhook_id=new_id(),
            scope=scope,
            url=url,
            statuses=None if statuses is None else tuple(statuses),
            months=None if months is None else tuple(months),
            status=webhooks.ACTIVE,
            after_place=await self._events.last_place(),
            failures=0,
            failing_since=None,
            former_until=None,
            disabled_at=None,
            created_at=self._clock.recorded_at(),
        )
        secret = self._new_secret()
        if not await self._desk.add(webhook, secret, sub, webhooks.WEBHOOKS_MAX):
            raise Refusal(
                "webhooks_too_many",
                f"Mỗi đơn vị có nhiều nhất {webhooks.WEBHOOKS_MAX} webhook. Hãy xoá bớt.",
                f"There are at most {webhooks.WEBHOOKS_MAX} webhooks. Delete one first.",
            )
        return webhook, secret

    async def one(self, scope: Scope, webhook_id: UUID) -> Webhook:
        return _found(await self._desk.one(scope, webhook_id))

    async def change_secret(self, scope: Scope, webhook_id: UUID, overlap_hours: int) -> tuple[Webhook, str]:
        """The new secret. Both sign until the former one's time is over.

        Changed again within that time, the newest and the oldest sign; no overlap ends it at once.
        """
        secret = self._new_secret()
        until = self._clock.recorded_at() + timedelta(hours=overlap_hours)
        await self._desk.change_secret(scope, webhook_id, secret, until)
        return await self.one(scope, webhook_id), secret

    async def replay(self, scope: Scope, webhook_id: UUID, after: int | None, since: datetime | None) -> int:
        """From a place or a time on, else from where it stands, which wakes a disabled one; that place."""
        webhook = await self.one(scope, webhook_id)
        if since is not None:
            after = await self._events.place_before(since)
        place = webhook.after_place if after is None else min(after, await self._events.last_place())
        await self._desk.rewind(scope, webhook_id, place)
        return place

    async def test(self, scope: Scope, webhook_id: UUID) -> Answer:
        """A message of its own type, sent at once and never again."""
        webhook = await self.one(scope, webhook_id)
        now = self._clock.recorded_at()
        secrets = await self._desk.secrets(scope, webhook_id, now)
        return await self._post(webhook.url, secrets, Message(str(new_id()), TEST_TYPE, now, {}))

    async def remove(self, scope: Scope, webhook_id: UUID) -> None:
        if not await self._desk.remove(scope, webhook_id):
            raise _nothing()


def _found(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise _nothing()
    return webhook


def _nothing() -> Refusal:
    return Refusal("not_found", "Không tìm thấy webhook này.", "No such webhook.")
