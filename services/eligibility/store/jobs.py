"""Jobs of re-determination and how far they are: the truth that messages to workers only point at."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.store.packed_people import PARTS
from services.eligibility.usecases.redetermine import NATION, Counts, Job, Scope, Task

#: Who asks for a month's ordinary determination: the month itself, by its facts being complete.
BY_MONTH = "month"
_CLOSING = 0x4D4F4E5448
_AGAIN_AFTER_SECONDS = 5.0
_TOLD_MAX = 256
Send = Callable[[Sequence[tuple[UUID, int]]], Awaitable[None]]
_JOB = """
    select j.job_id, j.month, j.scope, j.scope_code, j.ordinary, j.policy_hash, j.requested_by_sub,
           j.requested_at, j.state, j.persons, count(p.done_at) as parts_done, count(*) as parts,
           sum(p.persons) as determined, sum(p.granted) as granted, sum(p.refused) as refused,
           sum(p.undetermined) as undetermined, sum(p.changed) as changed
    from redetermination j join redetermination_part p using (job_id)
"""


class StoredJobs:
    """Implements the use cases' Jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest_determined(self) -> Month | None:
        async with self._database.bulk() as connection:
            latest = await connection.fetchval("select max(month) from redetermination where ordinary")
        return Month.of(latest) if latest else None

    async def add(self, job: Job) -> None:
        async with self._database.bulk() as connection:
            await _add(connection, job, ordinary=False)

    async def progress(self, job_id: UUID, territory: str | None) -> dict[str, Any] | None:
        async with self._database.bulk() as connection:
            row = await connection.fetchrow(
                f"{_JOB} where job_id = $1 and ($2::text is null or territory = $2) group by j.job_id",
                job_id,
                territory,
            )
        return _shown(row) if row else None

    async def recent(self, territory: str | None, limit: int) -> Sequence[dict[str, Any]]:
        async with self._database.bulk() as connection:
            rows = await connection.fetch(
                f"{_JOB} where $1::text is null or territory = $1 group by j.job_id"
                " order by j.requested_at desc limit $2",
                territory,
                limit,
            )
        return [_shown(row) for row in rows]

    async def cancel(self, job_id: UUID, territory: str | None) -> bool | None:
        async with self._database.bulk() as connection:
            await _finish(connection)
            state = await connection.fetchval(
                "select state from redetermination where job_id = $1 and not ordinary"
                " and ($2::text is null or territory = $2) for update",
                job_id,
                territory,
            )
            if state == "running":
                await connection.execute(
                    "update redetermination set state = 'cancelled' where job_id = $1", job_id
                )
        return None if state is None else state == "running"

    async def tell(self, send: Send) -> bool:
        """Tell workers what is to be done; False when there is nothing to tell."""
        async with self._database.bulk() as connection:
            await _finish(connection)
            due = await _to_tell(connection)
            if due:
                await send(due)
        return bool(due)


async def claim(connection: Connection, part: int, policy_in_use: str) -> Task | None:
    """The first task of the part that is not done, locked. None where all are done, or another worker holds
    it: that one goes on with the part's next.

    A month's determination is by the policy of whoever begins it.
    """
    row = await connection.fetchrow(
        """
        select j.job_id, p.part, j.month, j.scope, j.scope_code, j.territory, j.policy_hash
        from redetermination_part p join redetermination j using (job_id)
        where p.part = $1 and p.done_at is null and p.job_id = (
            select job_id from redetermination_part join redetermination o using (job_id)
            where part = $1 and done_at is null and o.state = 'running'
            order by o.requested_at, job_id limit 1
        ) for update of p skip locked
        """,
        part,
    )
    if row is None:
        return None
    policy_hash = row["policy_hash"] or await connection.fetchval(
        "update redetermination set policy_hash = coalesce(policy_hash, $2) where job_id = $1"
        " returning policy_hash",
        row["job_id"],
        policy_in_use,
    )
    scope = Scope(row["scope"], row["scope_code"], row["territory"])
    return Task(row["job_id"], row["part"], Month.of(row["month"]), scope, policy_hash)


async def done(connection: Connection, task: Task, counts: Counts) -> None:
    """Within the transaction that holds the task. The job is done with its last part."""
    await connection.execute(
        "update redetermination_part set done_at = clock_timestamp(), persons = $3, granted = $4,"
        " refused = $5, undetermined = $6, changed = $7 where job_id = $1 and part = $2",
        task.job_id,
        task.part,
        counts.persons,
        counts.granted,
        counts.refused,
        counts.undetermined,
        counts.changed,
    )


