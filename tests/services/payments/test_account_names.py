"""Whose an account is: asked of its bank before its first payment, once; no payment is lost by it."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from libs.common.runtime.signatures import Signer, new_signing_keys
from services.payments.usecases import account_names
from simulators.bank.names import NameDesk
from simulators.outcomes import Odds
from simulators.ready import serve
from simulators.wallet.operator import Answered
from tests.services.payments.test_care_money import care
from tests.services.payments.test_partners import registered
from tests.services.payments.test_run_checks import accept, checks
from tests.services.payments.world import (
    BANK,
    BUSINESS_DATE,
    MONTHS,
    Payments,
    close_payments,
    decision,
    open_payments,
)
from tests.support.postgres import TestCluster

ODDS = Odds(seed=5, failing_per_10_000=3_000)
_PEOPLE = 8


class Desk(NameDesk):
    """A bank's whose next answers can be spoilt; `asked`: what it was asked, question by question."""

    def __init__(self) -> None:
        super().__init__(ODDS)
        self.spoilt: list[Answered]
        self.asked: list[list[dict[str, Any]]]
        object.__setattr__(self, "spoilt", [])
        object.__setattr__(self, "asked", [])

    def post(self, path: str, key: str, body: bytes) -> Answered:
        self.asked.append(orjson.loads(body)["items"])
        return self.spoilt.pop(0) if self.spoilt else super().post(path, key, body)


@pytest.fixture
def bank() -> Desk:
    return Desk()


@pytest.fixture
def address(bank: Desk) -> Iterator[str]:
    server = serve("127.0.0.1", 0, banks={BANK: bank})
    yield f"{BANK}=http://127.0.0.1:{server.server_port}/banks/{BANK}"
    server.shutdown()


@pytest.fixture
async def payments(postgres_cluster: TestCluster, address: str) -> AsyncIterator[Payments]:
    """Eight people who are paid at the bank, one at the post office."""
    database = await postgres_cluster.fresh_database("payments")
    names = {"ANSINH_NAME_CHECKS": address, "ANSINH_NAME_CHECK_SECONDS": "0"}
    opened = await open_payments(database, **names)
    await opened.decide(*(decision(number) for number in range(1, _PEOPLE + 2)))
    for number in range(1, _PEOPLE + 1):
        await opened.account(number)
    await opened.cash(_PEOPLE + 1)
    await opened.close(*MONTHS)
    yield opened
    await close_payments(opened)


async def built(payments: Payments, *months: str) -> dict[str, Any]:
    run = await payments.built(*months)
    assert run["checked"] is False, "nobody looks at it before the bank has answered"
    await payments.work("name asker", "run checker")
    return await payments.run(run["run_id"])


async def outcomes(payments: Payments) -> dict[str, int]:
    rows = await payments.look.fetch("select outcome, count(*) from account_name group by 1")
    return {row["outcome"]: row["count"] for row in rows}


async def test_what_does_not_match_holds_the_run_until_somebody_accepts_it(
    payments: Payments, bank: Desk
) -> None:
    run = await built(payments, "2024-01")
    [question] = bank.asked
    assert {one["account_number"] for one in question} == {f"19{n:010d}" for n in range(1, _PEOPLE + 1)}
    wrong = sum(ODDS.at_bank(one["account_number"]) is not None for one in question)
    assert 0 < wrong < _PEOPLE
    found = await outcomes(payments)
    assert found["match"] == _PEOPLE - wrong
    assert found.get("no_match", 0) + found.get("unknown_account", 0) == wrong
    assert (await checks(payments, run))["account_name"]["findings"] == wrong
    # No payment is lost: all nine stand in the list.
    assert run["instructions"] == _PEOPLE + 1
    held = await payments.approve(run)
    assert (held.status_code, held.json()["code"]) == (409, "run_held")
    assert (await accept(payments, run, "account_name", "checker#x")).status_code == 200
    assert (await payments.approve(run)).status_code == 200
    assert await payments.violations() == {}


async def test_an_account_is_asked_about_once_and_again_when_changed(payments: Payments, bank: Desk) -> None:
    await built(payments, "2024-01")
    await payments.account(1, version=2, secret={"account_number": "190000009999"})
    again = await payments.built("2024-02")
    await payments.work("name asker", "run checker")
    assert (await payments.run(again["run_id"]))["checked"]
    assert [len(question) for question in bank.asked] == [_PEOPLE, 1]
    assert bank.asked[1][0]["account_number"] == "190000009999"


async def test_an_account_into_which_money_came_holds_nothing_any_more(payments: Payments) -> None:
    run = await built(payments, "2024-01")
    await accept(payments, run, "account_name", "checker#x")
    assert (await payments.approve(run)).status_code == 200
    await payments.work()
    await payments.answered()
    again = await built(payments, "2024-02")
    assert again["checked"] and "account_name" not in await checks(payments, again)


