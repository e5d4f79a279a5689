"""From the outbox to the effect: once, in order, whatever dies on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import closing, outbox
from libs.common.runtime.consumer import Consumer, Taken
from libs.common.runtime.relay import Relay
from libs.common.runtime.worker import Worker, repeating
from tests.runtime.conftest import TOPIC, Frame
from tests.support.doors import Topic, deliver

MONTH = Month(2019, 12)


@asynccontextmanager
async def working(frame: Frame) -> AsyncIterator[None]:
    """Relay, heartbeat and consumer at work, as in a service."""
    workers = (
        Worker("relay", frame.relay.step, idle_seconds=0.02),
        Worker("heartbeat", frame.relay.beat, idle_seconds=0.3),
        repeating("consumer", frame.consumer.run),
    )
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 40) -> None:
    for _ in range(int(seconds / 0.05)):
        if await check():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds} seconds")


async def test_every_event_has_its_effect_once(frame: Frame) -> None:
    await frame.append(5_000)
    async with working(frame):
        await until(lambda: _is(frame.effects, 5_000))
        await asyncio.sleep(0.3)
    assert await frame.effects() == 5_000
    assert await frame.value("select count(*) from outbox_pending") == 0


async def test_a_broker_that_lost_everything_is_filled_again_from_the_log(frame: Frame) -> None:
    async with working(frame):
        await frame.append(3_000)
        await until(lambda: _over(frame.effects, 1_000))
        frame.broker.kill()
        frame.broker.start()
        await frame.append(2_000)
        await until(lambda: _is(frame.effects, 5_000))
        await until(lambda: _is(lambda: frame.value("select count(*) from outbox_pending"), 0))
    assert await frame.value("select count(distinct event_id) from effect") == 5_000


async def test_a_loss_while_nothing_is_published_is_found_by_the_heartbeat(frame: Frame) -> None:
    async with working(frame):
        await frame.append(100)
        await until(lambda: _is(frame.effects, 100))
        frame.broker.kill()
        frame.broker.start()
        await until(lambda: _over(lambda: frame.value("select epoch from log_epoch"), 1))
        await frame.append(50)
        await until(lambda: _is(frame.effects, 150))


async def test_a_loss_before_the_first_heartbeat_is_found_too(frame: Frame) -> None:
    await frame.append(100)
    assert await frame.relay.step()
    frame.broker.kill()
    frame.broker.start()
    async with working(frame):
        await until(lambda: _is(frame.effects, 100))


class _AboutToSend(Relay):
    """Stands still before the first batch."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def _send(self, *arguments: Any) -> dict[str, list[int]]:
        self.begun.set()
        await self.go_on.wait()
        return await super()._send(*arguments)


