"""What a wallet operator says of a batch: in answer to it, to an inquiry, or by itself."""

from datetime import date

import msgspec

from services.payments.clients.refusing import NO_JSON, unreadable
from services.payments.domain.partner_lines import LineStatus, ReadReport, ReportKind, ReportLine

_OUTCOMES = {
    "settled": LineStatus.SETTLED,
    "rejected": LineStatus.RETURNED,
    "returned": LineStatus.RETURNED,
}
#: It has the payment, or knows nothing of it: either way nothing became of it yet.
_OPEN = ("accepted", "unknown")


class _State(msgspec.Struct):
    payment_id: str
    amount_dong: int
    wallet: str
    state: str
    reason: str | None = None
    booked_on: date | None = None


class _States(msgspec.Struct):
    batch_id: str
    states: list[_State]
    rejected: str | None = None
    count: int | None = None
    amount_dong: int | None = None


def read_wallet_states(content: bytes) -> ReadReport:
    """Refusal `report_unreadable` for the whole. What is accepted is no line: it stays pending."""
    try:
        told = msgspec.json.decode(content, type=_States)
    except NO_JSON:
        raise unreadable(
            "Không phải thông báo trạng thái của ví điện tử.", "It is no statement of a wallet's states."
        ) from None
    return ReadReport(
        kind=ReportKind.WALLET_STATES,
        message_id=told.batch_id,
        original_message_id=told.batch_id,
        lines=tuple(
            ReportLine(
                end_to_end_id=one.payment_id,
                amount_dong=one.amount_dong,
                status=_OUTCOMES.get(one.state),
                reason_code=one.reason,
                booked_on=one.booked_on,
                payee_account=one.wallet,
            )
            for one in told.states
            if one.state not in _OPEN
        ),
        original_instructions=told.count,
        original_sum_dong=told.amount_dong,
        file_rejected_reason=told.rejected,
    )
