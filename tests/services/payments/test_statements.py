"""A bank's day statement: over all files of a province, balanced, and nothing booked twice by it."""

import re
from typing import Any

import pytest

from services.payments.domain.files import FILE_PAYMENTS_MAX
from services.payments.store import building
from simulators.bank.messages import CAMT_054
from tests.services.payments.test_funds import balances
from tests.services.payments.test_suspense import propose, resolved, waiting
from tests.services.payments.world import (
    BANK,
    HANOI,
    HCMC,
    MONTHS,
    NOBODY_FAILS,
    Payments,
    decision,
    token,
)

_AMOUNT = 540_000
_OPENING = 10**9


@pytest.fixture
async def run(payments: Payments, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Three payments of one bank in two files, instructed."""
    monkeypatch.setattr(building, "FILE_PAYMENTS_MAX", 2)
    assert FILE_PAYMENTS_MAX > 2
    for number in (1, 2, 3):
        await payments.decide(decision(number, pays_from="2024-02"))
        await payments.account(number)
    await payments.close(*MONTHS)
    made = await payments.instructed("2024-02")
    assert len(await payments.files(BANK)) == 2
    return made


async def entries(payments: Payments, bank: str = BANK) -> list[bytes]:
    """What the bank booked, an entry for each file."""
    found = []
    for file in await payments.files(bank):
        *_, notification = await payments.reports(file["payment_file_id"], bank, NOBODY_FAILS)
        found += re.findall(rb"<Ntry>.*?</Ntry>", notification.content, re.DOTALL)
    return found


def statement(
    entries: list[bytes],
    moved: int,
    province: str = HANOI,
    opening: int = _OPENING,
    account: str | None = None,
) -> bytes:
    """`moved`: what the entries add to the account, which is the province's unless named."""

    def balance(kind: str, amount: int) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='VND'>{abs(amount)}</Amt>"
            f"<CdtDbtInd>{'DBIT' if amount < 0 else 'CRDT'}</CdtDbtInd><Dt><Dt>2024-02-05</Dt></Dt></Bal>"
        )

    head = (
        f'<Document xmlns="{CAMT_054.replace("054", "053")}"><BkToCstmrStmt><GrpHdr><MsgId>S1</MsgId>'
        "<CreDtTm>2024-02-05T20:00:00+07:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
        f"<Acct><Id><Othr><Id>{account or f'TGXH{province}'}</Id></Othr></Id></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', opening + moved)}"
    )
    return head.encode() + b"".join(entries) + b"</Stmt></BkToCstmrStmt></Document>"


async def hand_in(payments: Payments, content: bytes, province: str = HANOI, as_: str = BANK) -> Any:
    return await payments.client.post(
        "/v1/partner-reports",
        params={"province_code": province},
        files={"file": ("statement", content)},
        headers=token(f"bank:{as_}"),
    )


async def taken(payments: Payments, content: bytes) -> dict[str, Any]:
    answer = await hand_in(payments, content)
    assert answer.status_code == 202, answer.text
    await payments.work()
    return await payments.report(answer.json()["report_id"])


def turned(content: bytes) -> bytes:
    """The bank's bookings turned round: what it booked came back."""
    back = content.replace(b"DBIT", b"CRDT")
    return back.replace(b"</TxDtls>", b"<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>")


def given_back(content: bytes) -> bytes:
    """The same, with a reference that is none of ours."""
    return turned(re.sub(rb"pay_.{26}", b"LOST", content))


async def notified(payments: Payments, *edits: tuple[bytes, bytes]) -> None:
    """The first file's notification, as money that nobody can place."""
    file = (await payments.files(BANK))[0]["payment_file_id"]
    *_, notification = await payments.reports(file, BANK, NOBODY_FAILS)
    content = given_back(notification.content)
    for old, new in edits:
        content = content.replace(old, new)
    await payments.hand_in(file, content)
    await payments.work()


FUNDING = (
    b"<Ntry><Amt Ccy='VND'>7</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
    b"<BookgDt><Dt>2024-02-05</Dt></BookgDt><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
    b"<SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd></Ntry>"
)


