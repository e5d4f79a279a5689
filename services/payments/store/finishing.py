"""The end of a run: when each of its files is answered."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from libs.common.kernel.money import Dong
from libs.common.runtime import outbox
from libs.common.runtime.postgres import Connection
from services.payments.domain import files, runs
from services.payments.store.run_rows import COLUMNS, ToEvent, run_of, told


async def reconcile_if_answered(
    connection: Connection, run_id: UUID, at: datetime, to_event: ToEvent
) -> None:
    """An instructed run of which nothing is pending is reconciled; any other stays as it is."""
    # The lock comes before any condition: whoever answers the last file and whoever writes it may both be
    # here, and the second must see what the first has done.
    await connection.execute("select from run where run_id = $1 for update", run_id)
    row = await connection.fetchrow(
        f"select {COLUMNS} from run r where run_id = $1 and status = '{runs.INSTRUCTED}'", run_id
    )
    if row is None:
        return
    waiting = await connection.fetchval(
        f"select exists (select from payment_file where run_id = $1 and status <> '{files.ANSWERED}')", run_id
    )
    if waiting:
        return
    run = run_of(row)
    fact = runs.moved(run.status, runs.RECONCILED)
    sums = await connection.fetchrow(
        "select coalesce(sum(settled_dong), 0)::bigint as settled,"
        " coalesce(sum(returned_dong), 0)::bigint as returned from run_total where run_id = $1",
        run_id,
    )
    assert sums
    await connection.execute(
        "update run set status = $2, reconciled_at = $3 where run_id = $1", run_id, runs.RECONCILED, at
    )
    event = replace(told(fact, run), settled=Dong(sums["settled"]), returned=Dong(sums["returned"]))
    await outbox.append(connection, [to_event(event)])
