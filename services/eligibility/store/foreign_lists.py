"""Other authorities' decisions: rows of their lists and what they became, apart from what the law decides."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.decisions import Decision
from services.eligibility.domain.foreign_decisions import Version
from services.eligibility.domain.foreign_lists import ForeignDecision
from services.eligibility.store.case_files import place_of
from services.eligibility.usecases.foreign_lists import KeptRow, Key, Known, NewRow

ToEvents = Callable[[Sequence[Decision]], Sequence[OutgoingEvent]]

_IMPORTING = 0x666F7265
_PLACES = """
    select person_id, commune_code, province_code, former_province_code from person_facts
    where person_id = any($1::uuid[]) and ($2::text is null or province_code = $2)
"""
_ROWS = "select * from foreign_row where person_id = any($1::uuid[]) order by number"
_VERSIONS = """
    select person_id, programme, max(version) as version from foreign_decision
    where person_id = any($1::uuid[]) group by person_id, programme
"""
_ROW = (
    "row_id uuid, decision_id uuid, person_id uuid, programme text, amount_dong bigint, from_month date,"
    " until_month date, decision_number text, decided_on date, issued_by text, province_code text,"
    " list_hash text, imported_by_sub text"
)
_DECISION = (
    "decision_id uuid, person_id uuid, programme text, version integer, outcome text, status text,"
    " effective_from date, pays_from date, category text, amount_dong bigint, commune_code text,"
    " province_code text, former_province_code text, decided_on date, row_id uuid"
)


class ForeignLists:
    """Implements the use cases' ForeignWorks. Whom a list may name is asked of the facts, which the
    evaluator's role alone reads, with the caller's territory as a condition."""

    def __init__(self, database: Database, to_events: ToEvents) -> None:
        self._database = database
        self._to_events = to_events

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            await connection.execute("select pg_advisory_xact_lock($1)", _IMPORTING)
            yield _Work(connection, self._to_events)


class _Work:
    def __init__(self, connection: Connection, to_events: ToEvents) -> None:
        self._connection = connection
        self._to_events = to_events

    async def known(self, people: Collection[UUID], territory: str | None) -> Known:
        places = await self._connection.fetch(_PLACES, list(people), territory)
        here = [row["person_id"] for row in places]
        rows: dict[Key, list[KeptRow]] = {}
        for row in await self._connection.fetch(_ROWS, here):
            kept = KeptRow(foreign_row(row), row["decision_id"])
            rows.setdefault((row["person_id"], row["programme"]), []).append(kept)
        return Known(
            {row["person_id"]: place_of(row) for row in places},
            rows,
            {
                (row["person_id"], row["programme"]): row["version"]
                for row in await self._connection.fetch(_VERSIONS, here)
            },
        )

    async def record(
        self, rows: Sequence[NewRow], found: Sequence[Version], list_hash: str, sub: str
    ) -> None:
        if not rows:
            return
        said = [(*_row(one), list_hash, sub) for one in rows]
        await self._insert("foreign_row", _ROW, said)
        await self._insert("foreign_decision", _DECISION, [_decision(one) for one in found])
        # A full list has more events than others may wait for.
        events = await asyncio.to_thread(self._to_events, [one.decision for one in found])
        await outbox.append(self._connection, events)

    async def _insert(self, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
        """`columns`: name and type of each."""
        names, kinds = zip(*(column.split() for column in columns.split(", ")), strict=True)
        arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(kinds, start=1))
        await self._connection.execute(
            f"insert into {table} ({', '.join(names)}) select * from unnest({arrays})",
            *(list(column) for column in zip(*rows, strict=True)),
        )


def foreign_row(row: asyncpg.Record) -> ForeignDecision:
    return ForeignDecision(
        row["person_id"],
        row["programme"],
        Dong(row["amount_dong"]),
        Month.of(row["from_month"]),
        Month.of(row["until_month"]) if row["until_month"] else None,
        row["decision_number"],
        row["decided_on"],
        row["issued_by"],
    )


def _row(one: NewRow) -> tuple[object, ...]:
    row = one.row
    return (
        one.row_id,
        one.decision_id,
        row.person,
        row.programme,
        row.amount,
        row.from_month.first_day,
        row.until.first_day if row.until else None,
        row.decision_number,
        row.decided_on,
        row.issued_by,
        one.place.province_code,
    )


def _decision(one: Version) -> tuple[object, ...]:
    decision, terms = one.decision, one.decision.terms
    return (
        decision.decision_id,
        decision.person_id,
        decision.programme,
        decision.version,
        terms.outcome,
        decision.status,
        decision.effective_from.first_day,
        decision.pays_from.first_day,
        terms.category,
        terms.amount,
        terms.place.commune_code,
        terms.place.province_code,
        terms.place.former_province_code,
        decision.decided_on,
        one.row_id,
    )