async def test_a_statement_settles_the_payments_of_all_its_files(
    payments: Payments, run: dict[str, Any]
) -> None:
    content = statement([*await entries(payments), FUNDING], 7 - 3 * _AMOUNT)
    report = await taken(payments, content)
    assert (report["kind"], report["payment_file_id"]) == ("camt.053", None)
    assert (report["lines"], report["settled"], report["suspended"]) == (3, 3, 0)
    done = await payments.run(run["run_id"])
    assert (done["status"], done["settled_dong"]) == ("reconciled", 3 * _AMOUNT)
    assert await waiting(payments) == []
    shown = (await payments.get(f"/v1/runs/{run['run_id']}/reconciliation")).json()
    [day] = shown["agencies"][0]["days"]
    assert (day["lines"], day["statement_dong"]) == (3, 3 * _AMOUNT)
    # The same statement is the same report.
    assert (await hand_in(payments, content)).json()["report_id"] == report["report_id"]
    assert await payments.violations() == {}


@pytest.mark.parametrize("statement_first", [True, False])
async def test_what_notification_and_statement_both_tell_is_booked_once(
    payments: Payments, run: dict[str, Any], statement_first: bool
) -> None:
    content = statement(await entries(payments), -3 * _AMOUNT)
    if statement_first:
        await taken(payments, content)
        for file in await payments.files(BANK):
            for report in await payments.reports(file["payment_file_id"], BANK, NOBODY_FAILS):
                await payments.hand_in(file["payment_file_id"], report.content)
        await payments.work()
    else:
        await payments.answered()
        again = await taken(payments, content)
        assert (again["settled"], again["suspended"]) == (0, 3)
    assert await waiting(payments) == []
    assert (await balances(payments))["paid:monthly_allowance"] == 3 * _AMOUNT
    assert await payments.violations() == {}


async def test_a_return_that_names_nothing_lies_in_suspense(payments: Payments, run: dict[str, Any]) -> None:
    first, *_ = await entries(payments)
    back = given_back(first)
    count = back.count(b"<TxDtls>")
    report = await taken(payments, statement([back], count * _AMOUNT))
    assert (report["settled"], report["suspended"]) == (0, count)
    lines = await waiting(payments, held="true")
    assert [(line["run_id"], line["reason"]) for line in lines] == [(None, "unknown_reference")] * count
    assert (await balances(payments))[f"suspense:{BANK}"] == count * _AMOUNT
    assert await payments.violations() == {}


@pytest.mark.parametrize("statement_first", [True, False])
async def test_a_return_that_nobody_can_place_and_both_tell_is_held_once(
    payments: Payments, run: dict[str, Any], statement_first: bool
) -> None:
    entry = given_back((await entries(payments))[0])
    count = entry.count(b"<TxDtls>")
    content = statement([entry], count * _AMOUNT)
    if statement_first:
        await taken(payments, content)
        await notified(payments)
    else:
        await notified(payments)
        assert (await taken(payments, content))["suspended"] == count
    assert len(await waiting(payments, held="true")) == count
    assert (await balances(payments))[f"suspense:{BANK}"] == count * _AMOUNT
    # Told by each kind once, the same credit is another one when it comes again.
    await taken(payments, content.replace(b"<MsgId>S1", b"<MsgId>S2"))
    assert (await balances(payments))[f"suspense:{BANK}"] == 2 * count * _AMOUNT
    assert await payments.violations() == {}


@pytest.mark.parametrize(
    "edit",
    [(b"LOST", b"ELSE"), (b">540000<", b">530000<"), (b"<Id>19", b"<Id>29"), (b"2024-02-05", b"2024-02-04")],
    ids=["reference", "amount", "payee", "day"],
)
async def test_a_return_that_differs_in_any_part_is_other_money(
    payments: Payments, run: dict[str, Any], edit: tuple[bytes, bytes]
) -> None:
    entry = given_back((await entries(payments))[0])
    count = entry.count(b"<TxDtls>")
    await taken(payments, statement([entry], count * _AMOUNT))
    await notified(payments, edit)
    assert len(await waiting(payments, held="true")) == 2 * count
    assert await payments.violations() == {}


