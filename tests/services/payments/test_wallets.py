"""E-wallets: batches go out by REST, states come back by REST; the operator's books are our ledger."""

import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.common.kernel.ids import show
from libs.common.runtime.sealing import FieldCipher
from libs.common.runtime.settings import required
from libs.common.runtime.signatures import HEADER, Signer, is_signed, new_signing_keys
from services.payments.settings import PaymentsSettings
from simulators.outcomes import Odds
from simulators.ready import serve
from simulators.switches import OFF, Switches
from simulators.wallet.operator import Answered, Operator
from tests.services.payments.test_funds import balances
from tests.services.payments.test_partners import registered
from tests.services.payments.test_suspense import propose, waiting
from tests.services.payments.world import MONTHS, Payments, close_payments, decision, open_payments, token
from tests.support.postgres import ServiceDatabase, TestCluster

WALLET = "971005"
LATER = "2024-02-07"
ODDS = Odds(seed=5, failing_per_10_000=2_000)
_HALF = 5_000
_PEOPLE = 12


class Wallet(Operator):
    """The operator, whose next answers can be spoilt. `taken`: keys of what was handed over."""

    def __init__(self, folder: Path, switches: Switches) -> None:
        super().__init__(WALLET, folder, ODDS, switches)
        self.spoilt: list[Answered] = []
        self.taken: list[str] = []
        self.batches: list[dict[str, Any]] = []

    def post(self, path: str, key: str, body: bytes) -> Answered:
        if path == "/v1/batches":
            self.taken.append(key)
            self.batches.append(orjson.loads(body))
        if self.spoilt:
            return self.spoilt.pop(0)
        return super().post(path, key, body)

    async def tells(self, payments: Payments) -> None:
        """What it tells by itself, every message twice over the wire."""
        told: list[tuple[str, bytes]] = []
        self.tell(lambda batch_id, content: told.append((batch_id, content)))
        for batch_id, content in told:
            for _ in range(2):
                answer = await say(payments, batch_id, orjson.loads(content))
                assert answer.status_code == 202, answer.text
        await payments.work()


async def say(payments: Payments, batch_id: str, told: Any, as_: str = f"bank:{WALLET}") -> Any:
    return await payments.post(f"/v1/wallet-batches/{batch_id}/states", told, as_)


@pytest.fixture
async def database(postgres_cluster: TestCluster) -> ServiceDatabase:
    return await postgres_cluster.fresh_database("payments")


@pytest.fixture
def switches() -> Switches:
    return OFF


@pytest.fixture
def wallet(tmp_path: Path, switches: Switches) -> Wallet:
    return Wallet(tmp_path, switches)


@pytest.fixture
def keys(database: ServiceDatabase, wallet: Wallet) -> Iterator[dict[str, str]]:
    server = serve("127.0.0.1", 0, {WALLET: wallet})
    url = f"http://127.0.0.1:{server.server_port}/wallets/{WALLET}"
    yield {**database.environment, "ANSINH_WALLETS": f"{WALLET}={url}", "ANSINH_WALLET_SECONDS": "0"}
    server.shutdown()


@pytest.fixture
async def payments(database: ServiceDatabase, keys: dict[str, str]) -> AsyncIterator[Payments]:
    """Twelve payments to wallets, on a list that is approved and not booked yet."""
    opened = await open_payments(database, **keys)
    for number in range(1, _PEOPLE + 1):
        await opened.decide(decision(number, amount_dong=540_000 + number, pays_from="2024-02"))
        await opened.account(number, channel="e_wallet", agency_code=WALLET)
    await opened.close(*MONTHS, "2024-03")
    yield opened
    await close_payments(opened)


@asynccontextmanager
async def days_later(database: ServiceDatabase, keys: dict[str, str]) -> AsyncIterator[Payments]:
    """The term of one day is over."""
    opened = await open_payments(database, **keys | {"ANSINH_BUSINESS_DATE": LATER})
    yield opened
    await close_payments(opened)


async def statuses(payments: Payments) -> set[str]:
    return {row["status"] for row in await payments.look.fetch("select status from instruction")}


