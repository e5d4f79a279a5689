"""A wallet operator that speaks G2P Connect: the same desk and the same books behind other messages."""

import json
from datetime import datetime
from typing import Any

from simulators.door import Door
from simulators.wallet.operator import Answered, Operator, Say

_DISBURSE, _STATUS = "/disburse/sync/disburse", "/disburse/sync/txn/status"
_STATES = {"accepted": "pdng", "settled": "succ", "rejected": "rjct", "returned": "rjct"}
_MIDNIGHT = "T00:00:00+07:00"


class G2pOperator(Operator):
    """`post` translates what it is asked and what it answers; `tell` speaks as `on-disburse`."""

    def post(self, path: str, key: str, body: bytes) -> Answered:
        request = json.loads(body)
        transaction = str(request["message"]["transaction_id"])
        if path == _DISBURSE:
            batch = json.dumps(_batch(request)).encode()
            return self._translated(super().post("/v1/batches", transaction, batch), "on-disburse")
        if path == _STATUS:
            return self._status(transaction, request["message"]["txnstatus_request"])
        return 404, b"{}"

    def tell(self, say: Say) -> int:
        return super().tell(lambda batch_id, told: say(batch_id, self._body(told, "on-disburse")))

    def say(self, door: Door, batch_id: str, content: bytes) -> None:
        door.states("/v1/g2p-connect/on-disburse", content)

    def _status(self, transaction: str, asked: dict[str, Any]) -> Answered:
        wanted = asked["attribute_value"]
        body = json.dumps({"payment_ids": wanted if isinstance(wanted, list) else []}).encode()
        answered = super().post(f"/v1/batches/{transaction}/inquiry", "", body)
        if answered is not None and answered[0] == 404:
            header = _header(self.agency_code, "on-status", "rjct.srch_transaction_id.not_found")
            message = {"transaction_id": transaction}
            return 200, json.dumps({"header": header, "message": message}).encode()
        return self._translated(answered, "on-status")

    def _translated(self, answered: Answered, action: str) -> Answered:
        if answered is None or answered[0] >= 300:
            return answered
        return answered[0], self._body(answered[1], action)

    def _body(self, content: bytes, action: str) -> bytes:
        """States of a batch as a DisburseResponse, inside a TxnStatusResponse where it was asked for."""
        told = json.loads(content)
        batch_id = told["batch_id"]
        states = self._refused(batch_id) if "rejected" in told else told["states"]
        disbursed: dict[str, Any] = {
            "transaction_id": batch_id,
            "disbursements_status": [self._state(one, batch_id) for one in states],
        }
        message = disbursed
        if action == "on-status":
            inquired = {"txn_type": "on-disburse", "txn_status": disbursed}
            message = {
                "transaction_id": batch_id,
                "correlation_id": batch_id,
                "txnstatus_response": inquired,
            }
        return json.dumps({"header": _header(self.agency_code, action), "message": message}).encode()

    def _refused(self, batch_id: str) -> list[dict[str, Any]]:
        """A batch is refused payment by payment: a header tells of its own message only."""
        taken = self.batch(batch_id)
        assert taken, "what is refused was read"
        return [
            {"payment_id": one.payment_id, "amount_dong": one.dong, "wallet": one.wallet, "state": "rejected"}
            for one in taken.payments
        ]

    def _state(self, state: dict[str, Any], batch_id: str) -> dict[str, Any]:
        status = _STATES[state["state"]]
        return {
            "reference_id": state["payment_id"],
            "timestamp": (state.get("booked_on") or self._execution_date(batch_id)) + _MIDNIGHT,
            "status": status,
            **({"status_reason_code": "rjct.payee_fa.invalid"} if status == "rjct" else {}),
            "amount": f"{state['amount_dong']}.00",
            "payee_fa": f"account:{state['wallet']}@{self.agency_code}",
            "currency_code": "VND",
        }

    def _execution_date(self, batch_id: str) -> str:
        taken = self.batch(batch_id)
        return taken.execution_date if taken else _now()[:10]


def _batch(request: dict[str, Any]) -> dict[str, Any]:
    message = request["message"]
    payments = [
        {
            "payment_id": one["reference_id"],
            "amount_dong": int(one["amount"].removesuffix(".00")),
            "wallet": one["payee_fa"].removeprefix("account:").partition("@")[0],
        }
        for one in message["disbursements"]
    ]
    return {
        "batch_id": message["transaction_id"],
        "execution_date": message["disbursements"][0]["scheduled_timestamp"][:10],
        "count": request["header"]["total_count"],
        "amount_dong": sum(one["amount_dong"] for one in payments),
        "payments": payments,
    }


def _header(sender: str, action: str, code: str | None = None) -> dict[str, Any]:
    return {
        "version": "1.0.0",
        "message_id": f"{action}-{_now()}",
        "message_ts": _now(),
        "action": action,
        **({"status": "rjct", "status_reason_code": code} if code else {"status": "succ"}),
        "sender_id": sender,
        "receiver_id": "ansinh",
    }


def _now() -> str:
    return datetime.now().astimezone().isoformat()
