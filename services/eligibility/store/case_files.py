"""Cases as rows: opened, moved along their edges, each edge with its event in the same transaction."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common.kernel.months import Month
from libs.common.kernel.sharding import shard_of
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain import casework
from services.eligibility.domain.casework import CaseFile, Hold
from services.eligibility.domain.decisions import Place
from services.eligibility.usecases.ports import SignedDecision

#: (the fact, the case as it then stands, the day) as an event.
ToEvent = Callable[[str, CaseFile, date], OutgoingEvent]

COLUMNS = (
    "case_id, kind, person_id, programmes, commune_code, province_code, former_province_code, received_on,"
    " due_on, state, ground, from_month, prepared_by_sub, checks, decided_on, signed_by_sub, problem,"
    " unchanged_decision_id"
)
#: The column that holds the day of an edge, by the state it leads to.
_DAY_OF = {
    casework.CHECKED: "checked_on",
    casework.DECIDED: "decided_on",
    casework.UNCHANGED: "decided_on",
    casework.NOTIFIED: "notified_on",
    casework.WITHDRAWN: "withdrawn_on",
}
#: The last month whose decisions are closed, so that it is paid by them.
LAST_CLOSED = "select max(month) from month_marker where topic = 'ansinh.eligibility.decision.v1'"
_INSERT = """
    insert into case_file (case_id, kind, person_id, shard, programmes, commune_code, province_code,
                           former_province_code, received_on, due_on, state, ground, from_month,
                           prepared_by_sub)
    select c.case_id, c.kind, c.person_id, c.shard, string_to_array(c.programmes, ' '), c.commune,
           c.province, c.former, c.received_on, c.due_on, 'received', c.ground, c.from_month, c.prepared_by
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::date[], $10::date[], $11::text[], $12::date[], $13::text[])
         as c (case_id, kind, person_id, shard, programmes, commune, province, former, received_on, due_on,
               ground, from_month, prepared_by)
    on conflict (case_id) do nothing returning case_id
"""


async def add(connection: Connection, cases: Sequence[CaseFile], to_event: ToEvent) -> int:
    """Open those that are not there yet; how many those were."""
    rows = [
        (
            case.case_id,
            case.kind,
            case.person_id,
            shard_of(case.person_id),
            " ".join(case.programmes),
            case.place.commune_code,
            case.place.province_code,
            case.place.former_province_code,
            case.received_on,
            case.due_on,
            case.ground,
            case.from_month.first_day if case.from_month else None,
            case.prepared_by_sub,
        )
        for case in cases
    ]
    if not rows:
        return 0
    opened = await connection.fetch(_INSERT, *(list(column) for column in zip(*rows, strict=True)))
    new = {row["case_id"] for row in opened}
    told = casework.transition(casework.NEW, casework.RECEIVED)
    await outbox.append(
        connection, [to_event(told, case, case.received_on) for case in cases if case.case_id in new]
    )
    return len(new)


async def decided_by_signature(
    connection: Connection, signed: Sequence[SignedDecision], to_event: ToEvent
) -> None:
    """Whoever signs a decision has decided the application that asked for it."""
    rows = await connection.fetch(
        "update case_file c set state = 'decided', decided_on = s.day, signed_by_sub = s.signer,"
        " unchanged_decision_id = null"
        " from unnest($1::uuid[], $2::date[], $3::text[], $5::uuid[])"
        " as s (decision_id, day, signer, person_id)"
        " join decision d using (person_id, decision_id)"
        " where c.person_id = d.person_id and c.kind = 'application' and c.state = any($4::text[])"
        f" and (d.programme = any(c.programmes) or d.programme = 'nurture_allowance') returning {_of('c')}",
        [one.decision_id for one in signed],
        [one.signed_on for one in signed],
        [one.signed_by_sub for one in signed],
        list(casework.OPEN),
        [one.person_id for one in signed],
    )
    told = casework.transition(casework.RECEIVED, casework.DECIDED)
    await outbox.append(connection, [to_event(told, case_of(row), row["decided_on"]) for row in rows])


def _of(table: str) -> str:
    return ", ".join(f"{table}.{name.strip()}" for name in COLUMNS.split(","))


class CaseFiles:
    """Transactions on cases, in the territory of whoever asks; the use cases' CaseWorks."""

    def __init__(self, database: Database, to_event: ToEvent) -> None:
        self._database = database
        self._to_event = to_event

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection, self._to_event)


