"""Made-up files of sandbox partners; a trigger tells of their payments, and nothing else knows of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Database
from services.payments.domain.instructions import RETURNED
from services.payments.domain.matching import Matched
from services.payments.usecases.sandbox import SandboxFile

_MOVE = """
    update sandbox_payment p set status = t.status, sequence = sequence + 1, reason = t.reason,
        changed_on = $6
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as t (id, was, status, reason)
    where p.file_id = $1 and p.instruction_id = t.id and p.status = t.was
"""


class StoredSandboxes:
    """Implements usecases.sandbox.Sandboxes, by the app role."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, file: SandboxFile, run_id: UUID, files_max: int) -> None:
        numbers = range(1, len(file.amounts) + 1)
        async with self._database.writing(None) as connection:
            await connection.execute(
                "delete from sandbox_file where file_id in (select file_id from sandbox_file"
                " where agency_code = $1 order by made_at desc offset $2)",
                file.agency_code,
                files_max - 1,
            )
            await connection.execute(
                "insert into sandbox_file (file_id, run_id, agency_code, kind, month, execute_on, made_at)"
                " values ($1, $2, $3, $4, $5, $6, $7)",
                file.file_id,
                run_id,
                file.agency_code,
                file.kind,
                file.month.first_day,
                file.execute_on,
                file.made_at,
            )
            await connection.execute(
                "insert into sandbox_payment (file_id, changed_on, number, instruction_id, amount_dong)"
                " select $1, $2, * from unnest($3::integer[], $4::uuid[], $5::bigint[])",
                file.file_id,
                file.execute_on,
                list(numbers),
                [file.instruction_id(number) for number in numbers],
                list(file.amounts),
            )

    async def made_since(self, agency_code: str, at: datetime) -> int:
        async with self._database.reading(None) as connection:
            count: int = await connection.fetchval(
                "select count(distinct run_id) from payment_change where agency_code = $1"
                " and agency_code like 'SBX%' and recorded_at > $2 and sequence = 1",
                agency_code,
                at,
            )
        return count

    async def one(self, agency_code: str, file_id: UUID) -> SandboxFile | None:
        async with self._database.reading(None) as connection:
            row = await connection.fetchrow(
                "select f.*, array(select amount_dong from sandbox_payment p where p.file_id = f.file_id"
                " order by number) as amounts from sandbox_file f where file_id = $1 and agency_code = $2",
                file_id,
                agency_code,
            )
        if row is None:
            return None
        return SandboxFile(
            file_id=row["file_id"],
            agency_code=row["agency_code"],
            kind=row["kind"],
            month=Month.of(row["month"]),
            execute_on=row["execute_on"],
            made_at=row["made_at"],
            amounts=row["amounts"],
        )

    async def statuses(self, file_id: UUID) -> Mapping[UUID, str]:
        async with self._database.reading(None) as connection:
            rows = await connection.fetch(
                "select instruction_id, status from sandbox_payment where file_id = $1", file_id
            )
        return {row["instruction_id"]: row["status"] for row in rows}

    async def move(self, file_id: UUID, matched: Sequence[Matched], on: date) -> None:
        first = {one.instruction_id: one for one in reversed(matched)}
        last = {one.instruction_id: one for one in matched}
        if not last:
            return
        async with self._database.writing(None) as connection:
            await connection.execute(
                _MOVE,
                file_id,
                list(last),
                [first[known].was for known in last],
                [one.told.outcome for one in last.values()],
                [_reason(one) for one in last.values()],
                on,
            )


def _reason(one: Matched) -> str | None:
    return one.told.reason if one.told.outcome == RETURNED else None
