"""A service tells what breaks its promises, and keeps the line to whoever asks while it looks."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

import asyncpg
import orjson
import pytest
from starlette.responses import StreamingResponse

from libs.common.runtime import invariants
from libs.common.runtime.invariants import Invariant, report
from tests.runtime.conftest import Frame

SLOW = Invariant(2, "slow", "select 'broken' from pg_sleep(0.4)")
QUICK = (
    Invariant(1, "kept", "select 1 where false"),
    Invariant(3, "broken", "select 'a' union all select 'b'"),
)
KEPT = {"number": 1, "name": "kept", "violations": 0, "sample": []}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(invariants, "_SILENCE_SECONDS_MAX", 0.05)
    yield


async def test_what_is_found_at_once_is_told_at_once(frame: Frame) -> None:
    found = await report(frame.database, QUICK)
    assert not isinstance(found, StreamingResponse)
    broken = {"number": 3, "name": "broken", "violations": 2, "sample": ["a", "b"]}
    assert orjson.loads(found.body) == {"items": [KEPT, broken]}


@pytest.mark.usefixtures("impatient")
async def test_who_waits_long_hears_line_ends_and_then_the_same_json(frame: Frame) -> None:
    found = await report(frame.database, (QUICK[0], SLOW))
    assert isinstance(found, StreamingResponse)
    parts = [part async for part in found.body_iterator if isinstance(part, bytes)]
    assert parts[:-1] == [b"\n"] * (len(parts) - 1)
    assert len(parts) > 3
    slow = {"number": 2, "name": "slow", "violations": 1, "sample": ["broken"]}
    assert orjson.loads(b"".join(parts)) == {"items": [KEPT, slow]}


@pytest.mark.usefixtures("impatient")
async def test_who_goes_away_leaves_no_search_behind(frame: Frame) -> None:
    found = await report(frame.database, (Invariant(1, "endless", "select 1 from pg_sleep(600)"),))
    assert isinstance(found, StreamingResponse)
    told = found.body_iterator
    assert isinstance(told, AsyncGenerator)
    assert await anext(told) == b"\n"
    await told.aclose()
    looked = "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(600)%'"
    superuser = await asyncpg.connect(frame.superuser_url)
    try:
        for _ in range(500):
            if not await superuser.fetchval(f"{looked} and pid <> pg_backend_pid()"):
                break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("it is still looked for")
    finally:
        await superuser.close()


async def test_a_search_that_fails_at_once_is_no_answer(frame: Frame) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await report(frame.database, (Invariant(1, "none", "select * from no_such_table"),))
