"""Webhooks as their subscribers manage them, by the app role; every statement names the scope."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.common.kernel.errors import Refusal
from libs.common.runtime.postgres import Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain.webhooks import Scope, Webhook
from services.payments.usecases.webhooks import DeliveryView

COLUMNS = (
    "webhook_id, agency_code, territory, url, statuses, months, status, after_place, failures,"
    " failing_since, former_until, disabled_at, created_at"
)
_MINE = "agency_code is not distinct from $1 and territory is not distinct from $2"
_ONE = f"{_MINE} and webhook_id = $3"


class StoredWebhooks:
    """`cipher`: secrets are encrypted at rest."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def add(self, webhook: Webhook, secret: str, sub: str, webhooks_max: int) -> bool:
        scope = webhook.scope
        async with self._database.writing(scope.territory) as connection:
            await connection.execute("lock table webhook in share row exclusive mode")
            there = await connection.fetch(
                f"select url from webhook where {_MINE}", scope.agency, scope.territory
            )
            if any(row["url"] == webhook.url for row in there):
                raise Refusal(
                    "webhook_exists",
                    "Đã có webhook tới địa chỉ này. Hãy dùng webhook đó, hoặc xoá nó trước.",
                    "There is a webhook to this address. Use that one, or delete it first.",
                )
            if len(there) >= webhooks_max:
                return False
            await connection.execute(
                "insert into webhook (agency_code, territory, webhook_id, url, statuses, months, secret,"
                " after_place, created_by_sub, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                scope.agency,
                scope.territory,
                webhook.webhook_id,
                webhook.url,
                webhook.statuses,
                webhook.months,
                self._cipher.encrypt(secret.encode()),
                webhook.after_place,
                sub,
                webhook.created_at,
            )
        return True

    async def one(self, scope: Scope, webhook_id: UUID) -> Webhook | None:
        row = await self._row(f"select {COLUMNS} from webhook where {_ONE}", scope, webhook_id)
        return webhook_of(row) if row else None

    async def all(self, scope: Scope) -> list[Webhook]:
        async with self._database.reading(scope.territory) as connection:
            rows = await connection.fetch(
                f"select {COLUMNS} from webhook where {_MINE} order by webhook_id",
                scope.agency,
                scope.territory,
            )
        return [webhook_of(row) for row in rows]

    async def secrets(self, scope: Scope, webhook_id: UUID, now: datetime) -> Sequence[str]:
        row = await self._row(
            f"select secret, former_secret, former_until from webhook where {_ONE}", scope, webhook_id
        )
        return secrets_of(row, self._cipher, now) if row else ()

    async def change_secret(
        self, scope: Scope, webhook_id: UUID, secret: str, former_until: datetime
    ) -> bool:
        changed = await self._row(
            # Changed again within the overlap: receivers still know the older one, which keeps its time.
            "update webhook set secret = $4,"
            " former_secret = case when former_until > now() then former_secret else secret end,"
            " former_until = case when former_until > now() then least(former_until, $5) else $5 end"
            f" where {_ONE} returning webhook_id",
            scope,
            webhook_id,
            self._cipher.encrypt(secret.encode()),
            former_until,
        )
        return changed is not None

    async def rewind(self, scope: Scope, webhook_id: UUID, after_place: int) -> bool:
        changed = await self._row(
            "with rewound as ("
            " update webhook set after_place = $4, status = 'active', disabled_at = null, failures = 0,"
            f" failing_since = null, next_at = now(), leased_until = null, generation = generation + 1"
            f" where {_ONE} returning webhook_id"
            "), dropped as ("
            " delete from webhook_delivery d using rewound r"
            " where d.webhook_id = r.webhook_id and d.place > $4 and d.status = 'pending')"
            " select webhook_id from rewound",
            scope,
            webhook_id,
            after_place,
        )
        return changed is not None

    async def remove(self, scope: Scope, webhook_id: UUID) -> bool:
        gone = await self._row(f"delete from webhook where {_ONE} returning webhook_id", scope, webhook_id)
        return gone is not None

    async def deliveries(
        self, scope: Scope, webhook_id: UUID, status: str | None, before: int | None, limit: int
    ) -> list[DeliveryView]:
        """The latest first."""
        async with self._database.reading(scope.territory) as connection:
            rows = await connection.fetch(
                "select d.place, d.event_id, d.type, d.status, d.attempts, d.next_at, d.http_status, d.fault,"
                " d.milliseconds, d.last_at from webhook_delivery d join webhook w using (webhook_id)"
                f" where {_ONE} and ($4::text is null or d.status = $4)"
                " and ($5::bigint is null or d.place < $5) order by d.place desc limit $6",
                scope.agency,
                scope.territory,
                webhook_id,
                status,
                before,
                limit,
            )
        return [DeliveryView(*row) for row in rows]

    async def _row(self, statement: str, scope: Scope, webhook_id: UUID, *more: Any) -> asyncpg.Record | None:
        async with self._database.writing(scope.territory) as connection:
            return await connection.fetchrow(statement, scope.agency, scope.territory, webhook_id, *more)


def webhook_of(row: asyncpg.Record) -> Webhook:
    return Webhook(
        webhook_id=row["webhook_id"],
        scope=Scope(row["agency_code"], row["territory"]),
        url=row["url"],
        statuses=None if row["statuses"] is None else tuple(row["statuses"]),
        months=None if row["months"] is None else tuple(row["months"]),
        status=row["status"],
        after_place=row["after_place"],
        failures=row["failures"],
        failing_since=row["failing_since"],
        former_until=row["former_until"],
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
    )


def secrets_of(row: asyncpg.Record, cipher: FieldCipher, now: datetime) -> list[str]:
    """Those that are valid, the newest first."""
    stored = [row["secret"]]
    if row["former_secret"] is not None and row["former_until"] > now:
        stored.append(row["former_secret"])
    return [cipher.decrypt(one).decode() for one in stored]
