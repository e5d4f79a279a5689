"""Webhooks of a partner, or of an office: subscribed, tried out, listed, replayed."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor
from services.payments.api.doors import Cursor, Limit, Through, id_of
from services.payments.api.events import asked_by, place_of
from services.payments.api.idempotency import IdempotencyKey, once
from services.payments.api.partners import partner_requires
from services.payments.api.webhook_models import (
    DeliveriesPage,
    DeliveryShown,
    DeliveryStatus,
    Replay,
    Replaying,
    SecretChange,
    TestAnswer,
    WebhookMade,
    WebhookShown,
    WebhooksPage,
    WebhookWanted,
)
from services.payments.domain.webhooks import Scope

router = APIRouter(tags=["webhooks"])
MayManage = Annotated[Actor, partner_requires("payments.webhooks.write")]


def scope_of(actor: Actor) -> Scope:
    """What the caller may hear is what its webhooks hear."""
    asked = asked_by(actor, None, None)
    return Scope(asked.agency, asked.territory)


@router.post("/v1/webhooks", status_code=201)
async def subscribe(
    request: Request,
    wanted: WebhookWanted,
    actor: MayManage,
    doors: Through,
    idempotency_key: IdempotencyKey = None,
) -> WebhookMade:
    """Have that address called with each event from now on, signed as Standard Webhooks 1.0 says.

    The secret is shown this once. 422 `webhook_url_refused` for an address that is not public and https.
    """
    statuses = asked_by(actor, wanted.types, None).statuses

    async def made() -> WebhookMade:
        webhook, secret = await doors.webhooks.subscribe(
            scope_of(actor), wanted.url, statuses, wanted.months, actor.sub
        )
        return WebhookMade.with_secret(webhook, secret)

    return await once(doors, actor, idempotency_key, (request, await request.body()), WebhookMade, made)


@router.get("/v1/webhooks")
async def mine(actor: MayManage, doors: Through) -> WebhooksPage:
    """The caller's own."""
    found = await doors.webhook_reads.all(scope_of(actor))
    return WebhooksPage(items=[WebhookShown.of(webhook) for webhook in found])


@router.get("/v1/webhooks/{webhook_id}")
async def one(webhook_id: str, actor: MayManage, doors: Through) -> WebhookShown:
    """One of them, as it stands."""
    return WebhookShown.of(await doors.webhooks.one(scope_of(actor), id_of("whk", webhook_id)))


@router.delete("/v1/webhooks/{webhook_id}", status_code=204, response_class=Response)
async def remove(webhook_id: str, actor: MayManage, doors: Through) -> Response:
    """It is called no more; its deliveries are forgotten."""
    await doors.webhooks.remove(scope_of(actor), id_of("whk", webhook_id))
    return Response(status_code=204)


@router.post("/v1/webhooks/{webhook_id}/secret")
async def change_secret(
    request: Request,
    webhook_id: str,
    change: SecretChange,
    actor: MayManage,
    doors: Through,
    idempotency_key: IdempotencyKey = None,
) -> WebhookMade:
    """A new secret, shown this once. Until the overlap ends, messages are signed by both.

    Changed again before it ends, they are signed by the newest and the oldest, whose time stays as it was.
    """

    async def made() -> WebhookMade:
        webhook, secret = await doors.webhooks.change_secret(
            scope_of(actor), id_of("whk", webhook_id), change.overlap_hours
        )
        return WebhookMade.with_secret(webhook, secret)

    return await once(doors, actor, idempotency_key, (request, await request.body()), WebhookMade, made)


@router.post("/v1/webhooks/{webhook_id}/test")
async def test(webhook_id: str, actor: MayManage, doors: Through) -> TestAnswer:
    """Send a message of type `WebhookTest` now, and tell what came of it."""
    return TestAnswer.of(await doors.webhooks.test(scope_of(actor), id_of("whk", webhook_id)))


@router.post("/v1/webhooks/{webhook_id}/replay", status_code=202)
async def replay(webhook_id: str, wanted: Replay, actor: MayManage, doors: Through) -> Replaying:
    """Deliver again what was told since then, with the same ids. A disabled webhook becomes active."""
    after = place_of(wanted.cursor) if wanted.cursor is not None else None
    place = await doors.webhooks.replay(scope_of(actor), id_of("whk", webhook_id), after, wanted.since)
    return Replaying(webhook_id=show("whk", id_of("whk", webhook_id)), cursor=str(place))


@router.get("/v1/webhooks/{webhook_id}/deliveries")
async def deliveries(
    webhook_id: str,
    actor: MayManage,
    doors: Through,
    status: DeliveryStatus | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DeliveriesPage:
    """The latest try of each event, the latest event first."""
    scope, known = scope_of(actor), id_of("whk", webhook_id)
    await doors.webhooks.one(scope, known)
    before = place_of(cursor) if cursor else None
    found = await doors.webhook_reads.deliveries(scope, known, status, before, limit + 1)
    shown = [DeliveryShown.of(view) for view in found[:limit]]
    return DeliveriesPage(items=shown, next_cursor=shown[-1].cursor if len(found) > limit else None)
