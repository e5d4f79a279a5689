"""A service behind its real doors: HTTP by its ASGI application, events by its consumer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import orjson
from fastapi import FastAPI

from libs.common.kernel.ids import derived_id, new_id
from libs.common.kernel.sharding import SHARDS, shard_of
from libs.common.runtime import broker
from libs.common.runtime.consumer import MONTH_MARKER_TYPE, Consumer
from tests.support.issuer import Signer


@dataclass
class Door:
    """`client` speaks HTTP as whoever `as_` says; the application's lifespan is running."""

    app: FastAPI
    client: httpx.AsyncClient
    signer: Signer

    def as_(self, *roles: str, sub: str = "officer@test", **claims: Any) -> dict[str, str]:
        """Headers of a request by an identity with these roles."""
        return {"Authorization": f"Bearer {self.signer.token(roles=roles, sub=sub, **claims)}"}


@cache
def _signer() -> Signer:
    # A key takes longer to make than most tests take.
    return Signer.new()


@asynccontextmanager
async def open_door(app: FastAPI) -> AsyncIterator[Door]:
    signer = _signer()
    app.state.verifier = signer.verifier()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Door(app, client, signer)


@dataclass
class Topic:
    """A topic as a consumer meets it: records with offsets, a log epoch, CloudEvents headers."""

    name: str
    epoch: int = 1
    _next: dict[int, int] = field(default_factory=dict)
    _told: dict[int, int] = field(default_factory=dict)

    def record(self, key: UUID, type_: str, data: Any, event_id: UUID | None = None) -> Any:
        shard = shard_of(key)
        offset = self._next.get(shard, 0)
        self._next[shard] = offset + 1
        if event_id is None:  # one given is told again, or is a marker
            self._told[shard] = self._told.get(shard, 0) + 1
        headers = broker.headers("test", type_, event_id or new_id(), self.epoch, None)
        return SimpleNamespace(
            topic=self.name,
            partition=shard,
            offset=offset,
            key=str(key).encode(),
            value=data if isinstance(data, bytes) else orjson.dumps(data),
            headers=tuple(headers),
        )

    def month_closed(self, month: str) -> list[Any]:
        """The marker of every shard, after what the topic has told so far."""
        records = []
        for shard in range(SHARDS):
            event_id = derived_id(MONTH_MARKER_TYPE, self.name, month, str(shard))
            key = UUID(int=event_id.int - event_id.int % SHARDS + shard)
            data = {
                "service": "test",
                "month": month,
                "shard": shard,
                "preceding": self._told.get(shard, 0),
            }
            records.append(self.record(key, MONTH_MARKER_TYPE, data, event_id))
        return records


async def deliver(consumer: Consumer, records: Sequence[Any]) -> None:
    """What the consumer does with records from the broker, a batch a topic and shard."""
    batches: dict[tuple[str, int], list[Any]] = {}
    for record in records:
        batches.setdefault((record.topic, record.partition), []).append(record)
    for batch in batches.values():
        await consumer.apply(cast(Any, batch))