async def agree(payments: Payments, wallet: Wallet, on: str = "2024-02-05") -> None:
    shown, books = await balances(payments, on), wallet.books.totals()
    assert shown.get("paid:monthly_allowance", 0) == books["settled_dong"]
    assert shown["fund:budget-01"] == -books["settled_dong"]
    assert not any(amount for name, amount in shown.items() if name.startswith(("in_transit", "suspense")))
    assert await payments.violations() == {}


async def test_a_month_is_paid_into_wallets(payments: Payments, wallet: Wallet) -> None:
    run = await payments.instructed("2024-02")
    [batch] = wallet.batches
    assert wallet.taken == [batch["batch_id"]]
    assert (batch["count"], batch["amount_dong"]) == (_PEOPLE, run["instructed_dong"])
    assert {one["wallet"] for one in batch["payments"]} == {f"19{n:010d}" for n in range(1, _PEOPLE + 1)}
    # What it rejected at once is back, all else waits for it.
    assert await statuses(payments) == {"pending", "returned"}
    await wallet.tells(payments)
    assert await statuses(payments) == {"settled", "returned"}
    assert (await payments.run(run["run_id"]))["status"] == "reconciled"
    assert 0 < wallet.books.totals()["settled"] < _PEOPLE
    totals = (await payments.get("/v1/totals", run_id=run["run_id"], by="channel")).json()["items"]
    assert [one["key"] for one in totals] == ["e_wallet"]
    await agree(payments, wallet)


@pytest.mark.parametrize(
    "switches",
    [
        Switches(duplicate=True),
        Switches(wrong_file=True),
        Switches(late_return_per_10_000=_HALF),
        Switches(lost_answer=True),
        Switches(reject=True),
        Switches(lost_answer=True, duplicate=True, wrong_file=True, late_return_per_10_000=_HALF),
    ],
    ids=["duplicate", "wrong batch", "late return", "lost answer", "rejected", "all"],
)
async def test_the_operator_s_books_are_our_ledger(
    payments: Payments, wallet: Wallet, switches: Switches
) -> None:
    await payments.instructed("2024-02")
    await wallet.tells(payments)
    assert await statuses(payments) <= {"settled", "returned"}
    # However the answer was lost: the batch was asked about, and handed over once.
    assert len(wallet.taken) == 1
    assert await waiting(payments) == []
    await agree(payments, wallet)


@pytest.mark.parametrize("switches", [Switches(silent_per_10_000=_HALF, late_return_per_10_000=_HALF)])
async def test_silence_after_it_was_accepted_is_unknown_and_asked_about_by_our_references(
    payments: Payments, wallet: Wallet, database: ServiceDatabase, keys: dict[str, str]
) -> None:
    await payments.instructed("2024-02")
    await wallet.tells(payments)
    assert "pending" in await statuses(payments)
    async with days_later(database, keys) as later:
        await later.work("silence finder")
        assert "unknown" in await statuses(later)
        await later.work()
        assert await statuses(later) == {"settled", "returned"}
        assert len(wallet.taken) == 1
        await agree(later, wallet, LATER)


async def test_whoever_does_not_answer_is_asked_before_anything_is_sent_again(
    payments: Payments, wallet: Wallet
) -> None:
    wallet.spoilt = [(503, b""), None, (200, b"no json"), (401, b"{}"), (422, b"{}"), (302, b"")]
    await payments.instructed("2024-02")
    await wallet.tells(payments)
    assert wallet.spoilt == []
    # The first was lost before the operator had it, so it is handed over again; all else are questions.
    assert len(wallet.taken) == 2 and len(set(wallet.taken)) == 1
    await agree(payments, wallet)


def denied(batch_id: str, taken: bool = False) -> bytes:
    return orjson.dumps({"batch_id": batch_id, "taken": taken})


