"""What a service promises of its data, as SQL that finds what breaks it, and the answer to who asks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Response
from fastapi.responses import StreamingResponse

from libs.common.runtime.postgres import Connection, Database

_CHECKERS = 2
_SAMPLE_MAX = 10
_SILENCE_SECONDS_MAX = 10.0
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise as SQL that returns the ids of what breaks it: no row is good."""

    number: int
    name: str
    sql: str


async def report(database: Database, invariants: Sequence[Invariant]) -> Response:
    """`{"items": [...]}` of all of them, in their order.

    Over a nation's payments this takes minutes, and who asks may give up after one of silence. So the answer
    to what takes long is begun, and kept alive by line ends before its JSON, which mean nothing there. Who
    goes away ends it.
    """
    checking = asyncio.create_task(_checked(database, invariants))
    try:
        done, _ = await asyncio.wait({checking}, timeout=_SILENCE_SECONDS_MAX)
        if done:
            return Response(await checking, media_type=_JSON)
    except BaseException:
        checking.cancel()
        raise
    return StreamingResponse(_patiently(checking), media_type=_JSON)


async def _patiently(checking: asyncio.Task[bytes]) -> AsyncIterator[bytes]:
    try:
        while not checking.done():
            yield b"\n"
            await asyncio.wait({checking}, timeout=_SILENCE_SECONDS_MAX)
        yield await checking
    finally:
        checking.cancel()


async def _checked(database: Database, invariants: Sequence[Invariant]) -> bytes:
    """Some at once, each by what stood when its turn came."""
    found: dict[int, dict[str, Any]] = {}
    waiting = iter(enumerate(invariants))

    async def checker() -> None:
        async with database.bulk() as connection:
            for place, invariant in waiting:
                found[place] = await _check(connection, invariant)

    checkers = [asyncio.create_task(checker()) for _ in range(_CHECKERS)]
    try:
        await asyncio.gather(*checkers)
    finally:
        for one in checkers:
            one.cancel()
    return orjson.dumps({"items": [found[place] for place in sorted(found)]})


async def _check(connection: Connection, invariant: Invariant) -> dict[str, Any]:
    # Looked for as a whole: for the first of so many the planner would go through everything row by row.
    rows = await connection.fetch(
        f"with broken as materialized ({invariant.sql}) select * from broken limit 10001"
    )
    return {
        "number": invariant.number,
        "name": invariant.name,
        "violations": len(rows),
        "sample": [str(row[0]) for row in rows[:_SAMPLE_MAX]],
    }