async def test_a_heartbeat_that_fails_leaves_no_step_waiting(
    frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.common.runtime.broker._REQUEST_TIMEOUT_MS", 2_000)
    frame.broker.kill()
    frame.broker.start()
    slow = _AboutToSend(frame.database, frame.relay._settings, [])
    await slow.beat()
    await frame.append(100)  # to a topic that the producer has not heard of
    stepping = asyncio.create_task(slow.step())
    await slow.begun.wait()
    frame.broker.kill()
    beating = asyncio.create_task(slow.beat())
    await asyncio.sleep(3)  # by then it would have given up
    frame.broker.start()
    slow.go_on.set()
    _, waiting = await asyncio.wait({beating, stepping}, timeout=30)
    assert not waiting
    await slow.close()
    async with working(frame):
        await until(lambda: _is(frame.effects, 100))


async def test_a_relay_that_died_before_it_took_note_publishes_again_and_nothing_doubles(
    frame: Frame,
) -> None:
    await frame.append(300)
    await frame.relay.step()
    # What the batch's transaction would have been without its end.
    async with frame.database.bulk() as connection:
        await connection.execute(
            "insert into outbox_pending (id, recorded_at, shard) select id, recorded_at, shard from outbox"
        )
    async with working(frame):
        await until(lambda: _is(lambda: frame.value("select count(*) from outbox_pending"), 0))
        await until(lambda: _is(frame.effects, 300))
        await asyncio.sleep(0.7)
    assert await frame.effects() == 300


class _InTheMiddle(Relay):
    """Stands still between the broker's acknowledgement and its own note of it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.acknowledged, self.go_on = asyncio.Event(), asyncio.Event()

    async def _send(self, *arguments: Any) -> dict[str, list[int]]:
        given = await super()._send(*arguments)
        self.acknowledged.set()
        await self.go_on.wait()
        return given


async def test_what_is_under_way_while_a_loss_is_found_goes_out_again_under_the_new_epoch(
    frame: Frame,
) -> None:
    settings = frame.relay._settings
    await frame.relay.beat()
    await frame.append(1)
    slow = _InTheMiddle(frame.database, settings, [TOPIC])
    publishing = asyncio.create_task(slow.step())
    await slow.acknowledged.wait()
    # As a broker would show it that had been given much more, and forgot it.
    await frame.value("update broker_mark set last_offset = 1000000 where shard = 0")
    finding = asyncio.create_task(frame.relay.beat())
    await asyncio.sleep(0.5)
    slow.go_on.set()
    await asyncio.gather(publishing, finding)
    await slow.close()
    assert await frame.value("select epoch from log_epoch") == 2
    assert await frame.value("select count(*) from outbox_pending") == 1


async def test_two_relays_never_share_a_shard(frame: Frame) -> None:
    other = Relay(frame.database, frame.relay._settings, [TOPIC])
    await frame.append(4_000)
    await asyncio.gather(*(relay.step() for relay in (frame.relay, other) for _ in range(4)))
    await other.close()
    async with working(frame):
        await until(lambda: _is(frame.effects, 4_000))


async def test_a_poison_message_is_set_aside_and_stops_nobody(frame: Frame) -> None:
    frame.poison.add(b'{"bad":1}')
    await frame.append(20)
    await frame.append(1, b'{"bad":1}')
    await frame.append(20)
    async with working(frame):
        await until(lambda: _is(frame.effects, 40))
        await until(lambda: _is(lambda: frame.value("select count(*) from dead_letter"), 1))
    assert await frame.value("select count(*) from inbox") == 41


async def test_a_record_that_is_no_event_is_set_aside_and_stops_nobody(frame: Frame) -> None:
    topic = Topic(TOPIC)
    keys = [UUID(int=SHARDS * n) for n in range(1, 4)]
    records = [topic.record(key, "Happened", {}) for key in keys]
    records[1].headers = ()
    with pytest.raises(KeyError):
        await frame.consumer.apply(records)
    assert await frame.consumer.apply(records, isolate=True) is Taken.APPLIED
    assert await frame.consumer.apply(records, isolate=True) is Taken.BEHIND
    assert await frame.effects() == 2
    assert await frame.value("select count(*) from dead_letter") == 1
    assert await frame.value("select next_offset from consumer_position") == len(records)


async def test_a_new_log_epoch_is_read_from_its_beginning(frame: Frame) -> None:
    topic, keys = Topic(TOPIC), [new_id() for _ in range(6)]
    first = [topic.record(key, "Happened", {}) for key in keys]
    await deliver(frame.consumer, first)
    again = Topic(TOPIC, epoch=2)
    later = again.record(keys[0], "Happened", {})
    assert await frame.consumer.apply([later]) is Taken.NEW_EPOCH
    assert await frame.value("select count(*) from consumer_position") == 0
    assert await frame.consumer.apply([later]) is Taken.APPLIED


async def test_a_second_consumer_does_not_apply_what_the_first_took(frame: Frame) -> None:
    records = [Topic(TOPIC).record(new_id(), "Happened", {})]
    assert await frame.consumer.apply(records) is Taken.APPLIED
    second = Consumer(frame.database, frame.consumer.settings, {TOPIC: frame.handle})
    assert await second.apply(records) is Taken.BEHIND
    assert await frame.effects() == 1


async def test_a_marker_that_overtook_its_facts_waits_for_its_next_copy(frame: Frame) -> None:
    topic = Topic(TOPIC)
    fact = topic.record(new_id(), "Happened", {})
    markers = topic.month_closed(str(MONTH))
    await deliver(frame.consumer, markers)
    shards_before = await frame.value("select count(*) from month_marker")
    replay = Topic(TOPIC, epoch=2)
    events = [fact, *markers]
    again = [
        replay.record(_key(record), _header(record, "ce_type"), record.value, _event_id(record))
        for record in events
    ]
    await deliver(frame.consumer, again)
    await deliver(frame.consumer, again)
    assert shards_before == SHARDS - 1
    assert await frame.value("select count(*) from month_marker") == SHARDS


async def test_what_follows_a_marker_does_not_stand_in_for_what_it_counts(frame: Frame) -> None:
    topic = Topic(TOPIC)
    first, second = UUID(int=SHARDS), UUID(int=2 * SHARDS)
    fact = topic.record(first, "Happened", {})
    [marker, *_] = topic.month_closed(str(MONTH))
    later = topic.record(second, "Happened", {})
    await frame.consumer.apply([marker, later])
    assert await frame.value("select count(*) from month_marker") == 0
    replay = Topic(TOPIC, epoch=2)
    again = [
        replay.record(_key(record), _header(record, "ce_type"), record.value, _event_id(record))
        for record in (fact, marker, later)
    ]
    await frame.consumer.apply(again)
    assert await frame.consumer.apply(again) is Taken.APPLIED
    assert await frame.value("select count(*) from month_marker") == 1


async def test_a_month_s_markers_come_after_every_fact_that_was_being_written(frame: Frame) -> None:
    started = asyncio.Event()

    async def write_slowly() -> None:
        async with frame.database.bulk() as connection:
            await outbox.append(connection, [outbox.event(TOPIC, new_id(), "Happened", b"{}")])
            started.set()
            await asyncio.sleep(0.3)

    writing = asyncio.create_task(write_slowly())
    await started.wait()
    async with frame.database.bulk() as connection:
        assert await closing.close_month(connection, "eligibility", [TOPIC], [], MONTH)
    await writing
    assert await frame.value("select count(*) from outbox where type = 'MonthFactsClosed'") == SHARDS
    first_marker = await frame.value("select min(id) from outbox where type = 'MonthFactsClosed'")
    last_fact = await frame.value("select max(id) from outbox where type = 'Happened'")
    assert last_fact < first_marker


async def test_months_are_closed_in_their_order(frame: Frame) -> None:
    async with frame.database.bulk() as connection:
        assert await closing.close_month(connection, "eligibility", [TOPIC], [], MONTH)
        with pytest.raises(Refusal, match="month_invalid"):
            await closing.close_month(connection, "eligibility", [TOPIC], [], MONTH - 1)
        assert not await closing.close_month(connection, "eligibility", [TOPIC], [], MONTH)
        assert await closing.close_month(connection, "eligibility", [TOPIC], [], MONTH + 2)
        assert not await closing.close_month(connection, "eligibility", [TOPIC], [], MONTH)


async def test_a_month_is_not_closed_before_everything_upstream_is(frame: Frame) -> None:
    async with frame.database.bulk() as connection:
        with pytest.raises(Refusal, match="facts_not_settled"):
            await closing.close_month(
                connection, "eligibility", [TOPIC], ["ansinh.registry.person.v1"], MONTH
            )


async def _is(value: Callable[[], Awaitable[int]], expected: int) -> bool:
    return await value() == expected


async def _over(value: Callable[[], Awaitable[int]], least: int) -> bool:
    return await value() > least


def _header(record: Any, name: str) -> str:
    found: bytes = dict(record.headers)[name]
    return found.decode()


def _key(record: Any) -> UUID:
    key: bytes = record.key
    return UUID(key.decode())


def _event_id(record: Any) -> UUID:
    return UUID(_header(record, "ce_id"))