async def test_only_the_operator_says_that_it_never_took_a_batch(
    payments: Payments, wallet: Wallet, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = Signer(new_signing_keys())
    await registered(payments, agency_code=WALLET, channels=["e_wallet"], keys=theirs.public()["keys"])
    run = await payments.built("2024-02")
    assert (await payments.approve(run)).status_code == 200
    await payments.work("run booker", "file writer")
    [caller] = [worker for worker in payments.parts.workers if worker.name == "wallet caller"]
    batch_id = show("fil", await payments.look.fetchval("select file_id from payment_file"))
    # Its answer is lost and its proxy is asked: of a page, of another batch, unsigned, or taken after all.
    wallet.spoilt = [(404, b""), (404, b"<html>"), (404, denied("fil_1")), (404, denied(batch_id))]
    assert await caller.step()
    for _ in range(3):
        assert await caller.step()
    told = capsys.readouterr()
    assert "no door for inquiries" in told.out + told.err and "signature_invalid" in told.out + told.err
    wallet.signer = theirs
    wallet.spoilt = [(404, denied(batch_id, taken=True)), (404, denied("fil_1")), (404, b"{}")]
    for _ in range(3):
        assert await caller.step()
    assert wallet.taken == [batch_id] and wallet.spoilt == []
    wallet.spoilt = [(404, denied(batch_id))]
    await payments.work()
    assert wallet.taken == [batch_id] * 2
    assert await statuses(payments) == {"pending", "returned"}


async def test_what_an_operator_tells_of_a_batch_says_that_it_took_it(
    payments: Payments, wallet: Wallet
) -> None:
    # It took the batch and told of it; of its answer we saw nothing, and it says then that it never did.
    run = await payments.built("2024-02")
    assert (await payments.approve(run)).status_code == 200
    await payments.work("run booker", "file writer")
    [caller] = [worker for worker in payments.parts.workers if worker.name == "wallet caller"]
    batch_id = show("fil", await payments.look.fetchval("select file_id from payment_file"))
    wallet.spoilt = [(503, b"")]
    assert await caller.step()
    [batch] = wallet.batches
    one = {name: batch["payments"][0][name] for name in ("payment_id", "amount_dong", "wallet")}
    told = {"batch_id": batch_id, "states": [one | {"state": "settled", "booked_on": "2024-02-05"}]}
    assert (await say(payments, batch_id, told)).status_code == 202
    wallet.spoilt = [(404, denied(batch_id))] * 3
    for _ in range(3):
        assert await caller.step()
    assert wallet.taken == [batch_id]


async def test_a_stopped_operator_is_handed_nothing_until_two_let_it_in(
    payments: Payments, wallet: Wallet
) -> None:
    await registered(payments, agency_code=WALLET, channels=["e_wallet"])
    stopped = await payments.post(f"/v1/partners/{WALLET}/suspension", {}, "checker#c")
    assert stopped.json()["status"] == "suspended"
    await payments.instructed("2024-02")
    assert wallet.taken == []
    await registered(payments, agency_code=WALLET, channels=["e_wallet"])
    await payments.work()
    assert len(wallet.taken) == 1


async def test_an_operator_that_has_lost_what_it_accepted_is_not_sent_it_again(
    payments: Payments, wallet: Wallet, database: ServiceDatabase, keys: dict[str, str], tmp_path: Path
) -> None:
    await payments.instructed("2024-02")
    for kept in (tmp_path / "wallets" / WALLET).iterdir():
        kept.unlink()
    async with days_later(database, {**keys, "ANSINH_WALLET_SECONDS": "3600"}) as later:
        await later.work()
        assert "unknown" in await statuses(later)
        assert len(wallet.taken) == 1
        assert await later.violations() == {}


async def test_a_success_told_after_the_money_was_sent_anew_is_caught(
    payments: Payments, wallet: Wallet
) -> None:
    await payments.instructed("2024-02")
    await wallet.tells(payments)
    batch_id = wallet.taken[0]
    closed = next(one for one in wallet.batches[0]["payments"] if ODDS.at_bank(one["wallet"]))
    again = await payments.built("2024-02", "2024-03")
    assert again["instructed_dong"] > _PEOPLE * 540_000
    told = {name: closed[name] for name in ("payment_id", "amount_dong", "wallet")}
    states = [{**told, "state": "settled", "booked_on": "2024-02-05"}]
    assert (await say(payments, batch_id, {"batch_id": batch_id, "states": states})).status_code == 202
    await payments.work()
    [line] = await waiting(payments)
    assert line["reason"] == "state_differs"
    # Its months were paid anew, so nobody may settle it a second time.
    refused = await propose(payments, line, resolution="attributed", instruction_id=told["payment_id"])
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "reissued")
    assert await payments.violations() == {}


