"""Events of payments for who has no Kafka: page by page, or as a stream. The same events, the same ids."""

import time
from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from libs.common.kernel.errors import Outage, Refusal
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, authenticate, require
from services.payments.api.doors import Doors, Limit, Through, bad_cursor
from services.payments.api.event_models import EventShown, EventsPage, EventType, MonthText
from services.payments.api.files import agency_of
from services.payments.api.partners import partner_requires
from services.payments.domain.instructions import FACTS
from services.payments.usecases.telling import Asked

router = APIRouter(tags=["events"])
_READ = "payments.events.read"
MayRead = Annotated[Actor, partner_requires(_READ)]
After = Annotated[str | None, Query(max_length=20, description="`cursor` of an event, or a `next_cursor`.")]
Types = Annotated[list[EventType] | None, Query(description="Of these types only; all if left out.")]
Months = Annotated[list[MonthText] | None, Query(max_length=24, description="That pay one of these months.")]
_PAGE = 200
_PLACE_MAX = 2**62


def asked_by(actor: Actor, types: list[EventType] | None, months: list[MonthText] | None) -> Asked:
    """A partner sees its own payments only; an office all of its territory. Refusal `not_permitted`."""
    return Asked(
        territory=actor.territory,
        agency=agency_of(actor) if actor.agency or "partner" in actor.roles else None,
        statuses=None if types is None else [status for status, type_ in FACTS.items() if type_ in types],
        months=None if months is None else [Month.parse(text) for text in months],
    )


def place_of(cursor: str | None) -> int:
    """0, before all events, without a cursor; Refusal `request_invalid` when it is none of ours."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and int(cursor) < _PLACE_MAX):
        raise bad_cursor()
    return int(cursor)


@router.get("/v1/events")
async def page(
    actor: MayRead,
    doors: Through,
    after: After = None,
    types: Types = None,
    months: Months = None,
    limit: Limit = 100,
) -> EventsPage:
    """Changes of payments, the oldest first, in order for each payment.

    Keep `next_cursor` and ask with it again: a page with no items means that nothing is new yet.
    """
    found = await doors.events.page(asked_by(actor, types, months), place_of(after), limit)
    return EventsPage(
        items=[EventShown.of(event) for event in found.events], next_cursor=str(found.next_after)
    )


async def _one_stream(actor: MayRead, doors: Through) -> AsyncIterator[Actor]:
    """Held until the stream ends."""
    with doors.streams.one(actor.sub):
        yield actor


@router.get("/v1/events/stream", response_class=EventSourceResponse)
async def stream(
    request: Request,
    actor: Annotated[Actor, Depends(_one_stream)],
    doors: Through,
    after: After = None,
    types: Types = None,
    months: Months = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """The same as they come (server-sent events): from `Last-Event-ID` on, else `after`, else from now on.

    It ends when the token does: sign in again and go on with `Last-Event-ID`. 429 for too many at once.
    """
    asked = asked_by(actor, types, months)
    cursor = last_event_id or after
    place = place_of(cursor) if cursor else await doors.events.last_place()
    checked = time.monotonic()
    while True:
        if time.monotonic() - checked >= doors.token_check_seconds:
            if not await _still_may(request, actor, doors):
                return
            checked = time.monotonic()
        found = await doors.events.page(asked, place, _PAGE)
        for event in found.events:
            shown = EventShown.of(event)
            yield ServerSentEvent(raw_data=shown.model_dump_json(), event=event.type, id=shown.cursor)
        place = found.next_after
        if not found.events:
            await sleep(doors.stream_seconds)


async def _still_may(request: Request, actor: Actor, doors: Doors) -> bool:
    """Whether the token would open the stream now, and its partner is still served."""
    try:
        again = await authenticate(request.app.state.verifier, f"Bearer {actor.token}")
        require(again, _READ)
        await doors.admit.served(actor.agency)
    except (Refusal, Outage):
        return False
    return True