async def _finish(connection: Connection) -> None:
    """Mark jobs whose parts are all done: its own transaction, so that the parts need no common lock."""
    await connection.execute(
        "update redetermination j set state = 'done' where state = 'running' and not exists"
        " (select from redetermination_part p where p.job_id = j.job_id and p.done_at is null)"
    )


async def _to_tell(connection: Connection) -> list[tuple[UUID, int]]:
    """(job, part) of what is to be done and no worker was told of lately; they count as told now."""
    rows = await connection.fetch(
        """
        update redetermination_part p set told_at = clock_timestamp()
        from (
            select job_id, part from redetermination_part join redetermination j using (job_id)
            where done_at is null and j.state = 'running'
              and (told_at is null or told_at < now() - make_interval(secs => $1))
            order by j.requested_at, part limit $2 for update of redetermination_part skip locked
        ) due
        where p.job_id = due.job_id and p.part = due.part returning p.job_id, p.part
        """,
        _AGAIN_AFTER_SECONDS,
        _TOLD_MAX,
    )
    return [(row["job_id"], row["part"]) for row in rows]


async def month_closed(connection: Connection, awaits: Sequence[str], month: Month) -> None:
    """Have the month determined once every topic's marker of it is in on every shard."""
    # Of two that bring the last markers at once, the later sees both.
    await connection.execute("select pg_advisory_xact_lock($1)", _CLOSING)
    arrived = await connection.fetchval(
        "select count(*) from month_marker where month = $1 and topic = any($2::text[])",
        month.first_day,
        list(awaits),
    )
    if arrived == len(awaits) * SHARDS:
        job_id = derived_id("month", str(month))
        await _add(connection, Job(job_id, month, Scope(NATION), None, BY_MONTH), ordinary=True)


async def _add(connection: Connection, job: Job, *, ordinary: bool) -> None:
    scope = job.scope
    added = await connection.fetchval(
        """
        insert into redetermination (job_id, month, scope, scope_code, territory, ordinary, policy_hash,
                                     requested_by_sub, persons)
        select $1, $2, $3, $4, $5, $6, $7, $8, count(*) from person_facts
        where ($5::text is null or province_code = $5)
          and ($4::text is null or $4 = case $3 when 'province' then province_code else commune_code end)
        on conflict do nothing returning 1
        """,
        job.job_id,
        job.month.first_day,
        scope.kind,
        scope.code,
        scope.territory,
        ordinary,
        job.policy_hash,
        job.requested_by_sub,
    )
    if added:
        await connection.execute(
            "insert into redetermination_part (job_id, part) select $1, generate_series(0, $2)",
            job.job_id,
            PARTS - 1,
        )


async def unfinished_parts(connection: Connection, month: Month) -> int:
    """Parts of the nation whose ordinary determination of the month is not done."""
    return int(
        await connection.fetchval(
            "select count(*) from redetermination_part p join redetermination j using (job_id)"
            " where j.month = $1 and j.ordinary and p.done_at is null",
            month.first_day,
        )
    )


async def progress(connection: Connection, month: Month) -> dict[str, int | bool]:
    """Counts of a month: people due and determined, by what the law says; proposals that await a
    signature are those of today, of any month."""
    row = await connection.fetchrow(
        f"{_JOB} where j.ordinary and j.month = $1 group by j.job_id", month.first_day
    )
    counts = _counts(row) if row else dict.fromkeys(("persons", "determined", "granted", "refused"), 0)
    return {
        "persons": counts["persons"],
        "determined": counts["determined"],
        "done": row is not None and row["parts_done"] == row["parts"],
        "decided": counts["granted"] + counts["refused"],
        "granted": counts["granted"],
        "refused": counts["refused"],
        "undetermined": await connection.fetchval(
            "select count(*) from undetermined where month = $1", month.first_day
        ),
        "proposed": await connection.fetchval("select count(*) from decision where status = 'proposed'"),
    }


def _counts(row: Any) -> dict[str, int]:
    names = ("persons", "determined", "granted", "refused", "undetermined", "changed", "parts", "parts_done")
    return {name: int(row[name]) for name in names}


def _shown(row: Any) -> dict[str, Any]:
    return {
        "job_id": row["job_id"],
        "month": row["month"],
        "scope": row["scope"],
        "scope_code": row["scope_code"],
        "ordinary": row["ordinary"],
        "state": "done" if row["parts_done"] == row["parts"] else row["state"],
        "requested_by_sub": row["requested_by_sub"],
        "requested_at": row["requested_at"],
        "policy_hash": row["policy_hash"],
        **_counts(row),
    }
