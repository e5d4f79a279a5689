"""An operator that speaks G2P Connect: our batch as its messages, its answers as our report.

Interoperability APIs, G2P Disbursements 1.0.0 (CDPI): `/disburse/sync/disburse` takes a batch,
`/disburse/sync/txn/status` says what became of it, and `on-disburse` comes by itself. A batch is a
transaction (our `fil_` id), a payment a disbursement (our `pay_` id).
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated
from uuid import UUID

import msgspec
import orjson

from libs.common.kernel.clock import VIETNAM
from libs.common.kernel.errors import Outage
from libs.common.kernel.ids import new_id, show
from services.payments.clients.refusing import NO_JSON, unreadable
from services.payments.clients.signed_calls import SignedCalls
from services.payments.domain.partner_lines import LineStatus, ReadReport, ReportKind, ReportLine
from services.payments.usecases.wallets import Told

#: How an address of ANSINH_WALLETS says that G2P Connect is spoken there.
PREFIX = "g2p-connect+"
_VERSION = "1.0.0"
_SENDER = "ansinh"
_NOTE_CHARACTERS_MAX = 99
_REJECTED, _SUCCEEDED = "rjct", "succ"
#: Received, and begun: nothing became of it yet.
_UNDER_WAY = ("rcvd", "pdng")
#: What says only that it knows the reference already, or does not know it: nothing of money.
_SAYS_NOTHING = (".duplicate", ".not_found", "reference_id.invalid")
#: In its own name: it never took the batch.
_NEVER_TAKEN = "rjct.srch_transaction_id.not_found"
#: What a payment is given back for, as codes of ISO 20022. Any other refusal is for people to look at.
_REASONS = {
    "rjct.payee_fa.invalid": "AC01",
    "rjct.payer_fa.invalid": "AC02",
    "rjct.amount.invalid": "AM12",
    "rjct.currency_code.invalid": "AM03",
    "rjct.schedule_ts.invalid": "DT01",
    "rjct.timestamp.invalid": "DT01",
}
_AMOUNT = re.compile(r"([0-9]{1,13})\.0{1,2}")
_ADDRESS = re.compile(r"account:([A-Za-z0-9.-]+)@([A-Za-z0-9.-]+)")


class _Payment(msgspec.Struct):
    payment_id: str
    amount_dong: int
    wallet: str
    name: str
    remittance: str


class _Batch(msgspec.Struct):
    """As batch_writer.py wrote it."""

    batch_id: str
    operator: str
    created_at: datetime
    execution_date: date
    payer_name: str
    payer_account: str
    payments: list[_Payment]


class _Header(msgspec.Struct):
    status: str
    status_reason_code: str | None = None
    sender_id: str | None = None
    is_msg_encrypted: bool = False


class _Status(msgspec.Struct):
    reference_id: str
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)]
    status: str
    status_reason_code: str | None = None
    amount: str | None = None
    payee_fa: str | None = None
    currency_code: str | None = None


class _Disbursed(msgspec.Struct):
    transaction_id: str
    disbursements_status: list[_Status] = []


class _Inquired(msgspec.Struct):
    txn_status: _Disbursed


class _Message(_Disbursed):
    txnstatus_response: _Inquired | None = None


class _Answer(msgspec.Struct):
    header: _Header
    message: _Message


class G2pConnectOperator:
    """One operator at its address, as usecases.wallets.Operators of it alone."""

    def __init__(self, agency_code: str, url: str, calls: SignedCalls) -> None:
        self._agency_code = agency_code
        self._url = url
        self._calls = calls

    async def hand_over(self, batch_id: UUID, batch: bytes) -> Told:
        # Of ten thousand payments it takes a while: others are answered meanwhile.
        return await self._post("/disburse/sync/disburse", await asyncio.to_thread(disburse_request, batch))

    async def ask(self, batch_id: UUID, payments: Sequence[UUID]) -> Told:
        transaction = show("fil", batch_id)
        asked = {
            "reference_id": str(new_id()),
            "txn_type": "disburse",
            "attribute_type": "reference_id_list",
            "attribute_value": [show("pay", one) for one in payments],
        }
        header = _header(str(new_id()), datetime.now(UTC), "txnstatus", self._agency_code, 1)
        message = {"transaction_id": transaction, "txnstatus_request": asked}
        body = orjson.dumps({"header": header, "message": message})
        told = await self._post("/disburse/sync/txn/status", body)
        return Told(told.content, told.signature, not _denies(told.content, transaction))

    async def _post(self, path: str, body: bytes) -> Told:
        answer = await self._calls.post(self._url + path, body, {})
        if not answer.found:
            raise Outage(f"the operator has no door {path}")
        return Told(answer.content, answer.signature)


def disburse_request(batch: bytes) -> bytes:
    """DisburseRequest of a batch: the same batch makes the same message."""
    told = msgspec.json.decode(batch, type=_Batch)
    day = datetime.combine(told.execution_date, time(), VIETNAM).isoformat()
    request = {
        "header": _header(
            told.batch_id, told.created_at, "disburse", told.operator, total_count=len(told.payments)
        ),
        "message": {
            "transaction_id": told.batch_id,
            "disbursements": [
                {
                    "reference_id": one.payment_id,
                    "payer_fa": f"account:{told.payer_account}@{told.operator}",
                    "payee_fa": f"account:{one.wallet}@{told.operator}",
                    "amount": f"{one.amount_dong}.00",
                    "scheduled_timestamp": day,
                    "payer_name": told.payer_name,
                    "payee_name": one.name,
                    "note": one.remittance[:_NOTE_CHARACTERS_MAX],
                    "currency_code": "VND",
                    "locale": "vie",
                }
                for one in told.payments
            ],
        },
    }
    return orjson.dumps(request)


def _header(message_id: str, at: datetime, action: str, receiver: str, total_count: int) -> dict[str, object]:
    return {
        "version": _VERSION,
        "message_id": message_id,
        "message_ts": at.isoformat(),
        "action": action,
        "sender_id": _SENDER,
        "receiver_id": receiver,
        "total_count": total_count,
        "is_msg_encrypted": False,
    }


def _read(content: bytes) -> _Answer | None:
    try:
        return msgspec.json.decode(content, type=_Answer)
    except NO_JSON:
        return None


def _denies(content: bytes, transaction: str) -> bool:
    """Whether the operator says in its own name that it never took this batch, and nothing else."""
    told = _read(content)
    return (
        told is not None
        and (told.header.status, told.header.status_reason_code) == (_REJECTED, _NEVER_TAKEN)
        and told.message == _Message(transaction)
    )


def read_disburse_status(content: bytes) -> ReadReport:
    """DisburseResponse or TxnStatusResponse. What is received or pending is no line: it stays pending.

    Refusal `report_unreadable` for the whole. A rejected header is about the message that it answers, an
    inquiry even, so it says nothing of any money.
    """
    told = _read(content)
    if told is None:
        raise unreadable(
            "Không phải thông điệp trạng thái chi trả của G2P Connect 1.0.0.",
            "It is no disbursement status of G2P Connect 1.0.0.",
        )
    if told.header.is_msg_encrypted:
        raise unreadable("Thông điệp đã bị mã hóa.", "The message is encrypted.")
    if told.header.status == _REJECTED:
        raise unreadable(
            "Thông điệp bị từ chối: chưa biết các khoản chi ra sao.",
            "The message is rejected: that says nothing of its payments.",
        )
    message = told.message
    found: _Disbursed = message
    if message.txnstatus_response is not None:
        found = message.txnstatus_response.txn_status
        if found.transaction_id != message.transaction_id or message.disbursements_status:
            raise unreadable("Thông điệp nói về hai lô.", "The message is about two batches.")
    return ReadReport(
        kind=ReportKind.G2P_CONNECT,
        message_id=message.transaction_id,
        original_message_id=message.transaction_id,
        lines=tuple(
            _line(one, told.header.sender_id) for one in found.disbursements_status if not _is_open(one)
        ),
    )


def _is_open(one: _Status) -> bool:
    code = (one.status_reason_code or "").lower()
    return one.status in _UNDER_WAY or (one.status == _REJECTED and code.endswith(_SAYS_NOTHING))


def _line(one: _Status, sender: str | None) -> ReportLine:
    reason = _REASONS.get(one.status_reason_code or "") if one.status == _REJECTED else None
    status = LineStatus.SETTLED if one.status == _SUCCEEDED else LineStatus.RETURNED if reason else None
    return ReportLine(
        end_to_end_id=one.reference_id,
        amount_dong=_dong(one),
        status=status,
        reason_code=reason,
        booked_on=_day(one.timestamp),
        payee_account=_account(one.payee_fa, sender),
    )


def _day(moment: datetime) -> date:
    try:
        return moment.astimezone(VIETNAM).date()
    except OverflowError:
        raise unreadable("Thời điểm không có thật.", "A moment that no calendar has.") from None


def _dong(one: _Status) -> int | None:
    if one.amount is None:
        return None
    whole = _AMOUNT.fullmatch(one.amount)
    if whole is None or one.currency_code not in (None, "VND"):
        raise unreadable(
            "Số tiền của G2P Connect phải là đồng chẵn, ví dụ 540000.00 VND.",
            "An amount of G2P Connect is whole đồng, such as 540000.00 VND.",
        )
    return int(whole[1])


def _account(address: str | None, sender: str | None) -> str | None:
    """The number of an account at the operator that speaks; any other address as it stands, as no payee's."""
    found = _ADDRESS.fullmatch(address) if address else None
    return found[1] if found and found[2] == (sender or found[2]) else address
