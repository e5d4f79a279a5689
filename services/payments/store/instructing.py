"""Approved runs booked, and their files written, file by file."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain import files, runs
from services.payments.domain.records import Secret
from services.payments.domain.runs import Run
from services.payments.store import ledger, payees
from services.payments.store.finishing import reconcile_if_answered
from services.payments.store.funds import COVERED
from services.payments.store.run_rows import COLUMNS, ToEvent, run_of, told
from services.payments.usecases.instruct import FUND_SHORT
from services.payments.usecases.ports import Payable, PlannedFile, WrittenFile

#: Opens an account that is encrypted at rest.
Open = Callable[[bytes], Secret]

# The next planned file, and with it as many after it as keep to $1 payments: many communes have few.
_CLAIM = f"""
    with planned as (
        select f.file_id, f.run_id, f.kind, f.agency_code, f.province_code, f.commune_code,
               f.payments, f.amount_dong, r.execute_on, u.account_number
        from payment_file f join run r using (run_id) join fund u using (fund_id)
        where f.status = '{files.PLANNED}' and r.status = '{runs.INSTRUCTING}'
        order by f.file_id limit 20 for update of f skip locked
    ), summed as (
        select *, sum(payments) over (order by file_id) as together,
               row_number() over (order by file_id) as nth
        from planned
    )
    select * from summed where nth = 1 or together <= $1 order by file_id
"""

# A run that was built before they were kept has its months in its lines alone.
_PAYABLES = f"""
    select i.instruction_id, i.programme, i.amount_dong, i.agency_code, i.commune_code, i.file_id,
           {payees.SECRET} as secret, coalesce(i.benefit_months, (
               select array_agg(distinct l.month order by l.month) from instruction_line l
               where l.run_id = i.run_id and l.instruction_id = i.instruction_id)) as months
    from instruction i {payees.JOINED}
    where i.file_id = any($1::uuid[]) order by i.instruction_id
"""


class Instructing:
    """Transactions of instructing, for the worker. `cipher`: files hold names and accounts."""

    def __init__(self, database: Database, cipher: FieldCipher, open_secret: Open, to_event: ToEvent) -> None:
        self._database = database
        self._cipher = cipher
        self._open_secret = open_secret
        self._to_event = to_event

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._cipher, self._open_secret, self._to_event)


class _Work:
    def __init__(
        self, connection: Connection, cipher: FieldCipher, open_secret: Open, to_event: ToEvent
    ) -> None:
        self._connection = connection
        self._cipher = cipher
        self._open_secret = open_secret
        self._to_event = to_event

    async def claim_approved(self, on: date) -> Run | None:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from run r where status = '{runs.APPROVED}'"
            f" and (problem is null or problem = '{FUND_SHORT}' and {COVERED})"
            " order by approved_at limit 1 for update skip locked",
            on,
        )
        return run_of(row) if row else None

    async def covered(self, run: Run, on: date) -> bool:
        found: bool = await self._connection.fetchval(
            f"select {COVERED} from run r where run_id = $2", on, run.run_id
        )
        return found

    async def content_hash(self, run_id: UUID) -> str:
        await self._connection.execute("set local enable_nestloop = off")
        found: str = await self._connection.fetchval("select content_hash_of($1)", run_id)
        return found

    async def stop(self, run_id: UUID, problem: str) -> None:
        await self._connection.execute("update run set problem = $2 where run_id = $1", run_id, problem)

    async def book(self, run: Run, on: date) -> None:
        runs.moved(run.status, runs.INSTRUCTING)
        await ledger.book_run(self._connection, run.run_id, on)
        await ledger.book_instalments(self._connection, run.run_id, on)
        await self._connection.execute(
            "update run set status = $2, execute_on = $3, problem = null, told_at = null where run_id = $1",
            run.run_id,
            runs.INSTRUCTING,
            on,
        )

    async def claim_files(self, payments_max: int) -> Sequence[PlannedFile]:
        return [
            PlannedFile(
                file_id=row["file_id"],
                run_id=row["run_id"],
                kind=row["kind"],
                agency_code=row["agency_code"],
                province_code=row["province_code"],
                commune_code=row["commune_code"] or "",
                execute_on=row["execute_on"],
                payments=row["payments"],
                amount_dong=row["amount_dong"],
                account_number=row["account_number"],
            )
            for row in await self._connection.fetch(_CLAIM, payments_max)
        ]

    async def payables(self, planned: Sequence[PlannedFile]) -> Mapping[UUID, Sequence[Payable]]:
        found: dict[UUID, list[Payable]] = {file.file_id: [] for file in planned}
        # Each by its key: the run was written moments ago, and the planner, which has not seen it yet, would
        # rather read all accounts of the nation for every file.
        await self._connection.execute("set local enable_hashjoin = off; set local enable_mergejoin = off")
        for row in await self._connection.fetch(_PAYABLES, list(found)):
            payable = Payable(
                instruction_id=row["instruction_id"],
                programme=row["programme"],
                amount_dong=row["amount_dong"],
                agency_code=row["agency_code"],
                commune_code=row["commune_code"],
                months=[Month.of(day) for day in row["months"]],
                account=self._open_secret(row["secret"]),
            )
            found[row["file_id"]].append(payable)
        return found

    async def written(self, written: Sequence[WrittenFile], at: datetime) -> None:
        files.moved(files.PLANNED, files.READY)
        await self._connection.execute(
            "update payment_file f set status = $4, content = w.content, content_sha256 = w.sha256,"
            " created_at = $5 from unnest($1::uuid[], $2::bytea[], $3::text[]) as w (id, content, sha256)"
            " where f.file_id = w.id",
            [one.file_id for one in written],
            [self._cipher.encrypt(one.content) for one in written],
            [one.sha256 for one in written],
            files.READY,
            at,
        )

    async def finish_written_run(self, at: datetime) -> bool:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from run r where status = '{runs.INSTRUCTING}' and not exists ("
            f" select from payment_file f where f.run_id = r.run_id and f.status = '{files.PLANNED}')"
            " limit 1 for update skip locked"
        )
        if row is None:
            return False
        run = run_of(row)
        fact = runs.moved(run.status, runs.INSTRUCTED)
        count = await self._connection.fetchval(
            "select count(*) from payment_file where run_id = $1", run.run_id
        )
        await self._connection.execute(
            "update run set status = $2 where run_id = $1", run.run_id, runs.INSTRUCTED
        )
        event = self._to_event(replace(told(fact, run), files=count))
        await outbox.append(self._connection, [event])
        await reconcile_if_answered(self._connection, run.run_id, at, self._to_event)
        return True
