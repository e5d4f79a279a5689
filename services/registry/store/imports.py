"""Imports in the database: the uploaded file, its parts, how far it is, and what was wrong with its rows."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import IO, Any
from uuid import UUID

from libs.common.kernel.row_files import DONE, FilePart, RowProblem
from libs.common.runtime import row_files
from libs.common.runtime.postgres import Connection, Database
from services.registry.domain.columns import FORM
from services.registry.domain.imports import PART_ROWS, Import
from services.registry.store.batches import PeopleBatch
from services.registry.store.protection import Protection
from services.registry.usecases.ports import Batch

_FIELDS = (
    "import_id, status, file_kind, as_of, province_code, rows_total, rows_read, rows_taken, rows_refused,"
    " problem_code, problem_at"
)


def _import(row: Any) -> Import:
    return Import(
        import_id=row["import_id"],
        status=row["status"],
        as_of=row["as_of"],
        territory=row["province_code"],
        file_kind=row["file_kind"],
        rows_total=row["rows_total"],
        rows_read=row["rows_read"],
        rows_taken=row["rows_taken"],
        rows_refused=row["rows_refused"],
        problem_code=row["problem_code"],
        problem_at=row["problem_at"],
    )


class ClaimedRow:
    """An import_job row locked in this transaction of the bulk role."""

    def __init__(self, found: Import, connection: Connection, protection: Protection, people: Batch) -> None:
        self.found = found
        self.people = people
        self._connection = connection
        self._protection = protection

    async def parts_of_file(self) -> AsyncIterator[FilePart]:
        # A file without a name: no other process sees its clear text, and it goes with this one.
        with tempfile.TemporaryFile() as file:
            await self._unpack_upload(file)
            rows = row_files.parts(self.found.file_kind, file, FORM, PART_ROWS)
            while part := await asyncio.to_thread(next, rows, None):
                yield part

    async def _unpack_upload(self, file: IO[bytes]) -> None:
        numbers = await self._connection.fetch(
            "select number from import_upload where import_id = $1 order by number", self.found.import_id
        )
        for row in numbers:
            sealed = await self._connection.fetchval(
                "select content_sealed from import_upload where import_id = $1 and number = $2",
                self.found.import_id,
                row["number"],
            )
            await asyncio.to_thread(file.write, self._protection.open_piece(sealed))
        file.seek(0)

    async def keep_part(self, part: FilePart) -> None:
        await self._connection.execute(
            "insert into import_part (import_id, number, province_code, content_sealed)"
            " values ($1, $2, $3, $4)",
            self.found.import_id,
            part.number,
            self.found.territory,
            await asyncio.to_thread(self._protection.json, part.rows),
        )

    async def accept(self, rows_total: int) -> None:
        await self._drop("import_upload")
        await self._connection.execute(
            "update import_job set status = 'running', rows_total = $2 where import_id = $1",
            self.found.import_id,
            rows_total,
        )

    async def refuse(self, code: str, at: str | None) -> None:
        await self._drop("import_upload")
        await self._drop("import_part")
        await self._connection.execute(
            "update import_job set status = 'refused', problem_code = $2, problem_at = $3,"
            " finished_at = now() where import_id = $1",
            self.found.import_id,
            code,
            at,
        )

    async def part_numbers(self) -> list[int]:
        rows = await self._connection.fetch(
            "select number from import_part where import_id = $1 order by number limit 2",
            self.found.import_id,
        )
        assert rows, "a running import has a part left"
        return [row["number"] for row in rows]

    async def part(self, number: int) -> FilePart:
        sealed = await self._connection.fetchval(
            "select content_sealed from import_part where import_id = $1 and number = $2",
            self.found.import_id,
            number,
        )
        return FilePart(number, await asyncio.to_thread(self._protection.open_json, sealed))

    async def part_taken(
        self, part: FilePart, taken: int, problems: Sequence[RowProblem], status: str
    ) -> None:
        await self._keep_problems(part, problems)
        await self._connection.execute(
            "delete from import_part where import_id = $1 and number = $2", self.found.import_id, part.number
        )
        await self._connection.execute(
            "update import_job set status = $2, rows_read = rows_read + $3, rows_taken = rows_taken + $4,"
            " rows_refused = rows_refused + $5, finished_at = case when $6 then now() end"
            " where import_id = $1",
            self.found.import_id,
            status,
            len(part.rows),
            taken,
            len(part.rows) - taken,
            status == DONE,
        )

    async def _keep_problems(self, part: FilePart, problems: Sequence[RowProblem]) -> None:
        import_id, territory = self.found.import_id, self.found.territory
        found = {(one.row_number, one.column, one.code) for one in problems}
        wrong_rows = {one.row_number for one in problems}
        await self._connection.copy_records_to_table(
            "import_row_problem",
            records=[(import_id, *one, territory) for one in sorted(found)],
            columns=("import_id", "row_number", "column_name", "code", "province_code"),
        )
        await self._connection.copy_records_to_table(
            "import_refused_row",
            records=[
                (import_id, row_number, territory, self._protection.json(cells))
                for row_number, cells in part.rows
                if row_number in wrong_rows
            ],
            columns=("import_id", "row_number", "province_code", "cells_sealed"),
        )

    async def _drop(self, table: str) -> None:
        await self._connection.execute(f"delete from {table} where import_id = $1", self.found.import_id)


class ImportQueueTable:
    """The import worker's side, as the bulk role."""

    def __init__(self, database: Database, protection: Protection) -> None:
        self._database = database
        self._protection = protection

    @asynccontextmanager
    async def claim(self) -> AsyncIterator[ClaimedRow | None]:
        async with self._database.bulk() as connection:
            row = await connection.fetchrow(
                f"select {_FIELDS} from import_job where status in ('queued', 'running')"
                " order by recorded_at limit 1 for update skip locked"
            )
            if row is None:
                yield None
                return
            yield ClaimedRow(_import(row), connection, self._protection, PeopleBatch(connection))


