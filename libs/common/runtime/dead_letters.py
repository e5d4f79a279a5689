"""Events that a service could not apply and set aside: an operator sees them, and has them taken again."""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query

from libs.common.kernel.errors import Outage, Refusal
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.consumer import UNREADABLE_TYPE, Consumer
from libs.common.runtime.logs import fault_name, logger
from libs.common.runtime.postgres import Connection, Database

_PAGE_MAX = 500
_LIST = (
    "select event_id, topic, shard, type, problem, recorded_at from dead_letter"
    " where $1::uuid is null or event_id > $1 order by event_id limit $2"
)
_TAKE = "delete from dead_letter where event_id = $1 returning topic, shard, key, type, data, recorded_at"


def router(database: Database, consumer: Consumer) -> APIRouter:
    """The doors of a service that consumes; both need `platform.repair`."""
    made = APIRouter(tags=["platform"])

    @made.get("/v1/dead-letters")
    async def dead_letters(
        actor: Annotated[Actor, requires("platform.repair")],
        limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 100,
        cursor: UUID | None = None,
    ) -> dict[str, Any]:
        """What was set aside, without its data; `problem` is the fault's class and place."""
        async with database.bulk() as connection:
            rows = await connection.fetch(_LIST, cursor, limit + 1)
        items = [{**row, "event_id": str(row["event_id"])} for row in rows[:limit]]
        return {"items": items, "next_cursor": items[-1]["event_id"] if len(rows) > limit else None}

    @made.post("/v1/dead-letters/{event_id}/retry")
    async def retry(
        event_id: UUID, actor: Annotated[Actor, requires("platform.repair")]
    ) -> dict[str, str | bool]:
        """Apply the event now. 409 `event_not_applied` leaves it where it is."""
        try:
            async with database.bulk() as connection:
                await _take_again(connection, consumer, event_id)
        except (Refusal, Outage, OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the handler could not bear, the letter stays
            logger().error("set-aside event failed again", event_id=str(event_id), fault=fault_name(error))
            raise Refusal(
                "event_not_applied",
                "Sự kiện vẫn chưa áp dụng được và vẫn để riêng. Xem nhật ký của dịch vụ để biết lỗi.",
                "The event still could not be applied; it stays set aside. The service's log names why.",
            ) from None
        logger().info("set-aside event applied", event_id=str(event_id))
        return {"event_id": str(event_id), "applied": True}

    return made


async def _take_again(connection: Connection, consumer: Consumer, event_id: UUID) -> None:
    row = await connection.fetchrow(_TAKE, event_id)
    if row is None:
        raise Refusal(
            "not_found",
            "Không có sự kiện nào để riêng mang mã này.",
            "No event with this id is set aside.",
        )
    if row["type"] == UNREADABLE_TYPE:
        raise Refusal(
            "event_not_applied",
            "Bản ghi này không phải sự kiện của nền tảng nên không có gì để áp dụng; nó không giữ tháng nào.",
            "This record is no event of the platform: there is nothing to apply, and it holds up no month.",
        )
    event = IncomingEvent(row["topic"], row["shard"], row["key"], row["type"], event_id, row["data"])
    if not await consumer.take_again(connection, event, row["recorded_at"]):
        raise Refusal(
            "event_not_applied",
            "Dấu chốt tháng phải theo sau dữ kiện của nó: hãy xử lý các sự kiện để riêng trước nó.",
            "A month's marker follows its facts: see first to the events that were set aside before it.",
        )
