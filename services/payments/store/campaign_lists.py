"""Lists of campaigns as offices hand them in and see them, by the app role inside their territory."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import orjson

from libs.common.kernel.ids import new_id
from libs.common.kernel.row_files import QUEUED, REFUSED, RowProblem
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain.campaigns import APPROVED
from services.payments.usecases.campaign_lists import CampaignList

COLUMNS = (
    "list_id, campaign_id, province_code, status, file_kind, rows_total, rows_taken, rows_refused,"
    " parts_taken, problem_code, problem_at"
)


def list_of(row: Any) -> CampaignList:
    return CampaignList(**row)


class ListDesk:
    """Implements usecases.campaign_lists.Lists. `cipher`: a list names people."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def open(
        self,
        campaign_id: UUID,
        upload: tuple[str, bytes],
        sub: str,
        territory: str | None,
        pieces: Callable[[], AsyncIterator[bytes]],
    ) -> CampaignList | None:
        kind, digest = upload
        list_id = new_id()
        async with self._database.writing(territory) as connection:
            added = await connection.fetchval(
                "insert into campaign_list"
                " (list_id, campaign_id, province_code, status, file_kind, content_digest, uploaded_by_sub)"
                f" select $1, campaign_id, province_code, '{QUEUED}', $3, $4, $5 from campaign"
                f" where campaign_id = $2 and status = '{APPROVED}'"
                " on conflict (campaign_id, content_digest)"
                f" where status <> '{REFUSED}' and rows_refused = 0 do nothing returning true",
                list_id,
                campaign_id,
                kind,
                digest,
                sub,
            )
            if added:
                await self._keep(connection, list_id, pieces)
            row = await connection.fetchrow(
                f"select {COLUMNS} from campaign_list where campaign_id = $1 and content_digest = $2"
                f" and status <> '{REFUSED}' and rows_refused = 0",
                campaign_id,
                digest,
            )
        return list_of(row) if row else None

    async def _keep(
        self, connection: Connection, list_id: UUID, pieces: Callable[[], AsyncIterator[bytes]]
    ) -> None:
        number = 0
        async for piece in pieces():
            await connection.execute(
                "insert into campaign_list_piece (list_id, number, province_code, content_sealed)"
                " select list_id, $2, province_code, $3 from campaign_list where list_id = $1",
                list_id,
                number,
                self._cipher.encrypt(piece),
            )
            number += 1

    async def read(self, territory: str | None, list_id: UUID) -> CampaignList | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {COLUMNS} from campaign_list where list_id = $1", list_id
            )
        return list_of(row) if row else None

    async def page(
        self, territory: str | None, campaign_id: UUID, after: UUID | None, limit: int
    ) -> list[CampaignList]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {COLUMNS} from campaign_list where campaign_id = $1"
                " and ($2::uuid is null or list_id < $2) order by list_id desc limit $3",
                campaign_id,
                after,
                limit,
            )
        return [list_of(row) for row in rows]

    async def problems(
        self, territory: str | None, list_id: UUID, after: tuple[int, str, str], limit: int
    ) -> list[RowProblem]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select row_number, column_name, code from campaign_list_problem where list_id = $1"
                " and (row_number, column_name, code) > ($2, $3, $4)"
                " order by row_number, column_name, code limit $5",
                list_id,
                *after,
                limit,
            )
        return [RowProblem(*row) for row in rows]

    async def refused_rows(
        self, list_id: UUID, territory: str | None, after: int, limit: int
    ) -> list[tuple[int, tuple[str, ...], list[RowProblem]]]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select row_number, cells_sealed,"
                " array(select row(column_name, code) from campaign_list_problem p"
                " where p.list_id = r.list_id and p.row_number = r.row_number"
                " order by column_name, code) as problems"
                " from campaign_refused_row r where list_id = $1 and row_number > $2"
                " order by row_number limit $3",
                list_id,
                after,
                limit,
            )
        return [
            (
                row["row_number"],
                tuple(orjson.loads(self._cipher.decrypt(row["cells_sealed"]))),
                [RowProblem(row["row_number"], *problem) for problem in row["problems"]],
            )
            for row in rows
        ]
