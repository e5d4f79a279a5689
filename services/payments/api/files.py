"""Payment files for paying agencies: each sees its own."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from libs.common.kernel import ids
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor
from services.payments.api.doors import Cursor, Limit, Through, bad_cursor, id_of, nothing
from services.payments.api.models import FileShown, FilesPage, FileStatus, InquiredPayment, Inquiry
from services.payments.api.partners import partner_requires
from services.payments.api.signatures import sign
from services.payments.domain.files import PAIN_001, POST_LIST, WALLET_BATCH

router = APIRouter(tags=["payment files"])
MayFetch = Annotated[Actor, partner_requires("payments.files.read")]
_XML = ("application/xml", "xml")
_JSON = ("application/json", "json")
_XLSX = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
_MEDIA = {PAIN_001: _XML, WALLET_BATCH: _JSON, POST_LIST: _XLSX}


def agency_of(actor: Actor) -> str:
    """Refusal `not_permitted` for whoever is of no paying agency."""
    if not actor.agency:
        raise Refusal(
            "not_permitted",
            "Tài khoản này không thuộc đơn vị chi trả nào.",
            "This account belongs to no paying agency.",
        )
    return actor.agency


@router.get("/v1/payment-files")
async def page(
    actor: MayFetch,
    doors: Through,
    run_id: Annotated[str | None, Query(max_length=40)] = None,
    status: FileStatus | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> FilesPage:
    """The caller's own agency's files. `ready`: not all of its payments are told about yet."""
    try:
        after = ids.read("fil", cursor) if cursor else None
    except ValueError:
        raise bad_cursor() from None
    run = id_of("run", run_id) if run_id else None
    found = await doors.reads.files(actor.territory, agency_of(actor), run, status, after, limit + 1)
    shown = found[:limit]
    return FilesPage(
        items=[FileShown.of(view) for view in shown],
        next_cursor=show("fil", shown[-1].file_id) if len(found) > limit else None,
    )


@router.get("/v1/payment-files/{payment_file_id}/content", response_class=Response)
async def content(payment_file_id: str, actor: MayFetch, doors: Through) -> Response:
    """The file, signed: pain.001.001.09 for a bank, a workbook for a post office, JSON for a wallet."""
    found = await doors.reads.file_content(actor.territory, agency_of(actor), id_of("fil", payment_file_id))
    if found is None:
        raise nothing("fil")
    view, opened = found
    answer = as_file(view.kind, show("fil", view.file_id), opened)
    answer.headers["ETag"] = f'"{view.sha256}"'
    return await sign(answer, opened, doors)


@router.get("/v1/payment-files/{payment_file_id}/inquiry")
async def inquiry(
    payment_file_id: str, actor: MayFetch, doors: Through, limit: Limit = 500, cursor: Cursor = None
) -> Inquiry:
    """Which payments of a file its agency is asked about. Empty while it is in its term, or once it answered.

    The answer is a report as ever: nothing is paid anew before it comes.
    """
    try:
        after = ids.read("pay", cursor) if cursor else None
    except ValueError:
        raise bad_cursor() from None
    agency, file_id = agency_of(actor), id_of("fil", payment_file_id)
    found = await doors.reads.unknown(actor.territory, agency, file_id, after, limit + 1)
    items = [InquiredPayment(payment_id=show("pay", one), amount_dong=dong) for one, dong in found[:limit]]
    return Inquiry(
        payment_file_id=payment_file_id,
        items=items,
        next_cursor=items[-1].payment_id if len(found) > limit else None,
    )


def as_file(kind: str, shown: str, content: bytes) -> Response:
    """A file to be saved under its id."""
    media_type, ending = _MEDIA[kind]
    named = {"Content-Disposition": f'attachment; filename="{shown}.{ending}"'}
    return Response(content, media_type=media_type, headers=named)
