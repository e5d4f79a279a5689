"""Complete before paid: a month is closed service by service, and nobody sleeps and hopes.

A marker event per topic and shard follows all facts of the month. A service closes a month only after
the same month's markers of everything upstream have come on every shard.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from uuid import UUID

import orjson

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import outbox
from libs.common.runtime.access import Actor
from libs.common.runtime.consumer import MONTH_MARKER_TYPE, UNREADABLE_TYPE, record_marker
from libs.common.runtime.postgres import Connection

#: Raises a Refusal when the service itself is not done with the month.
Guard = Callable[[Connection, Month], Awaitable[None]]


async def nothing_to_guard(*_: object) -> None:
    """For a service whose month is done when its inputs are."""


def require_national(actor: Actor) -> None:
    """Refusal `not_permitted` for an account of one province: a marker closes the month for all of them."""
    if actor.territory is not None:
        raise Refusal(
            "not_permitted",
            "Chốt tháng có hiệu lực cho cả nước, nên chỉ tài khoản có địa bàn cả nước mới được chốt.",
            "A month is closed for the whole nation, so only an account whose territory is the nation may "
            "close it.",
        )


def require_near(month: Month, today: date) -> None:
    """Refusal `month_invalid` for a month after the next: it would close every month before it for good."""
    latest = Month.of(today) + 1
    if month > latest:
        raise Refusal(
            "month_invalid",
            f"Tháng {month} còn xa: nay chỉ chốt được đến tháng {latest}.",
            f"{month} is too far ahead: the latest month that can be closed now is {latest}.",
        )


async def require_settled(connection: Connection, upstream: Sequence[str], month: Month) -> None:
    """Refusal `facts_not_settled` until every upstream topic's marker of `month` is in on every shard, and
    while an event of those topics is set aside: it may be a fact of the month."""
    # A record that is no event was never in the publisher's log, and so tells no fact.
    set_aside = await connection.fetchval(
        "select count(*) from dead_letter where topic = any($1::text[]) and type <> $2",
        list(upstream),
        UNREADABLE_TYPE,
    )
    if set_aside:
        raise Refusal(
            "facts_not_settled",
            f"Có {set_aside} sự kiện không áp dụng được, đang để riêng. Chờ thêm cũng không hết: người vận "
            "hành phải xem chúng ở /v1/dead-letters và cho áp dụng lại.",
            f"{set_aside} events could not be applied and are set aside. Waiting won't help: an operator "
            "must see to them at /v1/dead-letters and have them applied.",
        )
    arrived = await connection.fetchval(
        "select count(*) from month_marker where month = $1 and topic = any($2::text[])",
        month.first_day,
        list(upstream),
    )
    expected = len(upstream) * SHARDS
    if arrived < expected:
        raise Refusal(
            "facts_not_settled",
            f"Dữ kiện của tháng {month} chưa về đủ ({arrived}/{expected} dấu chốt). Hãy thử lại sau ít phút; "
            "nếu vẫn vậy, kiểm tra đơn vị phía trước đã chốt tháng chưa.",
            f"The facts of {month} have not all arrived ({arrived} of {expected} markers). Try again soon; "
            "if it stays so, see whether the services before this one have closed the month.",
        )


async def _require_in_order(connection: Connection, topics: Sequence[str], month: Month) -> None:
    """Refusal `month_invalid` for a month before one that is closed: what is decided for the earlier would
    stand behind, and so before, what was decided for the later."""
    later = await connection.fetchval(
        "select max(month) from month_marker where month > $1 and topic = any($2::text[])",
        month.first_day,
        list(topics),
    )
    if later is not None:
        raise Refusal(
            "month_invalid",
            f"Tháng {Month.of(later)} đã chốt, nên không chốt tháng {month} được nữa. Thay đổi của tháng này "
            "được tính trong lần xét của tháng sau.",
            f"{Month.of(later)} is closed, so {month} can't be closed any more. What changed in it counts in "
            "the next month's determination.",
        )


async def close_month(
    connection: Connection,
    service: str,
    topics: Sequence[str],
    upstream: Sequence[str],
    month: Month,
    guard: Guard = nothing_to_guard,
) -> bool:
    """Write the markers, in the caller's transaction. False when the month was closed already."""
    await connection.execute("select pg_advisory_xact_lock($1)", outbox.CLOSING_LOCK)
    closed = await connection.fetchval(
        "select count(*) from month_marker where month = $1 and topic = any($2::text[])",
        month.first_day,
        list(topics),
    )
    if closed:
        return False
    await _require_in_order(connection, topics, month)
    await require_settled(connection, upstream, month)
    await guard(connection, month)
    rows = []
    for topic in topics:
        for shard in range(SHARDS):
            event_id = derived_id(MONTH_MARKER_TYPE, topic, str(month), str(shard))
            key = UUID(int=event_id.int - event_id.int % SHARDS + shard)
            preceding = await connection.fetchval(
                "select count(*) from outbox where topic = $1 and shard = $2", topic, shard
            )
            data = orjson.dumps(
                {"service": service, "month": str(month), "shard": shard, "preceding": preceding}
            )
            rows.append((topic, shard, key, event_id, MONTH_MARKER_TYPE, data))
            await record_marker(connection, topic, shard, month.first_day)
    await outbox.append_unlocked(connection, rows)
    return True
