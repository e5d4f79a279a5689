"""Decisions as officers see and sign them, under row-level security."""

import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.decisions import PROPOSED, Basis
from services.eligibility.store.case_files import ToEvent, decided_by_signature
from services.eligibility.store.determinations import terms_of
from services.eligibility.store.facts import versions_of
from services.eligibility.store.foreign_lists import foreign_row
from services.eligibility.store.jobs import progress
from services.eligibility.usecases.ports import Decided, SignedDecision

ToEvents = Callable[[Sequence[SignedDecision]], Sequence[OutgoingEvent]]

_SHOWN = (
    "decision_id, person_id, version, programme, outcome, status, effective_from, pays_from, category,"
    " coefficient_hundredths, standard_dong, amount_dong, payee, facility_id, payee_person_id, commune_code,"
    " province_code, former_province_code, decided_on, signed_on, signed_by_sub, policy_version, policy_hash,"
    " case_id"
)
#: With those of other authorities' lists, whose table has the same columns.
_EVERY = f"select {_SHOWN} from decision union all select {_SHOWN} from foreign_decision"
_BASIS = "facts_version, determined_month, facts_month, resident_of, input_hash, trace"


class Signings:
    """Transactions of signing."""

    def __init__(self, database: Database, to_events: ToEvents, of_case: ToEvent) -> None:
        self._database = database
        self._to_events = to_events
        self._of_case = of_case

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection, self._to_events, self._of_case)


class _Work:
    def __init__(self, connection: Connection, to_events: ToEvents, of_case: ToEvent) -> None:
        self._connection = connection
        self._to_events = to_events
        self._of_case = of_case

    async def proposed(self, decision_ids: Sequence[UUID]) -> Mapping[UUID, tuple[UUID, str, date]]:
        # The lock comes first: a determination that held it may have superseded what is read next. By person,
        # as determinations take theirs.
        await self._connection.execute(
            "select from decision where decision_id = any($1::uuid[])"
            " order by person_id, programme, version for update",
            decision_ids,
        )
        rows = await self._connection.fetch(
            "select d.decision_id, d.person_id, d.decided_on, case when exists ("
            "   select from decision later where later.person_id = d.person_id"
            "   and later.programme = d.programme and later.version > d.version"
            "   and later.effective_from <= d.effective_from"
            " ) then 'superseded' else d.status end as status"
            " from decision d where d.decision_id = any($1::uuid[])",
            decision_ids,
        )
        return {row["decision_id"]: (row["person_id"], row["status"], row["decided_on"]) for row in rows}

    async def sign(self, signed: Sequence[SignedDecision]) -> None:
        await self._connection.execute(
            "update decision set status = 'signed', signed_on = s.day, signed_by_sub = s.signer,"
            " signed_at = now() from unnest($1::uuid[], $2::date[], $3::text[], $4::uuid[])"
            " as s (id, day, signer, person) where decision_id = s.id and person_id = s.person",
            [one.decision_id for one in signed],
            [one.signed_on for one in signed],
            [one.signed_by_sub for one in signed],
            [one.person_id for one in signed],
        )
        await outbox.append(self._connection, self._to_events(signed))
        await decided_by_signature(self._connection, signed, self._of_case)


class Reads:
    """Implements the use cases' DecisionReads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        territory: str | None,
        person_id: UUID | None,
        status: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        asked: list[tuple[str, Any]] = [("person_id =", person_id), ("decision_id >", after)]
        conditions = ["true"]
        if status == PROPOSED:
            # In words of its own: what awaits a signature has an index, which a parameter would leave aside.
            conditions.append(f"status = '{PROPOSED}'")
        else:
            asked.append(("status =", status))
        values = [value for _, value in asked if value is not None]
        given = [column for column, value in asked if value is not None]
        conditions += [f"{column} ${place}" for place, column in enumerate(given, 2)]
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select * from ({_EVERY}) every where {' and '.join(conditions)}"
                " order by decision_id limit $1",
                limit,
                *values,
            )
        return [dict(row) for row in rows]

    async def one(self, territory: str | None, decision_id: UUID) -> Decided | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {_SHOWN}, {_BASIS}, receipt,"
                " outcome = 'refused' and case_id is not null as held_back"
                " from decision where decision_id = $1",
                decision_id,
            )
        if row is None:
            return await self._elsewhere(territory, decision_id)
        # The caller may see the decision, wherever the person lives today; the facts it was made from are
        # the evaluator's to read, whose role stands above territories.
        async with self._database.bulk() as connection:
            versions = await versions_of(connection, row["person_id"])
        text = row["receipt"]
        return Decided(
            shown={name: row[name] for name in _SHOWN.split(", ")},
            programme=row["programme"],
            terms=terms_of(row),
            decided_on=row["decided_on"],
            basis=None if text is not None else _basis(row),
            versions=versions,
            receipt=None if text is None else orjson.loads(zlib.decompress(text)),
            held_back=row["held_back"],
        )

    async def unchanged(self, territory: str | None, case_id: UUID) -> Decided | None:
        async with self._database.reading(territory) as connection:
            basis = await connection.fetchrow(
                f"select unchanged_decision_id, found_on, policy_version, policy_hash, {_BASIS}"
                " from case_file where case_id = $1 and unchanged_decision_id is not null",
                case_id,
            )
        stands = await self.one(territory, basis["unchanged_decision_id"]) if basis else None
        if basis is None or stands is None:
            return None
        return replace(
            stands, decided_on=basis["found_on"], basis=_basis(basis), receipt=None, held_back=False
        )

    async def _elsewhere(self, territory: str | None, decision_id: UUID) -> Decided | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {_SHOWN}, row_id from foreign_decision where decision_id = $1", decision_id
            )
        if row is None:
            return None
        # Its row may have come from where the person lived before.
        async with self._database.bulk() as connection:
            said = await connection.fetchrow("select * from foreign_row where row_id = $1", row["row_id"])
        assert said is not None
        return Decided(
            shown={name: row[name] for name in _SHOWN.split(", ")},
            programme=row["programme"],
            terms=terms_of(row),
            decided_on=row["decided_on"],
            basis=None,
            versions=(),
            receipt=None,
            elsewhere=foreign_row(said),
        )

    async def progress(self, month: Month) -> dict[str, int | bool]:
        async with self._database.bulk() as connection:
            return await progress(connection, month)


def _basis(row: asyncpg.Record) -> Basis:
    return Basis(
        facts_version=row["facts_version"],
        policy_version=row["policy_version"],
        policy_hash=row["policy_hash"],
        determined_month=Month.of(row["determined_month"]),
        facts_month=Month.of(row["facts_month"]),
        resident_of=row["resident_of"],
        input_hash=row["input_hash"],
        trace=row["trace"],
    )