async def test_batches_and_what_is_said_of_them_are_signed(
    payments: Payments, wallet: Wallet, database: ServiceDatabase, keys: dict[str, str]
) -> None:
    ours, theirs = new_signing_keys(), Signer(new_signing_keys())
    await registered(payments, agency_code=WALLET, channels=["e_wallet"], keys=theirs.public()["keys"])
    heard: list[bool] = []

    def trusts(content: bytes, signature: str | None) -> bool:
        heard.append(is_signed(content, signature, Signer(ours).public()["keys"]))
        return heard[-1]

    wallet.trusts = trusts
    signed = await open_payments(database, **keys, ANSINH_SIGNING_KEYS=ours)
    run = await payments.built("2024-02")
    assert (await payments.approve(run)).status_code == 200
    await payments.work("run booker", "file writer")
    [caller] = [worker for worker in payments.parts.workers if worker.name == "wallet caller"]
    assert await caller.step()
    assert heard == [False] and wallet.taken == [], "what we did not sign is not taken"
    # Its answers are not signed: what they say is not believed, however often it is asked.
    [caller] = [worker for worker in signed.parts.workers if worker.name == "wallet caller"]
    for _ in range(3):
        assert await caller.step()
    assert await statuses(signed) == {"pending"}
    wallet.signer = theirs
    await signed.work()
    assert await statuses(signed) == {"pending", "returned"}
    told: list[tuple[str, bytes]] = []
    wallet.tell(lambda batch_id, content: told.append((batch_id, content)))
    [(batch_id, content)] = told
    path = f"/v1/wallet-batches/{batch_id}/states"
    headers = token(f"bank:{WALLET}") | {"Content-Type": "application/json"}
    answer = await signed.client.post(path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "signature_invalid")
    headers[HEADER] = theirs.sign(content) or ""
    assert (await signed.client.post(path, content=content, headers=headers)).status_code == 202
    await signed.work()
    await agree(signed, wallet)
    # What it answered and what it told by itself can be proven afterwards.
    cipher = FieldCipher(required(signed.parts.settings.field_key, "field_key"))
    kept = await signed.look.fetch("select content, signature from partner_report")
    assert len(kept) == 2
    for report in kept:
        as_it_came = gzip.decompress(cipher.decrypt(report["content"]))
        assert is_signed(as_it_came, report["signature"], theirs.public()["keys"])
    await close_payments(signed)


async def test_a_batch_s_states_are_its_operator_s_alone(payments: Payments, wallet: Wallet) -> None:
    await payments.instructed("2024-02")
    [batch] = wallet.batches
    one = batch["payments"][0]
    told = {k: one[k] for k in ("payment_id", "amount_dong", "wallet")} | {"state": "settled"}
    states = {"batch_id": batch["batch_id"], "states": [told]}
    assert (await say(payments, batch["batch_id"], states, "bank:970405")).status_code == 404
    assert (await say(payments, batch["batch_id"], states, "maker#m")).status_code == 403
    odd_days: list[str | int] = ["2024-02-05T00:00:00", "1707091200", 1707091200, "2024-13-01"]
    spoilt: list[dict[str, Any]] = [{"state": "perhaps"}, *({"booked_on": day} for day in odd_days)]
    for changed in spoilt:
        wrong = {"batch_id": batch["batch_id"], "states": [told | changed]}
        answer = await say(payments, batch["batch_id"], wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), changed
        assert one["wallet"] not in answer.text


def test_a_wallet_of_a_real_office_is_called_by_https_only(database: ServiceDatabase) -> None:
    environment = {**database.environment, "ANSINH_WALLETS": "971005=http://wallet.example"}
    environment.pop("ANSINH_LOCAL", None)
    with pytest.raises(ValueError, match="https"):
        PaymentsSettings.from_environment("payments", environment)
