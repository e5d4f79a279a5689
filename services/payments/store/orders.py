"""Runs ordered and approved, by requests inside their caller's territory."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from libs.common.runtime import closing, outbox
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import runs
from services.payments.domain.funds import Fund, budget_of
from services.payments.domain.ledger import POSTINGS, Account, Transfer
from services.payments.domain.run_checks import Check
from services.payments.domain.runs import Order, Run
from services.payments.store import ledger
from services.payments.store.funds import COVERED, find, open_fund
from services.payments.store.run_checks import checks_of
from services.payments.store.run_rows import COLUMNS, ToEvent, run_of, told


class RunOrders:
    """Transactions of makers and checkers. `awaits`: topics whose months must be closed before a run."""

    def __init__(self, database: Database, awaits: Sequence[str], to_event: ToEvent) -> None:
        self._database = database
        self._awaits = awaits
        self._to_event = to_event

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection, self._awaits, self._to_event)


class _Work:
    def __init__(self, connection: Connection, awaits: Sequence[str], to_event: ToEvent) -> None:
        self._connection = connection
        self._awaits = awaits
        self._to_event = to_event

    async def require_settled(self, months: Iterable[Month]) -> None:
        for month in months:
            await closing.require_settled(self._connection, self._awaits, month)

    async def fund(self, fund_id: UUID) -> Fund | None:
        return await find(self._connection, fund_id)

    async def open(self, order: Order) -> UUID:
        return await open_run(self._connection, order)

    async def read(self, run_id: UUID) -> Run | None:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from run r where run_id = $1 for update", run_id
        )
        return run_of(row) if row else None

    async def covered(self, run: Run, on: date) -> bool:
        found: bool = await self._connection.fetchval(
            f"select {COVERED} from run r where run_id = $2", on, run.run_id
        )
        return found

    async def listed_by(self, campaign_id: UUID, sub: str) -> bool:
        found: bool = await self._connection.fetchval(
            "select exists (select from campaign_list"
            " where campaign_id = $1 and uploaded_by_sub = $2 and rows_taken > 0)",
            campaign_id,
            sub,
        )
        return found

    async def checked(self, run_id: UUID) -> bool:
        found: bool = await self._connection.fetchval(
            "select checked_at is not null from run where run_id = $1", run_id
        )
        return found

    async def checks(self, run_id: UUID) -> Sequence[Check]:
        return await checks_of(self._connection, run_id)

    async def accept(self, run_id: UUID, kind: str, reason: str, sub: str, at: datetime) -> None:
        await self._connection.execute(
            "update run_check set accepted_by_sub = $3, reason = $4, accepted_at = $5"
            " where run_id = $1 and kind = $2",
            run_id,
            kind,
            sub,
            reason,
            at,
        )

    async def approve(self, run: Run, checker: str, approved_at: datetime, on: date) -> None:
        fact = runs.moved(run.status, runs.APPROVED)
        await self._connection.execute(
            "update run set status = $2, checker_sub = $3, approved_hash = content_hash, approved_at = $4,"
            " told_at = null where run_id = $1",
            run.run_id,
            runs.APPROVED,
            checker,
            approved_at,
        )
        await self._owe("entitled", run, on)
        event = self._to_event(replace(told(fact, run), content_hash=run.content_hash))
        await outbox.append(self._connection, [event])

    async def withdraw(self, run: Run, sub: str, reason: str, at: datetime, on: date) -> None:
        fact = runs.moved(run.status, runs.WITHDRAWN)
        await self._connection.execute(
            "update run set status = $2, withdrawn_by_sub = $3, withdrawal_reason = $4, withdrawn_at = $5"
            " where run_id = $1",
            run.run_id,
            runs.WITHDRAWN,
            sub,
            reason,
            at,
        )
        if run.status == runs.APPROVED:
            await self._owe("withdrawn", run, on)
        await outbox.append(self._connection, [self._to_event(told(fact, run))])

    async def _owe(self, posting: str, run: Run, on: date) -> None:
        """What the list grants is owed from now on (`entitled`), or no longer (`withdrawn`)."""
        debit, credit = POSTINGS[posting].debit, POSTINGS[posting].credit
        rows = await self._connection.fetch(
            "select programme, sum(instructed_dong)::bigint as amount from run_total where run_id = $1"
            " group by programme order by programme",
            run.run_id,
        )
        if rows:
            province = run.province_code
            transfers = [
                Transfer(
                    posting,
                    Account(debit, row["programme"], province),
                    Account(credit, row["programme"], province),
                    row["amount"],
                    run.run_id,
                    on,
                )
                for row in rows
            ]
            await ledger.book(self._connection, province, transfers)


async def open_run(connection: Connection, order: Order) -> UUID:
    """The run of that order: the one that is open, else a new one."""
    budget, province, key = budget_of(order.province_code), order.province_code, order.key
    if order.fund_id is None:
        await open_fund(connection, budget, order.maker)
    earlier = await connection.fetchval(
        "select count(*) from run where province_code = $1 and order_key = $2"
        f" and (status in ('{runs.RECONCILED}', '{runs.WITHDRAWN}')"
        f" or status = '{runs.INSTRUCTED}' and campaign_id is not null)",
        province,
        key,
    )
    opened: UUID | None = await connection.fetchval(
        "insert into run (run_id, province_code, order_key, programmes, maker_sub, fund_id, campaign_id)"
        " values ($1, $2, $3, $4, $5, $6, $7)"
        " on conflict do nothing"
        " returning run_id",
        derived_id("run", province, key, str(earlier)),
        province,
        key,
        list(order.programmes),
        order.maker,
        order.fund_id or budget.fund_id,
        order.campaign_id,
    )
    if opened is None:
        found: UUID = await connection.fetchval(
            "select run_id from run where province_code = $1 and order_key = $2"
            " order by opened_at desc limit 1",
            province,
            key,
        )
        return found
    await connection.execute(
        "insert into run_month (run_id, month) select $1, unnest($2::date[])",
        opened,
        [month.first_day for month in order.period.months],
    )
    return opened
