"""The sandbox of partners: made-up files to fetch and to answer. No money, no person, the same formats."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor
from services.payments.api.doors import Through, id_of
from services.payments.api.files import agency_of, as_file
from services.payments.api.idempotency import IdempotencyKey, once
from services.payments.api.partners import partner_requires
from services.payments.api.reports import UPLOAD, uploaded
from services.payments.api.signatures import require_signed, sign
from services.payments.usecases.sandbox import PAYMENTS_MAX, SandboxFile, SandboxReport

router = APIRouter(tags=["sandbox"])
MayTry = Annotated[Actor, partner_requires("payments.sandbox.use")]


class SandboxWanted(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"payments": 5}]})

    payments: Annotated[int, Field(ge=1, le=PAYMENTS_MAX)] = 5


class SandboxFileShown(BaseModel):
    """A made-up file, ready to be fetched. `kind` follows the channels of the register."""

    payment_file_id: str
    kind: Literal["pain.001", "post-list", "wallet-batch"]
    payments: int
    amount_dong: int
    execute_on: date

    @classmethod
    def of(cls, file: SandboxFile) -> "SandboxFileShown":
        return cls.model_validate(
            {
                "payment_file_id": show("fil", file.file_id),
                "kind": file.kind,
                "payments": len(file.amounts),
                "amount_dong": sum(file.amounts),
                "execute_on": file.execute_on,
            }
        )


class SandboxSuspended(BaseModel):
    """A line that a real report would leave in suspense, and why."""

    number: int
    reason: str


class SandboxAnswer(BaseModel):
    settled: int
    returned: int
    suspended: list[SandboxSuspended]

    @classmethod
    def of(cls, report: SandboxReport) -> "SandboxAnswer":
        outcomes = [one.told.outcome for one in report.matched]
        return cls(
            settled=outcomes.count("settled"),
            returned=outcomes.count("returned"),
            suspended=[
                SandboxSuspended(number=one.told.number, reason=one.reason) for one in report.suspended
            ],
        )


@router.post("/v1/sandbox/files", status_code=201)
async def make(
    request: Request,
    wanted: SandboxWanted,
    actor: MayTry,
    doors: Through,
    idempotency_key: IdempotencyKey = None,
) -> SandboxFileShown:
    """A file of made-up payments; each is told as instructed. 403 `not_a_sandbox` for any other partner."""

    async def made() -> SandboxFileShown:
        return SandboxFileShown.of(await doors.sandbox.make(agency_of(actor), wanted.payments))

    return await once(doors, actor, idempotency_key, (request, await request.body()), SandboxFileShown, made)


@router.get("/v1/sandbox/files/{payment_file_id}/content", response_class=Response)
async def content(payment_file_id: str, actor: MayTry, doors: Through) -> Response:
    """The file, written as real ones are."""
    file, written = await doors.sandbox.content(agency_of(actor), id_of("fil", payment_file_id))
    return await sign(as_file(file.kind, payment_file_id, written), written, doors)


@router.post("/v1/sandbox/files/{payment_file_id}/report", openapi_extra=UPLOAD)
async def report(payment_file_id: str, request: Request, actor: MayTry, doors: Through) -> SandboxAnswer:
    """Report on it, as on a real one; what a real report would change is told as events."""
    sent = await uploaded(request, doors.report_bytes_max)
    await require_signed(request, sent, agency_of(actor), doors)
    found = await doors.sandbox.report(agency_of(actor), id_of("fil", payment_file_id), sent)
    return SandboxAnswer.of(found)
