"""Bulk imports over HTTP: the template, the upload, how far it is, and what was wrong."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from libs.common.kernel.ids import new_id, show
from libs.common.kernel.row_files import QUEUED
from libs.common.runtime import row_sheets
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from libs.common.runtime.row_problems import RowProblemsPage
from libs.common.runtime.uploads import CSV_TYPE, UPLOAD, XLSX_TYPE, uploaded
from services.registry.api.doors import Cursor, Doors, Limit, Through, cursor_of, import_id, key_of
from services.registry.api.models import ImportAccepted, ImportShown
from services.registry.domain.columns import FORM
from services.registry.domain.imports import Import
from services.registry.domain.messages import ROW_MESSAGES
from services.registry.domain.rows import BOOLEAN_COLUMNS, CHOICES

router = APIRouter(tags=["imports"])
MayImport = Annotated[Actor, requires("registry.imports.write")]
#: What the columns with a closed vocabulary may say.
_CHOICES = {name: sorted(CHOICES.get(name, {"true", "false"})) for name in (*CHOICES, *BOOLEAN_COLUMNS)}


@router.get("/v1/imports/template.csv", response_class=Response)
async def template_csv(actor: MayImport) -> Response:
    """An empty population file: the header only."""
    return _download(row_sheets.template_csv(FORM), CSV_TYPE, "an-sinh-mau.csv")


@router.get("/v1/imports/template.xlsx", response_class=Response)
async def template_xlsx(actor: MayImport) -> Response:
    """An empty population workbook; its second sheet lists what each column may say."""
    return _download(row_sheets.template_xlsx(FORM, _CHOICES), XLSX_TYPE, "an-sinh-mau.xlsx")


@router.post("/v1/imports", status_code=202, openapi_extra=UPLOAD)
async def upload(
    request: Request, actor: MayImport, doors: Through, as_of: Annotated[date | None, Query()] = None
) -> ImportAccepted:
    """Take a population file (CSV or XLSX). `as_of`: the day whose communes count, today if left out.

    The file is stored and worked on afterwards: ask for its status. The same file sent again while it is
    on its way, or after all of it was taken, is the same import.
    """
    async with uploaded(request, doors.csv_bytes_max, doors.xlsx_bytes_max) as sent:
        found = Import(
            import_id=new_id(),
            status=QUEUED,
            as_of=as_of or doors.clock.business_date(),
            territory=actor.territory,
            file_kind=sent.kind,
        )
        opened = await doors.imports.open(found, sent.digest, actor.sub, sent.pieces)
    return ImportAccepted(import_id=show("imp", opened))


@router.get("/v1/imports/{shown_id}")
async def status(shown_id: str, actor: MayImport, doors: Through) -> ImportShown:
    """How far an import is."""
    return ImportShown.of(await _found(shown_id, actor, doors))


@router.get("/v1/imports/{shown_id}/errors")
async def errors(
    shown_id: str, actor: MayImport, doors: Through, limit: Limit = 100, cursor: Cursor = None
) -> RowProblemsPage:
    """What is wrong with the refused rows, in the order of the file."""
    found = await _found(shown_id, actor, doors)
    row_number, column, code = key_of(cursor, int, str, str) if cursor else (0, "", "")
    problems = await doors.imports.problems(
        found.import_id, actor.territory, (int(row_number), str(column), str(code)), limit
    )
    last = problems[-1] if len(problems) == limit else None
    after = cursor_of(last.row_number, last.column, last.code) if last else None
    return RowProblemsPage.of(problems, ROW_MESSAGES, after)


@router.get("/v1/imports/{shown_id}/errors.csv", response_class=StreamingResponse)
async def errors_csv(shown_id: str, actor: MayImport, doors: Through) -> StreamingResponse:
    """The refused rows as a file to mend and send again, with a column that says what is wrong."""
    found = await _found(shown_id, actor, doors)
    rows = partial(doors.imports.refused_rows, found.import_id, actor.territory)
    return StreamingResponse(
        row_sheets.refused_csv(FORM, ROW_MESSAGES, rows),
        media_type=CSV_TYPE,
        headers={"Content-Disposition": 'attachment; filename="an-sinh-dong-loi.csv"'},
    )


@router.get("/v1/imports/{shown_id}/errors.xlsx", response_class=Response)
async def errors_xlsx(shown_id: str, actor: MayImport, doors: Through) -> Response:
    """As errors.csv, as a workbook (its first 100,000 rows)."""
    found = await _found(shown_id, actor, doors)
    rows = partial(doors.imports.refused_rows, found.import_id, actor.territory)
    return _download(
        await row_sheets.refused_xlsx(FORM, ROW_MESSAGES, rows), XLSX_TYPE, "an-sinh-dong-loi.xlsx"
    )


async def _found(shown_id: str, actor: Actor, doors: Doors) -> Import:
    found = await doors.imports.read(import_id(shown_id), actor.territory)
    if found is None:
        raise not_found("lượt nhập này", "import")
    return found


def _download(content: bytes, media_type: str, filename: str) -> Response:
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )
