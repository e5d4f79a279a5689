"""Lines in suspense as requests see and move them, in their caller's territory by the app role."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

from libs.common.runtime.postgres import Connection, Database
from services.payments.domain.suspense import AGES, Candidate, Item
from services.payments.store import suspense
from services.payments.store.suspense import COLUMNS, UNRESOLVED, candidate_of, item_of
from services.payments.usecases.suspense import SuspenseGroup, SuspensePlace, Wanted

_PAGE = f"""
    select {COLUMNS} from suspense
    where case when $1::text is null then {UNRESOLVED} else status = $1 end
      and ($2::text is null or agency_code = $2) and ($3::text is null or reason = $3)
      and ($4::uuid is null or run_id = $4) and ($5::boolean is null or held = $5)
      and ($6::date is null or (waits_since, suspense_id) > ($6, $7::uuid))
    order by waits_since, suspense_id limit $8
"""
_GROUPS = f"""
    select agency_code, reason,
           (select min(age) from unnest($2::integer[]) as age where $1::date - waits_since <= age) as age,
           count(*)::int, coalesce(sum(amount_dong), 0)::bigint,
           coalesce(sum(amount_dong) filter (where held), 0)::bigint
    from suspense where {UNRESOLVED} group by 1, 2, 3 order by 1, 2, 3
"""


class SuspenseDesk:
    """Implements usecases.suspense.SuspenseWorks and SuspenseReads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection)

    async def page(
        self, territory: str | None, wanted: Wanted, after: SuspensePlace | None, limit: int
    ) -> list[Item]:
        since, suspense_id = after or (None, None)
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                _PAGE,
                wanted.status,
                wanted.agency,
                wanted.reason,
                wanted.run_id,
                wanted.held,
                since,
                suspense_id,
                limit,
            )
        return [item_of(row) for row in rows]

    async def one(self, territory: str | None, suspense_id: UUID) -> Item | None:
        async with self._database.reading(territory) as connection:
            return await _one(connection, suspense_id)

    async def groups(self, territory: str | None, today: date) -> Sequence[SuspenseGroup]:
        async with self._database.reading(territory) as connection:
            return [SuspenseGroup(*row) for row in await connection.fetch(_GROUPS, today, list(AGES))]


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def item(self, suspense_id: UUID) -> Item | None:
        return await _one(self._connection, suspense_id, "for update")

    async def candidate(self, instruction_id: UUID) -> Candidate | None:
        row = await self._connection.fetchrow(suspense.CANDIDATE, instruction_id)
        return candidate_of(row) if row else None

    async def has_twin(self, item: Item) -> bool:
        return await suspense.has_twin(self._connection, item)

    async def put(self, item: Item) -> None:
        await suspense.put(self._connection, item)


async def _one(connection: Connection, suspense_id: UUID, lock: str = "") -> Item | None:
    row = await connection.fetchrow(
        f"select {COLUMNS} from suspense where suspense_id = $1 {lock}", suspense_id
    )
    return item_of(row) if row else None
