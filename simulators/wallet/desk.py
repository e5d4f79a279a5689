"""A wallet operator: takes a batch, refuses closed wallets at once, tells of the rest unasked or asked."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from libs.common.kernel.ids import derived_id, show
from simulators.answer import Answer, Report, Sums
from simulators.outcomes import ACCOUNT_CLOSED, FORBIDDEN, WRONG_COUNT, WRONG_SUM, Odds
from simulators.switches import OFF, Switches

_JSON = "application/json"
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Payment:
    payment_id: str
    dong: int
    wallet: str


@dataclass(frozen=True, slots=True)
class Batch:
    """`count` and `dong` are what its head announces."""

    batch_id: str
    execution_date: str
    count: int
    dong: int
    payments: tuple[Payment, ...]


class NotABatch(ValueError):
    """What was sent is no batch at all."""


def read_batch(content: bytes) -> Batch:
    try:
        told = json.loads(content)
        payments = (Payment(p["payment_id"], int(p["amount_dong"]), p["wallet"]) for p in told["payments"])
        return Batch(
            str(told["batch_id"]),
            str(told["execution_date"]),
            int(told["count"]),
            int(told["amount_dong"]),
            tuple(payments),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotABatch("no batch of payments") from error


def taken(batch: Batch, odds: Odds, switches: Switches = OFF) -> bytes:
    """What is said at once: which payments were accepted and which rejected, or that none was taken."""
    refused = _refused(batch, switches)
    head = {"batch_id": batch.batch_id, "count": batch.count, "amount_dong": batch.dong}
    if refused:
        return _body(head | {"states": [], "rejected": refused})
    states = [
        _rejected(one) if odds.at_bank(one.wallet) else _state(one, "accepted") for one in batch.payments
    ]
    return _body(head | {"states": states})


def asked(
    batch: Batch, payment_ids: Collection[str], odds: Odds, switches: Switches = OFF, *, carried_out: bool
) -> bytes:
    """What became of these payments by now, silent or not; before they are carried out: what was said."""
    if refused := _refused(batch, switches):
        return _body({"batch_id": batch.batch_id, "states": [], "rejected": refused})

    def state(one: Payment) -> State:
        if odds.at_bank(one.wallet):
            return _rejected(one)
        if not carried_out:
            return _state(one, "accepted")
        came_back = switches.comes_back(odds.seed, one.wallet)
        return _returned(batch, one) if came_back else _settled(batch, one)

    states = [state(one) for one in batch.payments if one.payment_id in payment_ids]
    return _body({"batch_id": batch.batch_id, "states": states})


def answer(batch: Batch, odds: Odds, switches: Switches = OFF) -> Answer:
    """What it tells by itself, in order, and its books, which hold what is kept silent as well."""
    if refused := _refused(batch, switches):
        return Answer((), Sums(), Sums(), Sums(), refused)
    settled = [one for one in batch.payments if not odds.at_bank(one.wallet)]
    back = [one for one in settled if switches.comes_back(odds.seed, one.wallet)]
    heard = [one for one in settled if not switches.is_silent_on(odds.seed, one.wallet)]
    told = [_settled(batch, one) for one in heard]
    made: list[tuple[str, str, list[State]]] = []
    if switches.wrong_file:
        other = show("fil", derived_id("another file", batch.batch_id))
        made.append(("wrong", other, told))
    made.append(("states", batch.batch_id, told))
    if switches.duplicate:
        made.append(("again", batch.batch_id, told[::-1]))
    made.append(("back", batch.batch_id, [_returned(batch, one) for one in back if one in heard]))
    returned = sum(one.dong for one in batch.payments) - sum(one.dong for one in settled)
    returned += sum(one.dong for one in back)
    return Answer(
        reports=tuple(
            Report(name, f"{name}-{batch.batch_id}.json", _JSON, _body({"batch_id": of, "states": states}))
            for name, of, states in made
            if states
        ),
        received=Sums(batch.count, batch.dong),
        settled=Sums(len(settled) - len(back), batch.dong - returned),
        returned=Sums(batch.count - len(settled) + len(back), returned),
    )


def _refused(batch: Batch, switches: Switches) -> str | None:
    if len(batch.payments) != batch.count:
        return WRONG_COUNT
    if sum(one.dong for one in batch.payments) != batch.dong:
        return WRONG_SUM
    return FORBIDDEN if switches.reject else None


def _settled(batch: Batch, payment: Payment) -> State:
    return _state(payment, "settled", booked_on=batch.execution_date)


def _returned(batch: Batch, payment: Payment) -> State:
    return _state(payment, "returned", booked_on=batch.execution_date, reason=ACCOUNT_CLOSED)


def _rejected(payment: Payment) -> State:
    return _state(payment, "rejected", reason=ACCOUNT_CLOSED)


def _state(payment: Payment, state: str, **more: str) -> State:
    return {
        "payment_id": payment.payment_id,
        "amount_dong": payment.dong,
        "wallet": payment.wallet,
        "state": state,
        **more,
    }


def _body(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode()
