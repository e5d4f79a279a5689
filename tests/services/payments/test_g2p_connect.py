"""A wallet operator that speaks G2P Connect is paid, asked and believed as any other."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import show
from services.payments.clients.wallets.answers import read_wallet_answer
from services.payments.domain.partner_lines import LineStatus, ReportKind
from services.payments.settings import PaymentsSettings
from simulators.ready import serve
from simulators.switches import Switches
from simulators.wallet.g2p_connect import G2pOperator
from simulators.wallet.operator import Answered
from tests.services.payments import test_wallets
from tests.services.payments.test_funds import balances
from tests.services.payments.test_suspense import waiting
from tests.services.payments.test_wallets import LATER, ODDS, WALLET, days_later, statuses
from tests.services.payments.world import Payments
from tests.support.postgres import ServiceDatabase

database, switches, payments = test_wallets.database, test_wallets.switches, test_wallets.payments

_HALF, _PEOPLE = 5_000, 12
_ADDRESS = re.compile(r"account:[a-zA-Z0-9.-]+@[a-zA-Z0-9.-]+")
_CALLBACK = "/v1/g2p-connect/on-disburse"
_DISBURSE, _STATUS = "/disburse/sync/disburse", "/disburse/sync/txn/status"


class Wallet(G2pOperator):
    """The operator, whose next answers can be spoilt. `asked`: paths and messages, as they came."""

    def __init__(self, folder: Path, switches: Switches) -> None:
        super().__init__(WALLET, folder, ODDS, switches)
        self.spoilt: list[Answered] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def post(self, path: str, key: str, body: bytes) -> Answered:
        if path in (_DISBURSE, _STATUS):
            self.asked.append((path, orjson.loads(body)))
        return self.spoilt.pop(0) if self.spoilt else super().post(path, key, body)

    def batches(self) -> list[dict[str, Any]]:
        return [message for path, message in self.asked if path == _DISBURSE]

    async def tells(self, payments: Payments) -> None:
        """Every callback, twice."""
        told: list[tuple[str, bytes]] = []
        self.tell(lambda batch_id, content: told.append((batch_id, content)))
        for batch_id, content in told:
            of_it = orjson.loads(content)["message"]["transaction_id"] == batch_id
            for _ in range(2):
                answer = await call_back(payments, orjson.loads(content))
                assert answer.status_code == (202 if of_it else 404), answer.text
        await payments.work()


async def call_back(payments: Payments, told: Any, as_: str = f"bank:{WALLET}") -> Any:
    return await payments.post(_CALLBACK, told, as_)


@pytest.fixture
def wallet(tmp_path: Path, switches: Switches) -> Wallet:
    return Wallet(tmp_path, switches)


@pytest.fixture
def keys(database: ServiceDatabase, wallet: Wallet) -> Iterator[dict[str, str]]:
    server = serve("127.0.0.1", 0, {WALLET: wallet})
    url = f"g2p-connect+http://127.0.0.1:{server.server_port}/wallets/{WALLET}"
    yield {**database.environment, "ANSINH_WALLETS": f"{WALLET}={url}", "ANSINH_WALLET_SECONDS": "0"}
    server.shutdown()


async def agree(payments: Payments, wallet: Wallet, on: str = "2024-02-05") -> None:
    shown, books = await balances(payments, on), wallet.books.totals()
    assert shown.get("paid:monthly_allowance", 0) == books["settled_dong"]
    assert not any(amount for name, amount in shown.items() if name.startswith(("in_transit", "suspense")))
    assert await payments.violations() == {}


async def test_a_batch_goes_out_as_the_specification_says(payments: Payments, wallet: Wallet) -> None:
    run = await payments.instructed("2024-02")
    [request] = wallet.batches()
    header, message = request["header"], request["message"]
    assert header | {"message_ts": ""} == {
        "version": "1.0.0",
        "message_id": message["transaction_id"],
        "message_ts": "",
        "action": "disburse",
        "sender_id": "ansinh",
        "receiver_id": WALLET,
        "total_count": _PEOPLE,
        "is_msg_encrypted": False,
    }
    assert datetime.fromisoformat(header["message_ts"]).tzinfo
    paid = 0
    for one in message["disbursements"]:
        assert re.fullmatch(r"\d{1,13}\.\d{1,2}", one["amount"])
        assert _ADDRESS.fullmatch(one["payer_fa"]) and _ADDRESS.fullmatch(one["payee_fa"])
        assert (one["currency_code"], one["locale"]) == ("VND", "vie") and len(one["note"]) <= 99
        assert one["scheduled_timestamp"] == "2024-02-05T00:00:00+07:00"
        paid += int(one["amount"].removesuffix(".00"))
    assert paid == run["instructed_dong"]
    assert {one["payee_fa"] for one in message["disbursements"]} == {
        f"account:19{number:010d}@{WALLET}" for number in range(1, _PEOPLE + 1)
    }
    assert len({one["reference_id"] for one in message["disbursements"]}) == _PEOPLE


@pytest.mark.parametrize(
    "switches",
    [
        Switches(),
        Switches(duplicate=True),
        Switches(wrong_file=True),
        Switches(late_return_per_10_000=_HALF),
        Switches(lost_answer=True),
        Switches(reject=True),
        Switches(lost_answer=True, duplicate=True, wrong_file=True, late_return_per_10_000=_HALF),
    ],
    ids=["well", "duplicate", "wrong batch", "late return", "lost answer", "rejected", "all"],
)
async def test_the_operator_s_books_are_our_ledger(
    payments: Payments, wallet: Wallet, switches: Switches
) -> None:
    run = await payments.instructed("2024-02")
    assert await statuses(payments) == ({"returned"} if switches.reject else {"pending", "returned"})
    await wallet.tells(payments)
    assert await statuses(payments) == ({"returned"} if switches.reject else {"settled", "returned"})
    assert (await payments.run(run["run_id"]))["status"] == "reconciled"
    assert len(wallet.batches()) == 1
    assert await waiting(payments) == []
    await agree(payments, wallet)


@pytest.mark.parametrize("switches", [Switches(silent_per_10_000=_HALF, late_return_per_10_000=_HALF)])
async def test_silence_is_asked_about_by_our_references(
    payments: Payments, wallet: Wallet, database: ServiceDatabase, keys: dict[str, str]
) -> None:
    await payments.instructed("2024-02")
    await wallet.tells(payments)
    silent = await payments.look.fetch("select instruction_id from instruction where status = 'pending'")
    async with days_later(database, keys) as later:
        await later.work("silence finder")
        await later.work()
        assert await statuses(later) == {"settled", "returned"}
        [(_, inquiry)] = [asked for asked in wallet.asked if asked[0] == _STATUS]
        asked = inquiry["message"]["txnstatus_request"]
        assert (asked["txn_type"], asked["attribute_type"]) == ("disburse", "reference_id_list")
        assert sorted(asked["attribute_value"]) == sorted(show("pay", row[0]) for row in silent)
        await agree(later, wallet, LATER)


async def test_whoever_does_not_answer_is_asked_before_anything_is_sent_again(
    payments: Payments, wallet: Wallet
) -> None:
    run = await payments.built("2024-02")
    assert (await payments.approve(run)).status_code == 200
    await payments.work("run booker", "file writer")
    [caller] = [worker for worker in payments.parts.workers if worker.name == "wallet caller"]
    batch_id = show("fil", await payments.look.fetchval("select file_id from payment_file"))
    [payment] = await payments.look.fetch("select instruction_id from instruction limit 1")
    reference = show("pay", payment["instruction_id"])
    never = rejected("rjct.srch_transaction_id.not_found")
    # Lost before it had the batch; then all that says nothing of the batch, though it is about this one.
    wallet.spoilt = [
        (503, b""),
        None,
        (404, b"{}"),
        (200, b"no json"),
        *((200, answer([], batch_id, rejected(code))) for code in SAYING_NOTHING),
        (200, answer([], "fil_1", never)),
        (200, answer([state(reference_id=reference)], batch_id, never)),
    ]
    asked = len(wallet.spoilt) - 1
    for _ in range(asked + 1):
        assert await caller.step()
    assert wallet.spoilt == [] and await statuses(payments) == {"pending"}
    assert [path for path, _ in wallet.asked] == [_DISBURSE, *[_STATUS] * asked]
    # It says itself that it never took it: only then it is handed over again, as the same batch.
    await payments.work()
    assert len(wallet.batches()) == 2 and wallet.batches()[0] == wallet.batches()[1]
    await wallet.tells(payments)
    await agree(payments, wallet)


async def test_what_says_nothing_of_money_moves_none(payments: Payments, wallet: Wallet) -> None:
    """Of payments that it has accepted: it knows them already, or not, or refuses for a reason of its own."""
    await payments.instructed("2024-02")
    waiting_for = await payments.look.fetch("select instruction_id from instruction where status = 'pending'")
    batch_id = wallet.batches()[0]["message"]["transaction_id"]
    codes = ["rjct.reference_id.duplicate", "rjct.message_id.duplicate", "rjct.reference_id.invalid"]
    told = [
        state(reference_id=show("pay", row["instruction_id"]), status="rjct", status_reason_code=code)
        for row, code in zip(waiting_for, codes, strict=False)
    ]
    assert len(told) == len(codes)
    callback = orjson.loads(answer(told, batch_id))
    callback["header"] |= {"message_id": "1", "message_ts": told[0]["timestamp"], "action": "on-disburse"}
    assert (await call_back(payments, callback)).status_code == 202
    await payments.work()
    still = await payments.look.fetch("select instruction_id from instruction where status = 'pending'")
    assert len(still) == len(waiting_for) and await waiting(payments) == []
    await wallet.tells(payments)
    await agree(payments, wallet)


#: Codes of a header: about the message that it answers, never about the batch.
SAYING_NOTHING = (
    None,
    "rjct.version.invalid",
    "rjct.action.invalid",
    "rjct.total_count.limit_exceeded",
    "rjct.message_id.duplicate",
    "rjct.reference_id.duplicate",
)


def rejected(code: str | None) -> dict[str, Any]:
    return {"status": "rjct", "status_reason_code": code}


def answer(states: list[dict[str, Any]], of: str = "fil_1", header: Any = None) -> bytes:
    told = {"transaction_id": of, "disbursements_status": states}
    return orjson.dumps({"header": {"status": "succ"} | (header or {}), "message": told})


def state(**changed: Any) -> dict[str, Any]:
    paid = {"reference_id": "pay_1", "timestamp": "2024-02-05T23:30:00Z", "status": "succ"}
    return paid | {"amount": "540000.00", "payee_fa": f"account:0123@{WALLET}"} | changed


def test_what_it_says_of_a_payment_is_read() -> None:
    told = read_wallet_answer(
        answer(
            [
                state(),
                state(status="rjct", status_reason_code="rjct.payee_fa.invalid"),
                # A refusal for no reason, or one that nobody knows, is looked at by people.
                state(status="rjct", amount=None, payee_fa=None),
                state(status="rjct", status_reason_code="rjct.something.new"),
                state(status="perhaps"),
                # Somebody else's account is no account of this operator.
                state(payee_fa="account:0123@970405"),
                state(payee_fa=f"mobile:0123@{WALLET}"),
                state(status="rcvd"),
                state(status="pdng"),
                state(status="rjct", status_reason_code="rjct.reference_id.duplicate"),
                state(status="rjct", status_reason_code="RJCT.message_id.DUPLICATE"),
                state(status="rjct", status_reason_code="rjct.reference_id.invalid"),
                state(status="rjct", status_reason_code="rjct_srch_reference_id.not_found"),
            ],
            header={"sender_id": WALLET},
        )
    )
    assert (told.kind, told.original_message_id) == (ReportKind.G2P_CONNECT, "fil_1")
    assert told.file_rejected_reason is None
    read = [(one.status, one.reason_code, one.amount_dong, one.payee_account) for one in told.lines]
    assert read == [
        (LineStatus.SETTLED, None, 540_000, "0123"),
        (LineStatus.RETURNED, "AC01", 540_000, "0123"),
        (None, None, None, None),
        (None, None, 540_000, "0123"),
        (None, None, 540_000, "0123"),
        (LineStatus.SETTLED, None, 540_000, "account:0123@970405"),
        (LineStatus.SETTLED, None, 540_000, f"mobile:0123@{WALLET}"),
    ]
    # The day of Vietnam, whatever zone the moment is told in.
    assert {one.booked_on for one in told.lines} == {date(2024, 2, 6)}


def inquired(of: str, states: list[dict[str, Any]], beside: list[dict[str, Any]]) -> bytes:
    status = {"txn_status": {"transaction_id": of, "disbursements_status": states}}
    told = {"transaction_id": "fil_1", "disbursements_status": beside, "txnstatus_response": status}
    return orjson.dumps({"header": {"status": "succ"}, "message": told})


@pytest.mark.parametrize(
    "content",
    [
        answer([state(amount="540000.50")]),
        answer([state(amount="540000")]),
        answer([state(amount="５40000.00")]),
        answer([state(currency_code="USD")]),
        answer([state(timestamp="2024-02-05T08:00:00")]),
        answer([state(timestamp="9999-12-31T23:30:00Z")]),
        answer([state(timestamp=1_707_091_200)]),
        answer([state()], header={"is_msg_encrypted": True}),
        *(answer([state()], header=rejected(code)) for code in SAYING_NOTHING),
        inquired("fil_2", [state()], []),
        inquired("fil_1", [state()], [state()]),
        b'{"header": {"status": "succ"}}',
        b'{"header": 1, "message": {}}',
        b'{"header": {"status": "\xff"}, "message": {"transaction_id": "fil_1"}}',
        b'{"header": ' + b"[" * 100_000,
        b'{"batch_id": "\xff", "states": []}',
        b'{"batch_id": ' + b"[" * 100_000,
        b'{"header"',
    ],
)
def test_what_can_t_be_believed_is_refused_whole(content: bytes) -> None:
    with pytest.raises(Refusal, match="report_unreadable"):
        read_wallet_answer(content)


async def test_a_callback_is_its_operator_s_alone_and_as_specified(
    payments: Payments, wallet: Wallet
) -> None:
    await payments.instructed("2024-02")
    [request] = wallet.batches()
    batch_id = request["message"]["transaction_id"]
    one = request["message"]["disbursements"][0]
    told: dict[str, Any] = {
        "signature": "",
        "header": {
            "message_id": "1",
            "message_ts": "2024-02-05T08:00:00+07:00",
            "action": "on-disburse",
            "status": "succ",
        },
        "message": {
            "transaction_id": batch_id,
            "disbursements_status": [
                {"reference_id": one["reference_id"], "timestamp": "2024-02-05T08:00:00+07:00"}
                | {"status": "succ", "amount": one["amount"], "payee_fa": one["payee_fa"]}
            ],
        },
    }
    assert (await call_back(payments, told, "bank:970405")).status_code == 404
    assert (await call_back(payments, told, "maker#m")).status_code == 403
    wrong_headers: list[dict[str, Any]] = [
        {"action": "disburse"},
        {"message_ts": 1_707_091_200},
        {"message_ts": "2024-02-05T08:00:00"},
        {"is_msg_encrypted": True},
        {"message_ts": "1707091200"},
        {"message_ts": "2024-02-05T08:00+07:00"},
        {"status": "perhaps"},
        {"status": "rjct"},
    ]
    for changed in wrong_headers:
        refused = await call_back(payments, told | {"header": told["header"] | changed})
        assert (refused.status_code, refused.json()["code"]) == (422, "request_invalid"), changed
    smuggled = {"txnstatus_response": {"txn_status": told["message"]}}
    assert (await call_back(payments, told | {"message": told["message"] | smuggled})).status_code == 422
    accepted = await call_back(payments, told)
    assert accepted.status_code == 202
    acknowledged = accepted.json()["message"]
    assert acknowledged["ack_status"] == "ACK"
    await payments.work()
    report = await payments.report(acknowledged["correlation_id"], WALLET)
    assert (report["kind"], report["status"]) == ("g2p-connect", "taken")


def test_an_operator_of_a_real_office_is_called_by_https_only(database: ServiceDatabase) -> None:
    environment = {**database.environment, "ANSINH_WALLETS": "971011=g2p-connect+http://wallet.example"}
    environment.pop("ANSINH_LOCAL", None)
    with pytest.raises(ValueError, match="https"):
        PaymentsSettings.from_environment("payments", environment)
