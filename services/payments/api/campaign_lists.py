"""Lists of a campaign over HTTP: the template, the upload, how far it is, and what was wrong."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from libs.common.kernel import ids
from libs.common.kernel.ids import show
from libs.common.runtime import row_sheets
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.row_problems import ImportProblem, RowProblemsPage
from libs.common.runtime.uploads import CSV_TYPE, UPLOAD, uploaded
from services.payments.api.doors import (
    Cursor,
    Limit,
    Through,
    bad_cursor,
    cursor_of,
    id_of,
    nothing,
    parts_of,
)
from services.payments.domain.campaign_rows import FORM, MESSAGES
from services.payments.usecases.campaign_lists import CampaignList

router = APIRouter(tags=["campaigns"])
MayList = Annotated[Actor, requires("payments.campaigns.list")]


class ListShown(BaseModel):
    """`rows_total` is null until the file was read through; then rows are taken, or refused one by one."""

    list_id: str
    campaign_id: str
    status: str
    file_kind: str
    rows_total: int | None
    rows_taken: int
    rows_refused: int
    problem: ImportProblem | None

    @classmethod
    def of(cls, found: CampaignList) -> "ListShown":
        return cls(
            list_id=show("lst", found.list_id),
            campaign_id=show("cmp", found.campaign_id),
            status=found.status,
            file_kind=found.file_kind,
            rows_total=found.rows_total,
            rows_taken=found.rows_taken,
            rows_refused=found.rows_refused,
            problem=ImportProblem.of(found.problem_code, found.problem_at),
        )


class ListsPage(BaseModel):
    items: list[ListShown]
    next_cursor: str | None


@router.get("/v1/campaign-lists/template.csv", response_class=Response)
async def template(actor: MayList) -> Response:
    """An empty list: the header only."""
    return Response(row_sheets.template_csv(FORM), media_type=CSV_TYPE, headers=_named("an-sinh-mau.csv"))


@router.post("/v1/campaigns/{campaign_id}/lists", status_code=202, openapi_extra=UPLOAD)
async def upload(campaign_id: str, request: Request, actor: MayList, doors: Through) -> ListShown:
    """Take a list of recipients (CSV or XLSX). It is kept and worked on afterwards: ask for its status.

    A row states somebody whole, or names a person of the registry by `person_id`. Wrong rows are refused one
    by one, and so is who is listed already. The same file again is the same list.
    """
    campaign = id_of("cmp", campaign_id)
    async with uploaded(request, doors.list_csv_bytes_max, doors.list_xlsx_bytes_max) as sent:
        kind = (sent.kind, sent.digest)
        return ListShown.of(await doors.receive_list(campaign, kind, actor.sub, actor.territory, sent.pieces))


@router.get("/v1/campaigns/{campaign_id}/lists")
async def page(
    campaign_id: str, actor: MayList, doors: Through, limit: Limit = 50, cursor: Cursor = None
) -> ListsPage:
    """A campaign's lists, the latest first."""
    try:
        after = ids.read("lst", cursor) if cursor else None
    except ValueError:
        raise bad_cursor() from None
    found = await doors.lists.page(actor.territory, id_of("cmp", campaign_id), after, limit + 1)
    shown = [ListShown.of(one) for one in found[:limit]]
    return ListsPage(items=shown, next_cursor=shown[-1].list_id if len(found) > limit else None)


@router.get("/v1/campaign-lists/{list_id}")
async def one(list_id: str, actor: MayList, doors: Through) -> ListShown:
    """How far a list is."""
    return ListShown.of(await _found(list_id, actor, doors))


@router.get("/v1/campaign-lists/{list_id}/errors")
async def errors(
    list_id: str, actor: MayList, doors: Through, limit: Limit = 100, cursor: Cursor = None
) -> RowProblemsPage:
    """What is wrong with the refused rows, in the order of the file."""
    found = await _found(list_id, actor, doors)
    problems = await doors.lists.problems(actor.territory, found.list_id, _place(cursor), limit + 1)
    last = problems[limit - 1] if len(problems) > limit else None
    after = cursor_of(str(last.row_number), last.column, last.code) if last else None
    return RowProblemsPage.of(problems[:limit], MESSAGES, after)


@router.get("/v1/campaign-lists/{list_id}/errors.csv", response_class=StreamingResponse)
async def errors_csv(list_id: str, actor: MayList, doors: Through) -> StreamingResponse:
    """The refused rows as a file to mend and send again, with a column that says what is wrong."""
    found = await _found(list_id, actor, doors)
    rows = partial(doors.lists.refused_rows, found.list_id, actor.territory)
    content = row_sheets.refused_csv(FORM, MESSAGES, rows)
    return StreamingResponse(content, media_type=CSV_TYPE, headers=_named("an-sinh-dong-loi.csv"))


async def _found(list_id: str, actor: Actor, doors: Through) -> CampaignList:
    found = await doors.lists.read(actor.territory, id_of("lst", list_id))
    if found is None:
        raise nothing("lst")
    return found


def _place(cursor: str | None) -> tuple[int, str, str]:
    if not cursor:
        return 0, "", ""
    number, column, code = parts_of(cursor, 3)
    if not (number.isascii() and number.isdigit()):
        raise bad_cursor()
    return int(number), column, code


def _named(filename: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{filename}"'}