async def test_money_that_was_told_twice_is_taken_out_of_suspense_by_two_people(
    payments: Payments, run: dict[str, Any]
) -> None:
    entry = given_back((await entries(payments))[0])
    count = entry.count(b"<TxDtls>")
    await notified(payments, (b"LOST", b"ELSE"))
    await taken(payments, statement([entry], count * _AMOUNT))
    line, *others = await waiting(payments, held="true")
    assert (await resolved(payments, line, resolution="told_twice"))["status"] == "told_twice"
    assert len(await waiting(payments, held="true")) == len(others)
    assert (await balances(payments))[f"suspense:{BANK}"] == len(others) * _AMOUNT
    assert await payments.violations() == {}


async def of_one_payment(payments: Payments) -> tuple[str, str, bytes]:
    """The file that has one payment, the other file, and the notification of the former's return, which does
    not say whose it is: a bank may leave that out."""
    both = [file["payment_file_id"] for file in await payments.files(BANK)]
    sent = {file: (await payments.content(file)).count(b"<CdtTrfTxInf>") for file in both}
    of, other = sorted(both, key=sent.__getitem__)
    *_, notification = await payments.reports(of, BANK, NOBODY_FAILS)
    return of, other, turned(re.sub(rb"<MsgId>fil_.{26}</MsgId>", b"", notification.content))


def as_statement(notification: bytes) -> bytes:
    return statement(re.findall(rb"<Ntry>.*?</Ntry>", notification, re.DOTALL), _AMOUNT)


@pytest.mark.parametrize(
    "edit", [(b"", b""), (b"<Dt>2024-02-05", b"<Dt>2024-02-06")], ids=["another file", "another day"]
)
@pytest.mark.parametrize("again", ["statement", "notification"])
async def test_a_return_whose_money_is_held_is_not_booked_beside_it(
    payments: Payments, run: dict[str, Any], edit: tuple[bytes, bytes], again: str
) -> None:
    """The notification came with another file's id, or said a day that was not yet."""
    right, wrong, content = await of_one_payment(payments)
    answer = await payments.hand_in(right if edit[0] else wrong, content.replace(*edit))
    assert answer.status_code == 202
    await payments.work()
    [line] = await waiting(payments, held="true")
    assert line["reason"] == ("date_differs" if edit[0] else "unknown_reference")
    if again == "statement":
        await taken(payments, as_statement(content))
    else:
        await payments.hand_in(right, content)
        await payments.work()
    stand = await balances(payments)
    assert (stand[f"suspense:{BANK}"], stand[f"in_transit:{BANK}"]) == (_AMOUNT, 2 * _AMOUNT)
    assert await payments.violations() == {}
    [line] = await waiting(payments, held="true")
    assert line["told_again"]
    named = line["instruction_id"] or line["reference"]
    done = await resolved(payments, line, resolution="attributed", instruction_id=named)
    assert done["status"] == "attributed"
    stand = await balances(payments)
    assert (stand[f"suspense:{BANK}"], stand["fund:budget-01"]) == (0, -2 * _AMOUNT)
    assert await payments.violations() == {}


async def test_a_return_that_is_booked_is_not_held_for_another_file(
    payments: Payments, run: dict[str, Any]
) -> None:
    _, wrong, content = await of_one_payment(payments)
    assert (await taken(payments, as_statement(content)))["suspended"] == 0
    await payments.hand_in(wrong, content)
    await payments.work()
    assert await waiting(payments) == []
    assert (await balances(payments))[f"in_transit:{BANK}"] == 2 * _AMOUNT
    assert await payments.violations() == {}


async def test_money_held_beside_its_return_is_seen(payments: Payments, run: dict[str, Any]) -> None:
    _, wrong, content = await of_one_payment(payments)
    await taken(payments, as_statement(content))
    await payments.hand_in(wrong, re.sub(rb"pay_.{26}", b"LOST", content))
    await payments.work()
    assert await payments.violations() == {}
    # Two people may see it: the return is its twin.
    [line] = await waiting(payments)
    assert (await propose(payments, line, resolution="told_twice")).status_code == 200
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(
        "update suspense s set reference = l.reference from report_line l where l.posting = 'returned'"
    )
    assert 10 in await payments.violations()


