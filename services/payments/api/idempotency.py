"""`Idempotency-Key` on what is posted: the same key and body get the first answer."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Header, Request
from pydantic import BaseModel

from libs.common.runtime.access import Actor
from services.payments.api.doors import Doors

Model = TypeVar("Model", bound=BaseModel)
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=100,
        description="Of your making, one for each new request: what is sent again with it happens once.",
    ),
]


async def once(
    doors: Doors,
    actor: Actor,
    key: str | None,
    sent: tuple[Request, bytes],
    model: type[Model],
    answer: Callable[[], Awaitable[Model]],
) -> Model:
    """`sent`: the request and the content that makes it this one. Without a key nothing is kept."""
    if key is None:
        return await answer()
    request, content = sent
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()

    async def as_bytes() -> bytes:
        return (await answer()).model_dump_json().encode()

    kept = await doors.once(actor.sub, key, hashlib.sha256(asked + content).hexdigest(), as_bytes)
    return model.model_validate_json(kept)
