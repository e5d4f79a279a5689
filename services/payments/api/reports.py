"""Reports of paying agencies: handed in whole, read and reconciled afterwards."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.datastructures import UploadFile

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor
from services.payments.api.doors import Through, id_of, nothing
from services.payments.api.files import agency_of
from services.payments.api.idempotency import IdempotencyKey, once
from services.payments.api.models import ReportAccepted, ReportShown
from services.payments.api.partners import partner_requires
from services.payments.api.signatures import Signature, require_signed

router = APIRouter(tags=["partner reports"])
MayReport = Annotated[Actor, partner_requires("payments.reports.write")]
_FORM_BYTES = 2**16
UPLOAD: dict[str, Any] = {
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


@router.post("/v1/partner-reports", status_code=202, openapi_extra=UPLOAD)
async def hand_in(
    request: Request,
    actor: MayReport,
    doors: Through,
    payment_file_id: Annotated[str | None, Query(max_length=40)] = None,
    province_code: Annotated[
        str | None, Query(pattern=r"^\d{2}$", description="Of a day's statement, in place of a file.")
    ] = None,
    idempotency_key: IdempotencyKey = None,
    _: Signature = None,
) -> ReportAccepted:
    """What became of a file's payments: pain.002, camt.054, or the post office's list (XLSX, CSV).

    The kind is told by the content. The same content handed in again is the same report. A bank's statement
    of a day (camt.053) tells of all files of a province: it comes with `province_code`, without a file.
    """
    agency = agency_of(actor)
    if (payment_file_id is None) == (province_code is None):
        raise _one_of()
    file_id = id_of("fil", payment_file_id) if payment_file_id else None
    content = await uploaded(request, doors.report_bytes_max)
    signature = await require_signed(request, content, agency, doors)

    async def taken() -> ReportAccepted:
        who = (actor.sub, actor.territory, agency, signature)
        if province_code:
            report_id = await doors.receive_report.statement(province_code, content, *who)
        else:
            assert file_id
            report_id = await doors.receive_report(file_id, content, *who)
        return ReportAccepted(report_id=show("rep", report_id))

    return await once(doors, actor, idempotency_key, (request, content), ReportAccepted, taken)


@router.get("/v1/partner-reports/{report_id}")
async def one(report_id: str, actor: MayReport, doors: Through) -> ReportShown:
    """What became of a report of the caller's agency."""
    found = await doors.reads.report(actor.territory, agency_of(actor), id_of("rep", report_id))
    if found is None:
        raise nothing("rep")
    return ReportShown.of(found)


async def uploaded(request: Request, bytes_max: int) -> bytes:
    """The form's file. It is read by no parameter: nobody uploads before they have signed in."""
    _length_within(request, bytes_max + _FORM_BYTES)
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise _no_file()
        return await file.read()


def _length_within(request: Request, bytes_max: int) -> None:
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise _no_file()
    if int(length) > bytes_max:
        raise Refusal(
            "body_too_large",
            f"Báo cáo lớn hơn {bytes_max // 2**20} MB. Hãy chia nhỏ.",
            f"The report is over {bytes_max // 2**20} MB. Send it in parts.",
        )


def _one_of() -> Refusal:
    return Refusal(
        "request_invalid",
        "Hãy nêu mã tệp (payment_file_id), hoặc mã tỉnh (province_code) của sao kê ngày.",
        "Name the file (payment_file_id), or the province (province_code) of a day's statement.",
        (FieldError("payment_file_id", "required", "Thiếu mã tệp.", "The file's id is missing."),),
    )


def _no_file() -> Refusal:
    return Refusal(
        "request_invalid",
        "Hãy gửi tệp trong trường file (multipart/form-data), kèm Content-Length.",
        "Send the file in the field file (multipart/form-data), with a Content-Length.",
        (FieldError("file", "required", "Thiếu tệp.", "The file is missing."),),
    )
