"""Questions about drafts, and the figures that answered them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain.simulation import Counted, Figures, Found
from services.eligibility.usecases.simulate import ASKED_MAX, NATIONAL_MAX, WAITING_MAX, Question

#: A worker is heard of after every part of the population, a second or two apart.
_SILENT_SECONDS_MAX = 60
_ATTEMPTS_MAX = 3
#: An answer is read at once; whoever wants it later asks again, of the facts of then.
_KEPT_DAYS = 30
_ASKING = 0x53696D41


class SimulationRows:
    """Implements the use cases' Questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def room(self, question: Question) -> bool:
        async with self._database.bulk() as connection:
            return await _room(connection, question)

    async def put(self, question: Question, title: str, draft_hash: str) -> bool:
        async with self._database.bulk() as connection:
            await connection.execute(
                "delete from simulation where asked_at < now() - make_interval(days => $1)", _KEPT_DAYS
            )
            # One at a time, so that two don't take the last place.
            await connection.execute("select pg_advisory_xact_lock($1)", _ASKING)
            if not await _room(connection, question):
                return False
            await connection.execute(
                "insert into simulation (simulation_id, draft, title, draft_hash, months, province_code,"
                " take_up, asked_by) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                question.simulation_id,
                question.draft,
                title,
                draft_hash,
                [month.first_day for month in question.months],
                question.province,
                question.take_up,
                question.asked_by,
            )
        return True

    async def claim(self) -> Question | None:
        async with self._database.bulk() as connection:
            await connection.execute(
                "update simulation set state = 'failed' where state = 'running' and attempts >= $1"
                " and beat_at < now() - make_interval(secs => $2)",
                _ATTEMPTS_MAX,
                _SILENT_SECONDS_MAX,
            )
            row = await connection.fetchrow(
                "update simulation set state = 'running', beat_at = now(), attempts = attempts + 1,"
                " people_done = 0 where simulation_id = ("
                "  select simulation_id from simulation where state = 'pending' or (state = 'running'"
                "   and beat_at < now() - make_interval(secs => $1))"
                "  order by asked_at limit 1 for update skip locked)"
                " returning simulation_id, draft, months, province_code, take_up, asked_by",
                _SILENT_SECONDS_MAX,
            )
        if row is None:
            return None
        months = tuple(Month.of(day) for day in row["months"])
        return Question(
            row["simulation_id"],
            row["draft"],
            months,
            row["province_code"],
            row["take_up"],
            row["asked_by"],
        )

    async def beat(self, simulation_id: UUID, done: int, due: int) -> None:
        async with self._database.bulk() as connection:
            await connection.execute(
                "update simulation set beat_at = now(), people_done = $2, people_due = $3"
                " where simulation_id = $1",
                simulation_id,
                done,
                due,
            )

    async def finish(self, simulation_id: UUID, found: Sequence[Found]) -> None:
        async with self._database.bulk() as connection:
            await connection.execute(
                "update simulation set state = 'done', found = $2::jsonb where simulation_id = $1",
                simulation_id,
                orjson.dumps([_written(one) for one in found]).decode(),
            )

    async def one(self, territory: str | None, simulation_id: UUID) -> dict[str, Any] | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                "select simulation_id, title, draft_hash, months, province_code, take_up, state, people_done,"
                " people_due, asked_at, found from simulation where simulation_id = $1",
                simulation_id,
            )
        if row is None:
            return None
        found = None if row["found"] is None else [_read(one) for one in orjson.loads(row["found"])]
        return {**dict(row), "months": [Month.of(day) for day in row["months"]], "found": found}


async def _room(connection: Connection, question: Question) -> bool:
    return bool(
        await connection.fetchval(
            "select count(*) < $1 and count(*) filter (where asked_by = $2) < $3"
            " and (not $4 or count(*) filter (where province_code is null) < $5)"
            " from simulation where state in ('pending', 'running')",
            WAITING_MAX,
            question.asked_by,
            ASKED_MAX,
            question.province is None,
            NATIONAL_MAX,
        )
    )


def _written(found: Found) -> dict[str, Any]:
    return {
        "month": str(found.month),
        "applies": found.applies,
        "held": found.counted.held,
        "unreadable": dict(found.counted.unreadable),
        "total": asdict(found.counted.total),
        "by": {
            name: {key: asdict(row) for key, row in rows.items()} for name, rows in found.counted.by.items()
        },
    }


def _read(written: Mapping[str, Any]) -> Found:
    by = {name: {key: Figures(**row) for key, row in rows.items()} for name, rows in written["by"].items()}
    # Answers of the version before tell of nobody held or unreadable.
    held, unreadable = written.get("held", 0), written.get("unreadable", {})
    counted = Counted(Figures(**written["total"]), by, held, unreadable)
    return Found(Month.parse(written["month"]), written["applies"], counted)
