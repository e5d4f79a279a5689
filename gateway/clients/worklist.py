"""What eligibility answers of an office's work, and of how far the law has reached."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class WorkItem(msgspec.Struct, frozen=True):
    """Something that waits for somebody."""

    kind: str
    item_id: str
    person_id: str
    case_id: str | None
    programmes: list[str]
    due_on: date | None
    late: bool
    working_days_late: int | None
    years: int | None
    commune_code: str
    province_code: str
    problem: str | None = None
    what_to_do_vi: str | None = None
    what_to_do_en: str | None = None


class WorkCount(msgspec.Struct, frozen=True):
    kind: str
    items: int
    late: int
    without_term: int


class WorklistPage(msgspec.Struct, frozen=True):
    on: date
    counts: list[WorkCount]
    items: list[WorkItem]
    next_cursor: str | None = None


class Covered(msgspec.Struct, frozen=True):
    """Of those who seem entitled in a place and programme, how many are decided."""

    programme: str
    province_code: str
    commune_code: str | None
    entitled: int
    decided: int
    in_process: int
    without: int
    share_decided: float | None


class CoveragePage(msgspec.Struct, frozen=True):
    as_of: date | None
    month: str | None
    complete: bool
    items: list[Covered]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Worklist:
    """Eligibility's REST door, as far as it tells of work and reach."""

    upstream: Upstream

    async def page(
        self,
        caller: Caller,
        *,
        kind: str | None,
        late: bool,
        province_code: str | None,
        commune_code: str | None,
        limit: int,
        cursor: str | None,
    ) -> WorklistPage:
        asked = {
            "kind": kind,
            "late": "true" if late else "false",
            "province_code": province_code,
            "commune_code": commune_code,
            "limit": limit,
            "cursor": cursor,
        }
        return await self.upstream.get("/v1/worklist", caller, WorklistPage, asked)

    async def coverage(
        self, caller: Caller, *, by: str, province_code: str | None, limit: int, cursor: str | None
    ) -> CoveragePage:
        asked = {"by": by, "province_code": province_code, "limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/coverage", caller, CoveragePage, asked)
