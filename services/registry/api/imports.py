"""Bulk imports over HTTP: the template, the upload, how far it is, and what was wrong."""

import hashlib
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import new_id, show
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.registry.api import sheets
from services.registry.api.doors import Cursor, Doors, Limit, Through, cursor_of, import_id, key_of
from services.registry.api.models import ImportAccepted, ImportShown, RowProblemShown, RowProblemsPage
from services.registry.domain.imports import QUEUED, Import
from services.registry.domain.messages import ROW_MESSAGES

router = APIRouter(tags=["imports"])
MayImport = Annotated[Actor, requires("registry.imports.write")]
_PIECE_BYTES = 2**20
_FORM_BYTES = 2**16
_CSV_TYPE = "text/csv; charset=utf-8"
_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.get("/v1/imports/template.csv", response_class=Response)
async def template_csv(actor: MayImport) -> Response:
    """An empty population file: the header only."""
    return _download(sheets.template_csv(), _CSV_TYPE, "an-sinh-mau.csv")


@router.get("/v1/imports/template.xlsx", response_class=Response)
async def template_xlsx(actor: MayImport) -> Response:
    """An empty population workbook; its second sheet lists what each column may say."""
    return _download(sheets.template_xlsx(), _XLSX_TYPE, "an-sinh-mau.xlsx")


@router.post("/v1/imports", status_code=202, openapi_extra=_UPLOAD)
async def upload(
    request: Request, actor: MayImport, doors: Through, as_of: Annotated[date | None, Query()] = None
) -> ImportAccepted:
    """Take a population file (CSV or XLSX). `as_of`: the day whose communes count, today if left out.

    The file is stored and worked on afterwards: ask for its status. The same file sent again while it is
    on its way, or after all of it was taken, is the same import.
    """
    # The form is read here and not by a parameter: nobody uploads before they have signed in.
    _length_within(request, doors.csv_bytes_max + _FORM_BYTES)
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise _no_file()
        kind = sheets.kind_of(file.filename, await file.read(4))
        if kind == "xlsx" and (file.size or 0) > doors.xlsx_bytes_max:
            raise _too_large(doors.xlsx_bytes_max)
        found = Import(
            import_id=new_id(),
            status=QUEUED,
            as_of=as_of or doors.clock.business_date(),
            territory=actor.territory,
            file_kind=kind,
        )
        opened = await doors.imports.open(found, await _digest(file), actor.sub, partial(_pieces, file))
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
    return RowProblemsPage(
        items=[
            RowProblemShown(
                row_number=one.row_number,
                column=one.column,
                code=one.code,
                message_vi=ROW_MESSAGES[one.code].vi,
                message_en=ROW_MESSAGES[one.code].en,
            )
            for one in problems
        ],
        next_cursor=cursor_of(last.row_number, last.column, last.code) if last else None,
    )


@router.get("/v1/imports/{shown_id}/errors.csv", response_class=StreamingResponse)
async def errors_csv(shown_id: str, actor: MayImport, doors: Through) -> StreamingResponse:
    """The refused rows as a file to mend and send again, with a column that says what is wrong."""
    found = await _found(shown_id, actor, doors)
    rows = partial(doors.imports.refused_rows, found.import_id, actor.territory)
    return StreamingResponse(
        sheets.refused_csv(rows),
        media_type=_CSV_TYPE,
        headers={"Content-Disposition": 'attachment; filename="an-sinh-dong-loi.csv"'},
    )


@router.get("/v1/imports/{shown_id}/errors.xlsx", response_class=Response)
async def errors_xlsx(shown_id: str, actor: MayImport, doors: Through) -> Response:
    """As errors.csv, as a workbook (its first 100,000 rows)."""
    found = await _found(shown_id, actor, doors)
    rows = partial(doors.imports.refused_rows, found.import_id, actor.territory)
    return _download(await sheets.refused_xlsx(rows), _XLSX_TYPE, "an-sinh-dong-loi.xlsx")


async def _found(shown_id: str, actor: Actor, doors: Doors) -> Import:
    found = await doors.imports.read(import_id(shown_id), actor.territory)
    if found is None:
        raise not_found("lượt nhập này", "import")
    return found


def _download(content: bytes, media_type: str, filename: str) -> Response:
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )


async def _digest(file: UploadFile) -> bytes:
    digest = hashlib.sha256()
    async for piece in _pieces(file):
        digest.update(piece)
    return digest.digest()


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    await file.seek(0)
    while piece := await file.read(_PIECE_BYTES):
        yield piece


def _length_within(request: Request, bytes_max: int) -> None:
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise _no_file()
    if int(length) > bytes_max:
        raise _too_large(bytes_max)


def _no_file() -> Refusal:
    return Refusal(
        "request_invalid",
        "Hãy gửi tệp trong trường file (multipart/form-data), kèm Content-Length.",
        "Send the file in the field file (multipart/form-data), with a Content-Length.",
        (FieldError("file", "required", "Thiếu tệp.", "The file is missing."),),
    )


def _too_large(bytes_max: int) -> Refusal:
    megabytes = bytes_max // 2**20
    return Refusal(
        "import_file_too_large",
        f"Tệp lớn hơn {megabytes} MB. Hãy chia nhỏ, hoặc gửi dạng CSV.",
        f"The file is over {megabytes} MB. Split it, or send CSV.",
    )
