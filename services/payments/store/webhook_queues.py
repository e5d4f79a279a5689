"""The queues of webhooks, for senders: leased for a while, never locked while something is sent."""

from collections.abc import Sequence
from datetime import datetime

from libs.common.runtime.logs import logger
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain import webhooks
from services.payments.domain.webhooks import Delivery, Standing, Waiting
from services.payments.store.webhooks import COLUMNS, secrets_of, webhook_of
from services.payments.usecases.webhooks import Lease

#: How many of the latest places keep what was delivered; what is pending or failed stays.
_KEPT_PLACES = 200_000

_LEASE = f"""
    update webhook set leased_until = $2, generation = generation + 1 where webhook_id = (
        select webhook_id from webhook
        where status = 'active' and next_at <= $1 and (leased_until is null or leased_until <= $1)
          and not partner_is_stopped(agency_code)
        order by next_at limit 1 for update skip locked)
    returning {COLUMNS}, secret, former_secret, generation
"""
_STANDING = """
    update webhook set after_place = $3, status = $4, failures = $5, failing_since = $6, next_at = $7,
        leased_until = null, disabled_at = case when $4 = 'disabled' then $8::timestamptz end
    where webhook_id = $1 and generation = $2 returning webhook_id
"""
_DELIVERIES = """
    insert into webhook_delivery (webhook_id, place, event_id, instruction_id, type, status, attempts,
                                  next_at, http_status, fault, milliseconds, last_at)
    select $1, t.*, $2 from unnest($3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
        $8::integer[], $9::timestamptz[], $10::integer[], $11::text[], $12::integer[]) as t
    on conflict (webhook_id, place) do update set status = excluded.status, attempts = excluded.attempts,
        next_at = excluded.next_at, http_status = excluded.http_status, fault = excluded.fault,
        milliseconds = excluded.milliseconds, last_at = excluded.last_at
"""


class WebhookQueues:
    """Implements usecases.webhooks.Queues."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def lease(self, now: datetime, until: datetime) -> Lease | None:
        async with self._database.bulk() as connection:
            row = await connection.fetchrow(_LEASE, now, until)
            if row is None:
                return None
            waiting = await connection.fetch(
                "select place, instruction_id, attempts, next_at from webhook_delivery"
                " where webhook_id = $1 and status = 'pending' order by place limit $2",
                row["webhook_id"],
                # A window may still be put behind the last of them.
                webhooks.WAITING_MAX + webhooks.WINDOW_MAX,
            )
        return Lease(
            webhook=webhook_of(row),
            secrets=secrets_of(row, self._cipher, now),
            generation=row["generation"],
            waiting=[Waiting(*one) for one in waiting],
        )

    async def keep(
        self,
        lease: Lease,
        deliveries: Sequence[Delivery],
        after_place: int,
        standing: Standing,
        now: datetime,
    ) -> None:
        webhook_id = lease.webhook.webhook_id
        async with self._database.bulk() as connection:
            held = await connection.fetchval(
                _STANDING,
                webhook_id,
                lease.generation,
                after_place,
                standing.status,
                standing.failures,
                standing.failing_since,
                standing.next_at,
                now,
            )
            if held is None:
                return
            await _keep_deliveries(connection, lease, deliveries, now)
            await connection.execute(
                "delete from webhook_delivery where webhook_id = $1 and place <= $2 and status = 'delivered'",
                webhook_id,
                after_place - _KEPT_PLACES,
            )
        if standing.status == webhooks.DISABLED:
            logger().warning("a webhook was disabled: it took nothing for days", webhook_id=str(webhook_id))


async def _keep_deliveries(
    connection: Connection, lease: Lease, deliveries: Sequence[Delivery], now: datetime
) -> None:
    if not deliveries:
        return
    rows = [
        (
            one.place,
            one.event_id,
            one.instruction_id,
            one.type,
            one.status,
            one.attempts,
            one.next_at,
            one.answer.http_status if one.answer else None,
            one.answer.fault if one.answer else None,
            one.answer.milliseconds if one.answer else None,
        )
        for one in deliveries
    ]
    columns = (list(column) for column in zip(*rows, strict=True))
    await connection.execute(_DELIVERIES, lease.webhook.webhook_id, now, *columns)
