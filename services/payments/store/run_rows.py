"""A run's row as the domain knows it."""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Database
from services.payments.domain import runs
from services.payments.domain.records import RunTold
from services.payments.domain.runs import PayPeriod, Run

#: Wiring passes events.outgoing.to_event.
ToEvent = Callable[[RunTold], OutgoingEvent]

COLUMNS = (
    "r.run_id, r.province_code, r.programmes, r.status, r.maker_sub, r.checker_sub, r.content_hash,"
    " r.instructions, r.instructed_dong, r.fund_id, r.campaign_id,"
    " (select array_agg(month order by month) from run_month m where m.run_id = r.run_id) as months"
)

_AGAIN_AFTER_SECONDS = 5.0
_TOLD_MAX = 256
_TO_TELL = f"""
    update run set told_at = clock_timestamp()
    from (
        select run_id from run
        where status in ('{runs.BUILDING}', '{runs.APPROVED}', '{runs.INSTRUCTING}') and problem is null
          and (told_at is null or told_at < now() - make_interval(secs => $1))
        order by opened_at limit $2 for update skip locked
    ) due
    where run.run_id = due.run_id returning run.run_id
"""


def run_of(row: asyncpg.Record) -> Run:
    return Run(
        run_id=row["run_id"],
        province_code=row["province_code"],
        period=PayPeriod(tuple(Month.of(day) for day in row["months"])),
        programmes=tuple(row["programmes"]),
        status=row["status"],
        maker=row["maker_sub"],
        checker=row["checker_sub"],
        content_hash=row["content_hash"],
        instructions=row["instructions"],
        instructed_dong=row["instructed_dong"],
        fund_id=row["fund_id"],
        campaign_id=row["campaign_id"],
    )


def told(fact: str | None, run: Run) -> RunTold:
    """The fact of a transition, with what every fact tells of a run."""
    assert fact, "an edge that tells nothing"
    return RunTold(
        fact=fact,
        run_id=run.run_id,
        province_code=run.province_code,
        months=run.period.months,
        instructions=run.instructions,
        instructed=Dong(run.instructed_dong),
    )


class RunsWithWork:
    """Which runs are to be told to workers. Whoever moves a run on has it told at once: told_at is null."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self) -> Sequence[UUID]:
        async with self._database.bulk() as connection:
            rows = await connection.fetch(_TO_TELL, _AGAIN_AFTER_SECONDS, _TOLD_MAX)
        return [row["run_id"] for row in rows]