async def test_money_that_came_before_the_bank_answered_says_nothing(payments: Payments) -> None:
    run = await built(payments, "2024-01")
    found = (await checks(payments, run))["account_name"]["findings"]
    await accept(payments, run, "account_name", "checker#x")
    assert (await payments.approve(run)).status_code == 200
    await payments.work()
    await payments.answered()
    answered = await payments.look.fetchval("select min(answered_on) from account_name")
    settled = await payments.look.fetchval("select max(settled_on) from instruction")
    assert answered == date.fromisoformat(BUSINESS_DATE)
    await payments.look.execute("update account_name set answered_on = $1", settled + timedelta(days=1))
    again = await built(payments, "2024-02")
    assert (await checks(payments, again))["account_name"]["findings"] == found


async def test_a_carer_s_account_into_which_money_came_holds_nothing_any_more(payments: Payments) -> None:
    carer = next(n for n in range(_PEOPLE + 2, 99) if ODDS.at_bank(f"19{n:010d}"))
    await payments.account(carer)
    await payments.decide(care(1, carer))
    first = await built(payments, "2024-01")
    found = (await checks(payments, first))["account_name"]["findings"]
    assert found == sum(ODDS.at_bank(f"19{n:010d}") is not None for n in (*range(1, _PEOPLE + 1), carer))
    await accept(payments, first, "account_name", "checker#x")
    assert (await payments.approve(first)).status_code == 200
    await payments.work()
    await payments.answered()
    again = await built(payments, "2024-02")
    assert again["checked"] and "account_name" not in await checks(payments, again)


@pytest.mark.parametrize(
    "spoilt",
    [
        (503, b""),
        None,
        (200, b"{}"),
        (200, b'{"items": [{"number": 0, "result": "match"}]}'),
        (200, b'{"items": [{"number": 0, "result": "perhaps"}]}'),
    ],
    ids=["503", "cut off", "nothing", "one of eight", "no word of ours"],
)
async def test_a_bank_that_does_not_answer_is_asked_three_times_and_holds_nothing(
    payments: Payments, bank: Desk, spoilt: Answered
) -> None:
    bank.spoilt.extend([spoilt] * 3)
    run = await built(payments, "2024-01")
    assert len(bank.asked) == 3 and run["checked"]
    assert await outcomes(payments) == {"no_answer": _PEOPLE}
    assert await checks(payments, run) == {}
    # With the next list it is asked once more.
    await payments.built("2024-02")
    await payments.work("name asker", "run checker")
    assert len(bank.asked) == 4
    assert "no_answer" not in await outcomes(payments)


async def test_a_bank_with_keys_is_believed_what_it_signed(payments: Payments, bank: Desk) -> None:
    theirs = Signer(new_signing_keys())
    await registered(payments, keys=theirs.public()["keys"])
    await built(payments, "2024-01")
    assert await outcomes(payments) == {"no_answer": _PEOPLE}
    object.__setattr__(bank, "signer", theirs)
    await payments.built("2024-02")
    await payments.work("name asker", "run checker")
    assert "no_answer" not in await outcomes(payments)


async def test_a_stopped_bank_is_asked_nothing_and_holds_nothing(payments: Payments, bank: Desk) -> None:
    await registered(payments)
    await payments.post(f"/v1/partners/{BANK}/suspension", {}, "checker#c")
    assert (await built(payments, "2024-01"))["checked"]
    assert bank.asked == []


async def test_a_bank_that_is_away_is_given_up_as_a_whole_however_many_accounts_it_has(
    payments: Payments, bank: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_names, "QUESTION_ACCOUNTS_MAX", 1)
    bank.spoilt.extend([(503, b"")] * 3)
    assert (await built(payments, "2024-01"))["checked"]
    assert len(bank.asked) == 3
    assert await outcomes(payments) == {"no_answer": _PEOPLE}


async def test_a_bank_that_answers_now_and_then_is_not_given_up(
    payments: Payments, bank: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_names, "QUESTION_ACCOUNTS_MAX", 4)
    good = bank.post
    answers = iter([(503, b""), None, "good", (503, b""), None, "good"])
    object.__setattr__(bank, "post", lambda *told: good(*told) if (one := next(answers)) == "good" else one)
    assert (await built(payments, "2024-01"))["checked"]
    assert "no_answer" not in await outcomes(payments)
    assert next(answers, None) is None


async def test_no_list_waits_longer_than_an_hour(payments: Payments, bank: Desk) -> None:
    bank.spoilt.append((503, b""))
    run = await payments.built("2024-01")
    [asker] = [worker for worker in payments.parts.workers if worker.name == "name asker"]
    assert await asker.step()
    for minutes, checked in ((59, False), (61, True)):
        await payments.look.execute(
            "update run set names_queued_at = now() - make_interval(mins => $1)", minutes
        )
        await payments.work("run checker")
        assert (await payments.run(run["run_id"]))["checked"] is checked
    # What the bank says afterwards is found with the next list.
    again = await built(payments, "2024-02")
    assert (await checks(payments, again))["account_name"]["findings"] > 0


async def test_what_a_bank_was_asked_stands_in_no_log(
    payments: Payments, bank: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    bank.spoilt.append((503, b""))
    await built(payments, "2024-01")
    told = capsys.readouterr()
    assert "1900000000" not in told.out + told.err and "NGUYEN" not in told.out + told.err