async def test_of_money_that_was_told_twice_one_telling_stays(
    payments: Payments, run: dict[str, Any]
) -> None:
    _, wrong, content = await of_one_payment(payments)
    lost, other = (re.sub(rb"pay_.{26}", text, content) for text in (b"LOST", b"ELSE"))

    async def refused(line: dict[str, Any]) -> str:
        answer = await propose(payments, line, resolution="told_twice")
        assert (answer.status_code, answer.json()["code"]) == (409, "suspense_unfit")
        code: str = answer.json()["errors"][0]["code"]
        return code

    await payments.hand_in(wrong, lost)
    await payments.work()
    [line] = await waiting(payments)
    assert await refused(line) == "no_twin"
    # The statement's own line of it is dropped: this one stands for both.
    await taken(payments, as_statement(lost))
    [line] = await waiting(payments)
    assert line["told_again"] and await refused(line) == "stands_for_both"
    await payments.hand_in(wrong, other)
    await payments.work()
    [twin] = [each for each in await waiting(payments) if each["reference"] == "ELSE"]
    assert (await resolved(payments, twin, resolution="told_twice"))["status"] == "told_twice"
    assert (await balances(payments))[f"suspense:{BANK}"] == _AMOUNT
    assert await payments.violations() == {}


async def test_money_held_for_notification_and_statement_is_seen(
    payments: Payments, run: dict[str, Any]
) -> None:
    entry = given_back((await entries(payments))[0])
    await notified(payments, (b"LOST", b"ELSE"))
    await taken(payments, statement([entry], entry.count(b"<TxDtls>") * _AMOUNT))
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute("update suspense set reference = 'LOST'")
    assert 10 in await payments.violations()


@pytest.mark.parametrize(
    "wrong",
    [
        {"moved": -3 * _AMOUNT + 1},
        {"province": HCMC, "moved": -3 * _AMOUNT},
        {"opening": 5, "moved": 5},
    ],
    ids=["balance", "account", "nothing moved it"],
)
async def test_a_statement_that_does_not_add_up_or_is_another_account_s_moves_nothing(
    payments: Payments, run: dict[str, Any], wrong: dict[str, Any]
) -> None:
    report = await taken(payments, statement(await entries(payments), **wrong))
    assert (report["status"], report["lines"]) == ("refused", 0)
    assert (await payments.run(run["run_id"]))["pending_dong"] == 3 * _AMOUNT


async def test_a_statement_without_a_closing_balance_is_refused(
    payments: Payments, run: dict[str, Any]
) -> None:
    content = statement(await entries(payments), -3 * _AMOUNT).replace(b"CLBD", b"ITBD")
    assert (await taken(payments, content))["status"] == "refused"


async def test_a_statement_comes_for_a_province_and_a_report_for_a_file(
    payments: Payments, run: dict[str, Any]
) -> None:
    content = statement(await entries(payments), -3 * _AMOUNT)
    assert (await hand_in(payments, content, HCMC, f"{BANK}@{HANOI}")).json()["code"] == "not_permitted"
    file = (await payments.files(BANK))[0]["payment_file_id"]
    answer = await payments.hand_in(file, content)
    await payments.work()
    assert (await payments.report(answer.json()["report_id"]))["status"] == "refused"
    *_, notification = await payments.reports(file, BANK, NOBODY_FAILS)
    assert (await taken(payments, notification.content))["status"] == "refused"
    both = await payments.client.post(
        "/v1/partner-reports",
        params={"province_code": HANOI, "payment_file_id": file},
        files={"file": ("statement", content)},
        headers=token(f"bank:{BANK}"),
    )
    assert (both.status_code, both.json()["code"]) == (422, "request_invalid")
    # Refused there, the same bytes come by the right door and are taken.
    assert (await taken(payments, content))["status"] == "taken"
    assert (await payments.run(run["run_id"]))["pending_dong"] == 0
    assert await payments.violations() == {}


async def test_another_banks_statement_knows_none_of_these_payments(
    payments: Payments, run: dict[str, Any]
) -> None:
    content = statement(await entries(payments), -3 * _AMOUNT)
    await hand_in(payments, content, as_="970415")
    await payments.work()
    assert (await payments.run(run["run_id"]))["pending_dong"] == 3 * _AMOUNT
    assert await payments.violations() == {}