class ImportDesk:
    """The office's side, as the app role: what an officer uploads and sees, inside their territory."""

    def __init__(self, database: Database, protection: Protection) -> None:
        self._database = database
        self._protection = protection

    async def open(
        self, found: Import, digest: bytes, uploaded_by: str, pieces: Callable[[], AsyncIterator[bytes]]
    ) -> UUID:
        """Store an upload, encrypted. The same file that is on its way or fully taken is that import."""
        async with self._database.writing(found.territory) as connection:
            added = await connection.fetchval(
                "insert into import_job"
                " (import_id, status, file_kind, as_of, province_code, content_digest, uploaded_by)"
                " values ($1, $2, $3, $4, $5, $6, $7)"
                " on conflict (content_digest, as_of, coalesce(province_code, ''))"
                " where status <> 'refused' and rows_refused = 0 do nothing returning import_id",
                found.import_id,
                found.status,
                found.file_kind,
                found.as_of,
                found.territory,
                digest,
                uploaded_by,
            )
            if added is None:
                return await _same_import(connection, found, digest)
            number = 0
            async for piece in pieces():
                await connection.execute(
                    "insert into import_upload (import_id, number, province_code, content_sealed)"
                    " values ($1, $2, $3, $4)",
                    found.import_id,
                    number,
                    found.territory,
                    self._protection.piece(piece),
                )
                number += 1
        return found.import_id

    async def read(self, import_id: UUID, territory: str | None) -> Import | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {_FIELDS} from import_job where import_id = $1", import_id
            )
        return None if row is None else _import(row)

    async def problems(
        self, import_id: UUID, territory: str | None, after: tuple[int, str, str], limit: int
    ) -> list[RowProblem]:
        """In the order of rows, those after (row number, column, code)."""
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select row_number, column_name, code from import_row_problem where import_id = $1"
                " and (row_number, column_name, code) > ($2, $3, $4)"
                " order by row_number, column_name, code limit $5",
                import_id,
                *after,
                limit,
            )
        return [RowProblem(row["row_number"], row["column_name"], row["code"]) for row in rows]

    async def refused_rows(
        self, import_id: UUID, territory: str | None, after: int, limit: int
    ) -> list[tuple[int, tuple[str, ...], list[RowProblem]]]:
        """(row number, its cells, its problems) of the refused rows after a row."""
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select row_number, cells_sealed,"
                " array(select row(column_name, code) from import_row_problem p"
                " where p.import_id = r.import_id and p.row_number = r.row_number"
                " order by column_name, code) as problems"
                " from import_refused_row r where import_id = $1 and row_number > $2"
                " order by row_number limit $3",
                import_id,
                after,
                limit,
            )
        return [
            (
                row["row_number"],
                tuple(self._protection.open_json(row["cells_sealed"])),
                [RowProblem(row["row_number"], column, code) for column, code in row["problems"]],
            )
            for row in rows
        ]


async def _same_import(connection: Connection, found: Import, digest: bytes) -> UUID:
    import_id: UUID = await connection.fetchval(
        "select import_id from import_job where content_digest = $1 and as_of = $2"
        " and province_code is not distinct from $3 and status <> 'refused' and rows_refused = 0",
        digest,
        found.as_of,
        found.territory,
    )
    return import_id
