"""A fund names the account that banks debit for it; what they state of that account is taken."""

from tests.services.payments.test_funds import RICE, booked, opened
from tests.services.payments.test_statements import entries, statement, taken
from tests.services.payments.world import BANK, HANOI, MONTHS, Payments, decision

_AMOUNT = 540_000


async def test_a_fund_is_paid_from_its_own_account_and_its_statement_is_taken(payments: Payments) -> None:
    fund_id = await opened(payments, account_number="QUY2024001")
    await booked(payments, fund_id=fund_id, amount=10 * _AMOUNT, booked_on="2024-01-10")
    await payments.decide(decision(1, pays_from="2024-02"))
    await payments.account(1)
    await payments.close(*MONTHS)
    await payments.instructed("2024-02", fund_id=fund_id)
    [file] = await payments.files(BANK)
    written = await payments.content(file["payment_file_id"])
    assert b"<DbtrAcct><Id><Othr><Id>QUY2024001</Id></Othr></Id></DbtrAcct>" in written
    told = await entries(payments)
    strange = await taken(payments, statement(told, -_AMOUNT, account="QUY2024002"))
    assert strange["status"] == "refused"
    assert (await taken(payments, statement(told, -_AMOUNT, account="QUY2024001")))["settled"] == 1
    assert await payments.violations() == {}


async def test_goods_have_no_account_and_an_account_is_letters_and_digits(payments: Payments) -> None:
    for wrong in ({**RICE, "account_number": "QUY2024001"}, {"account_number": "1900 1234"}):
        wanted = {"code": "help", "kind": "province", "province_code": HANOI, "name": "Quỹ thử"} | wrong
        answer = await payments.post("/v1/funds", wanted, "maker#m")
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_a_province_names_no_account_for_a_fund_as_it_might_be_anothers(payments: Payments) -> None:
    wanted = {"code": "help", "kind": "province", "province_code": HANOI, "name": "Quỹ thử"}
    there = f"maker#p@{HANOI}"
    answer = await payments.post("/v1/funds", wanted | {"account_number": "TGXH48"}, there)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert (await payments.post("/v1/funds", wanted, there)).status_code == 201