class CaseReadings:
    """Implements the use cases' CaseReads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        territory: str | None,
        person_id: UUID | None,
        state: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[CaseFile]:
        """Cases in the order of their ids."""
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {COLUMNS} from case_file where ($1::uuid is null or person_id = $1)"
                " and ($2::text is null or state = $2) and ($3::uuid is null or case_id > $3)"
                " order by case_id limit $4",
                person_id,
                state,
                after,
                limit,
            )
        return [case_of(row) for row in rows]

    async def one(self, territory: str | None, case_id: UUID) -> CaseFile | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(f"select {COLUMNS} from case_file where case_id = $1", case_id)
        return case_of(row) if row else None

    async def decision_of(self, territory: str | None, case: CaseFile) -> UUID | None:
        """The decision that the case ended in, None before one is signed."""
        async with self._database.reading(territory) as connection:
            found: UUID | None = await connection.fetchval(
                "select decision_id from decision where person_id = $1"
                " and (programme = any($2::text[]) or $4 and programme = 'nurture_allowance')"
                " and status = 'signed' and (case_id = $3 or ($4 and case_id is null and signed_on = $5))"
                " order by version desc limit 1",
                case.person_id,
                list(case.programmes),
                case.case_id,
                case.kind == casework.APPLICATION,
                case.decided_on,
            )
        return found


class _Work:
    def __init__(self, connection: Connection, to_event: ToEvent) -> None:
        self._connection = connection
        self._to_event = to_event

    async def find(self, case_id: UUID) -> CaseFile | None:
        """The case, held until the transaction ends."""
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from case_file where case_id = $1 for update", case_id
        )
        return case_of(row) if row else None

    async def knows(self, person_id: UUID) -> bool:
        return bool(
            await self._connection.fetchval(
                "select exists (select from person_facts where person_id = $1)", person_id
            )
        )

    async def open(self, case: CaseFile) -> CaseFile | None:
        """The case as it stands, opened if it was not there; None where it stands in another territory."""
        await add(self._connection, [case], self._to_event)
        return await self.find(case.case_id)

    async def confirm(self, case: CaseFile, checks: Mapping[str, Mapping[str, str]]) -> CaseFile:
        """Remember who confirmed what; the first to confirm stays."""
        row = await self._connection.fetchrow(
            f"update case_file set checks = $2::jsonb || checks where case_id = $1 returning {COLUMNS}",
            case.case_id,
            orjson.dumps(checks).decode(),
        )
        assert row
        return case_of(row)

    async def move(self, case: CaseFile, to: str, day: date, by: str | None = None) -> CaseFile:
        """Along an edge, with its fact. `by`: who signed."""
        told = casework.transition(case.state, to)
        await self._connection.execute(
            f"update case_file set state = $2, {_DAY_OF[to]} = $3,"
            " signed_by_sub = coalesce($4, signed_by_sub) where case_id = $1",
            case.case_id,
            to,
            day,
            by,
        )
        moved = replace(case, state=to)
        if to in (casework.DECIDED, casework.UNCHANGED):
            moved = replace(moved, decided_on=day, signed_by_sub=by)
        await outbox.append(self._connection, [self._to_event(told, moved, day)])
        return moved

    async def keep_notice(self, case: CaseFile, notice_hash: str) -> None:
        await self._connection.execute(
            "update case_file set notice_hash = $2 where case_id = $1", case.case_id, notice_hash
        )

    async def granted_at(self, person_id: UUID, programme: str) -> Place | None:
        """Where the person's grant in the programme stands, None without one in force."""
        row = await self._connection.fetchrow(
            "select outcome, commune_code, province_code, former_province_code from decision"
            " where person_id = $1 and programme = $2 and status <> 'proposed'"
            " order by version desc limit 1",
            person_id,
            programme,
        )
        return place_of(row) if row and row["outcome"] == "granted" else None

    async def such(self, kind: str, person_id: UUID, programme: str) -> tuple[CaseFile | None, int]:
        """The measure of that kind that is open or in force, and how many there were."""
        rows = await self._connection.fetch(
            f"select {COLUMNS}, state in ('received', 'checked')"
            " or (decided_on is not null and not carried_out) or exists ("
            "   select from hold h where h.case_id = c.case_id and h.until_month is null) as stands"
            " from case_file c where person_id = $1 and kind = $2 and programmes = array[$3]",
            person_id,
            kind,
            programme,
        )
        standing = [case_of(row) for row in rows if row["stands"]]
        return (standing[0] if standing else None), len(rows)

    async def suspended(self, person_id: UUID, programme: str) -> Hold | None:
        """The suspension that nobody has resumed or stopped."""
        row = await self._connection.fetchrow(
            "select * from hold where person_id = $1 and programme = $2 and kind = 'suspension'"
            " and until_month is null order by from_month desc limit 1",
            person_id,
            programme,
        )
        return hold_of(row) if row else None

    async def changes_nothing(self, case: CaseFile) -> bool:
        """Whether it still holds that the case leaves a decision as it is."""
        return bool(
            await self._connection.fetchval(
                "select exists (select from case_file c join person_facts f using (person_id)"
                " join decision d on d.decision_id = c.unchanged_decision_id"
                " where c.case_id = $1 and f.version = c.facts_version and not exists ("
                "   select from decision later where later.person_id = d.person_id"
                "   and later.programme = d.programme and later.version > d.version))",
                case.case_id,
            )
        )

    async def begin_in(self, case: CaseFile, first: Month) -> CaseFile:
        """A measure that begins later than it was prepared for."""
        await self._connection.execute(
            "update case_file set from_month = $2 where case_id = $1", case.case_id, first.first_day
        )
        return replace(case, from_month=first)

    async def first_open_month(self) -> Month | None:
        """The month after the last one whose decisions are closed, None before the first."""
        closed = await self._connection.fetchval(LAST_CLOSED)
        return Month.of(closed) + 1 if closed else None

    async def try_again(self, case: CaseFile) -> None:
        """Have the worker carry a measure out that had a problem."""
        await self._connection.execute(
            "update case_file set carried_out = false, problem = null where case_id = $1", case.case_id
        )

    async def let_go(self, case: CaseFile) -> None:
        """Nothing is held back by a measure that could not be carried out."""
        await self._connection.execute(
            "update hold set until_month = from_month where case_id = $1 and until_month is null",
            case.case_id,
        )

    async def hold(self, held: Hold) -> None:
        await self._connection.execute(
            "insert into hold (case_id, person_id, programme, kind, from_month, signed_on, runs_out_on,"
            " commune_code, province_code) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " on conflict do nothing",
            held.case_id,
            held.person_id,
            held.programme,
            held.kind,
            held.from_month.first_day,
            held.signed_on,
            held.runs_out_on,
            held.place.commune_code,
            held.place.province_code,
        )


def case_of(row: asyncpg.Record) -> CaseFile:
    return CaseFile(
        case_id=row["case_id"],
        kind=row["kind"],
        person_id=row["person_id"],
        programmes=tuple(row["programmes"]),
        place=place_of(row),
        received_on=row["received_on"],
        due_on=row["due_on"],
        state=row["state"],
        ground=row["ground"],
        from_month=Month.of(row["from_month"]) if row["from_month"] else None,
        prepared_by_sub=row["prepared_by_sub"],
        checks=orjson.loads(row["checks"]),
        decided_on=row["decided_on"],
        signed_by_sub=row["signed_by_sub"],
        problem=row["problem"],
        unchanged_decision_id=row["unchanged_decision_id"],
    )


def place_of(row: Mapping[str, Any] | asyncpg.Record) -> Place:
    return Place(row["commune_code"], row["province_code"], row["former_province_code"])


def hold_of(row: asyncpg.Record) -> Hold:
    return Hold(
        row["case_id"],
        row["person_id"],
        row["programme"],
        row["kind"],
        Month.of(row["from_month"]),
        Place(row["commune_code"], row["province_code"], None),
        row["signed_on"],
        row["runs_out_on"],
        Month.of(row["until_month"]) if row["until_month"] else None,
    )
