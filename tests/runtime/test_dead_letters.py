"""What was set aside holds up its month until an operator has it applied."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from contracts.problems import PROBLEMS
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import closing, dead_letters, problems
from tests.runtime.conftest import TOPIC, Frame
from tests.support.doors import Topic, deliver
from tests.support.issuer import Signer

MONTH = Month(2019, 12)
BAD = b'{"bad":1}'


@dataclass
class Doors:
    frame: Frame
    client: httpx.AsyncClient
    signer: Signer

    def _as(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.signer.token(roles=(role,))}"}

    async def retry(self, event_id: str, role: str = "operator") -> tuple[int, str]:
        answer = await self.client.post(f"/v1/dead-letters/{event_id}/retry", headers=self._as(role))
        return answer.status_code, answer.json().get("code", "")

    async def listed(self, **params: Any) -> dict[str, Any]:
        answer = await self.client.get("/v1/dead-letters", params=params, headers=self._as("operator"))
        found: dict[str, Any] = answer.json()
        return found

    async def require_settled(self) -> None:
        async with self.frame.database.reading(None) as connection:
            await closing.require_settled(connection, [TOPIC], MONTH)


@pytest.fixture
async def doors(frame: Frame) -> AsyncIterator[Doors]:
    app, signer = FastAPI(), Signer.new()
    app.state.verifier = signer.verifier()
    problems.install(app, PROBLEMS)
    app.include_router(dead_letters.router(frame.database, frame.consumer))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield Doors(frame, client, signer)


async def set_one_aside(frame: Frame, topic: Topic) -> str:
    frame.poison.add(BAD)
    record = topic.record(UUID(int=SHARDS), "Happened", BAD)
    await frame.consumer.apply([record], isolate=True)
    found: bytes = dict(record.headers)["ce_id"]
    return found.decode()


async def test_a_month_is_not_settled_while_an_event_of_it_is_set_aside(doors: Doors) -> None:
    frame, topic = doors.frame, Topic(TOPIC)
    event_id = await set_one_aside(frame, topic)
    await deliver(frame.consumer, topic.month_closed(str(MONTH)))
    with pytest.raises(Refusal, match="facts_not_settled") as refused:
        await doors.require_settled()
    assert "operator" in refused.value.message_en
    [marker] = [one["event_id"] for one in (await doors.listed())["items"] if one["event_id"] != event_id]
    assert await frame.value("select count(*) from month_marker") == SHARDS - 1

    assert await doors.retry(marker) == (409, "event_not_applied")
    assert await doors.retry(event_id) == (409, "event_not_applied")
    assert (await frame.effects(), len((await doors.listed())["items"])) == (0, 2)

    frame.poison.clear()
    assert await doors.retry(event_id) == (200, "")
    assert await doors.retry(marker) == (200, "")
    assert await doors.retry(event_id) == (404, "not_found")
    assert (await frame.effects(), (await doors.listed())["items"]) == (1, [])
    await doors.require_settled()


async def test_a_record_that_is_no_event_holds_up_no_month_and_is_not_applied(doors: Doors) -> None:
    frame, topic = doors.frame, Topic(TOPIC)
    record = Topic(TOPIC).record(UUID(int=SHARDS), "Happened", {})
    record.headers = ()
    await frame.consumer.apply([record], isolate=True)
    markers = topic.month_closed(str(MONTH))
    await deliver(frame.consumer, markers)  # the first shows the log's epoch, and is read again
    await deliver(frame.consumer, markers)
    await doors.require_settled()
    [letter] = (await doors.listed())["items"]
    assert await doors.retry(letter["event_id"]) == (409, "event_not_applied")


async def test_only_an_operator_sees_what_was_set_aside_and_never_its_data(doors: Doors) -> None:
    topic = Topic(TOPIC)
    ids = sorted([await set_one_aside(doors.frame, topic) for _ in range(3)])
    assert await doors.retry(ids[0], role="auditor") == (403, "not_permitted")
    first = await doors.listed(limit=2)
    rest = await doors.listed(limit=2, cursor=first["next_cursor"])
    assert [one["event_id"] for one in first["items"] + rest["items"]] == ids
    assert rest["next_cursor"] is None
    assert set(first["items"][0]) == {"event_id", "topic", "shard", "type", "problem", "recorded_at"}
