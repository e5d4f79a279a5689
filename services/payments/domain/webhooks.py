"""A subscriber's webhook: what it hears, when it is tried again, and when it is given up.

Each webhook has its own queue: a place up to which it was read, and the deliveries that wait before it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.payments.domain.payment_events import PaymentEvent

ACTIVE = "active"
DISABLED = "disabled"

PENDING = "pending"
DELIVERED = "delivered"
FAILED = "failed"

#: The pauses before each further try of a delivery; behind the last one it has failed. Some four days in all.
RETRY_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
    timedelta(hours=24),
)
#: A webhook that took nothing for so long is disabled.
DISABLED_AFTER = timedelta(days=5)
#: Events of one look at a queue, sent together; and deliveries that may wait before nothing more is read.
WINDOW_MAX = 20
WAITING_MAX = 1_000
#: How long a secret that was replaced may still sign, at most.
OVERLAP_HOURS_MAX = 72
WEBHOOKS_MAX = 20


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose webhook it is, and so what it may hear. None: all agencies; the whole nation."""

    agency: str | None
    territory: str | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """`after_place`: what has a greater place was not looked at yet. None as a filter: all."""

    webhook_id: UUID
    scope: Scope
    url: str
    statuses: tuple[str, ...] | None
    months: tuple[str, ...] | None
    status: str
    after_place: int
    failures: int
    failing_since: datetime | None
    former_until: datetime | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is not done: tried in vain, or behind one of the same payment that was."""

    place: int
    instruction_id: UUID
    attempts: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try. `http_status`: None where nothing answered; `fault`: why, as a code."""

    delivered: bool
    http_status: int | None
    fault: str | None
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery after a try, or after it was put behind another one."""

    place: int
    event_id: UUID
    instruction_id: UUID
    type: str
    status: str
    attempts: int
    next_at: datetime | None
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a webhook stands after a look at its queue."""

    status: str
    failures: int
    failing_since: datetime | None
    next_at: datetime


def due(waiting: Sequence[Waiting], now: datetime, failing: bool) -> list[Waiting]:
    """What is to be tried again: the first of each payment, of a failing webhook one alone as a probe."""
    first = {one.instruction_id: one for one in reversed(waiting)}
    found = [one for one in sorted(first.values(), key=lambda one: one.place) if one.next_at <= now]
    return found[: 1 if failing else WINDOW_MAX]


def parted(
    fresh: Iterable[PaymentEvent], behind: Collection[UUID]
) -> tuple[list[PaymentEvent], list[PaymentEvent]]:
    """(to be sent now, to wait): an event waits while an earlier one of its payment is not done."""
    sent, held, taken = [], [], set(behind)
    for event in fresh:
        if event.instruction_id in taken:
            held.append(event)
        else:
            taken.add(event.instruction_id)
            sent.append(event)
    return sent, held


def tried(event: PaymentEvent, attempts: int, answer: Answer, now: datetime) -> Delivery:
    """The delivery after its try number `attempts`."""
    again = not answer.delivered and attempts <= len(RETRY_AFTER)
    return Delivery(
        place=event.place,
        event_id=event.event_id,
        instruction_id=event.instruction_id,
        type=event.type,
        status=PENDING if again else DELIVERED if answer.delivered else FAILED,
        attempts=attempts,
        next_at=now + RETRY_AFTER[attempts - 1] if again else None,
        answer=answer,
    )


def held(event: PaymentEvent, now: datetime) -> Delivery:
    """A delivery that waits for an earlier one of its payment."""
    return Delivery(
        event.place, event.event_id, event.instruction_id, event.type, PENDING, 0, now, answer=None
    )


def standing(webhook: Webhook, answers: Sequence[Answer], now: datetime, idle: timedelta) -> Standing:
    """Who took anything is well. Who took nothing is tried again later and later, and in the end disabled."""
    if any(answer.delivered for answer in answers):
        return Standing(ACTIVE, 0, None, now)
    if not answers:
        return Standing(ACTIVE, webhook.failures, webhook.failing_since, now + idle)
    since = webhook.failing_since or now
    failures = webhook.failures + 1
    over = now - since >= DISABLED_AFTER
    pause = RETRY_AFTER[min(failures, len(RETRY_AFTER)) - 1]
    return Standing(DISABLED if over else ACTIVE, failures, since, now + pause)
