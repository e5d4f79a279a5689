"""What an operator that speaks G2P Connect tells of a batch by itself: its `on-disburse` callback."""

import re
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from libs.common.kernel.clock import VIETNAM
from libs.common.kernel.ids import show
from services.payments.api.doors import Through, id_of
from services.payments.api.files import agency_of
from services.payments.api.signatures import Signature, require_signed
from services.payments.api.wallets import MayReport

router = APIRouter(prefix="/v1/g2p-connect", tags=["e-wallets"])
_MOST = 10_000
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _text(stated: object) -> object:
    if not (isinstance(stated, str) and _RFC_3339.fullmatch(stated)):
        raise ValueError("a moment is written as RFC 3339 says")
    return stated


Moment = Annotated[AwareDatetime, BeforeValidator(_text)]
Status = Literal["rcvd", "pdng", "succ", "rjct"]
Code = Annotated[str | None, Field(max_length=60)]
_ADDRESS = Field(max_length=120, description="The account that was paid, such as `account:0123@971011`.")


class CallbackHeader(BaseModel):
    """MsgCallbackHeader of G2P Connect 1.0.0, as far as it is read."""

    message_id: Annotated[str, Field(max_length=99)]
    message_ts: Moment
    action: Literal["on-disburse"]
    status: Literal["rcvd", "pdng", "succ"]
    status_reason_code: Code = None
    sender_id: Annotated[str | None, Field(max_length=40, description="Your code.")] = None
    is_msg_encrypted: Literal[False] = False


class DisbursementStatus(BaseModel):
    """What became of a payment: `succ` was paid, `rjct` was not or came back, all else is under way."""

    reference_id: Annotated[str, Field(max_length=40, description="Our `pay_` id.")]
    timestamp: Moment
    status: Status
    status_reason_code: Code = None
    amount: Annotated[str | None, Field(pattern=r"^[0-9]{1,13}\.0{1,2}$", examples=["540000.00"])] = None
    payee_fa: Annotated[str | None, _ADDRESS] = None
    currency_code: Literal["VND"] | None = None


class DisburseResponse(BaseModel):
    model_config = ConfigDict(extra="forbid")

    transaction_id: Annotated[str, Field(max_length=40, description="The batch: our `fil_` id.")]
    disbursements_status: Annotated[list[DisbursementStatus], Field(max_length=_MOST)]


class OnDisburse(BaseModel):
    """The callback. Its `signature` is not read: a message is signed as every other of a partner is."""

    signature: str | None = None
    header: CallbackHeader
    message: DisburseResponse


class Ack(BaseModel):
    ack_status: Literal["ACK"]
    timestamp: datetime
    correlation_id: Annotated[str, Field(description="The report: `GET /v1/partner-reports/{report_id}`.")]


class Acknowledged(BaseModel):
    message: Ack


@router.post("/on-disburse", status_code=202)
async def on_disburse(
    told: OnDisburse, request: Request, actor: MayReport, doors: Through, _: Signature = None
) -> Acknowledged:
    """Taken as any partner's report, and matched line by line; what was told before may be told again."""
    agency = agency_of(actor)
    # As it came: the signature is of these bytes.
    content = await request.body()
    signature = await require_signed(request, content, agency, doors)
    batch = id_of("fil", told.message.transaction_id)
    report_id = await doors.receive_report(batch, content, actor.sub, actor.territory, agency, signature)
    ack = Ack(ack_status="ACK", timestamp=datetime.now(VIETNAM), correlation_id=show("rep", report_id))
    return Acknowledged(message=ack)
