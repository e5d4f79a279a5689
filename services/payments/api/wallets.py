"""What a wallet operator tells of a batch by itself, in JSON."""

import re
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor
from services.payments.api.doors import Through, id_of
from services.payments.api.files import agency_of
from services.payments.api.models import ReportAccepted
from services.payments.api.partners import partner_requires
from services.payments.api.signatures import Signature, require_signed

router = APIRouter(prefix="/v1/wallet-batches", tags=["e-wallets"])
MayReport = Annotated[Actor, partner_requires("payments.reports.write")]
_MOST = 10_000
#: As states are read: a time or a number that might be taken for a day is none.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(stated: object) -> object:
    if not (isinstance(stated, str) and _DAY.fullmatch(stated)):
        raise ValueError("a day is written YYYY-MM-DD")
    return stated


class WalletState(BaseModel):
    """What became of a payment. `reason`: of ISO 20022 (AC04 ...) where it was rejected or came back."""

    model_config = ConfigDict(extra="forbid")

    payment_id: Annotated[str, Field(max_length=40)]
    amount_dong: Annotated[int, Field(ge=1, le=10**12, strict=True)]
    wallet: Annotated[str, Field(max_length=34, description="The account that was paid, as in the batch.")]
    state: Literal["settled", "rejected", "returned"]
    reason: Annotated[str | None, Field(max_length=35)] = None
    booked_on: Annotated[date, BeforeValidator(_day)] | None = None


class WalletStates(BaseModel):
    """States of one batch, in any order; what was told before may be told again."""

    model_config = ConfigDict(extra="forbid")

    batch_id: Annotated[str, Field(max_length=40)]
    states: Annotated[list[WalletState], Field(min_length=1, max_length=_MOST)]


@router.post("/{batch_id}/states", status_code=202)
async def tell(
    batch_id: str,
    told: WalletStates,
    request: Request,
    actor: MayReport,
    doors: Through,
    _: Signature = None,
) -> ReportAccepted:
    """Taken as any partner's report (`GET /v1/partner-reports/{report_id}`), and matched line by line."""
    agency = agency_of(actor)
    # As it came: the signature is of these bytes.
    content = await request.body()
    signature = await require_signed(request, content, agency, doors)
    report_id = await doors.receive_report(
        id_of("fil", batch_id), content, actor.sub, actor.territory, agency, signature
    )
    return ReportAccepted(report_id=show("rep", report_id))
