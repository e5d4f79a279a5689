"""Each promise about money is broken on purpose, behind every wall, and `verify` sees it."""

import pytest

from tests.services.payments.test_donations import done, received
from tests.services.payments.test_funds import booked, opened
from tests.services.payments.world import MONTHS, POST, Payments, decision

#: What is done to a reconciled run, and the numbers of the promises that it breaks.
VIOLATIONS = [
    ("update run set instructed_dong = instructed_dong + 1", {1}),
    ("update payment_file set amount_dong = amount_dong - 1", {1}),
    ("update instruction_line set amount_dong = amount_dong + 1", {1, 6, 9, 14}),
    ("update instruction_line set returned = true where amount_dong = 540000", {1}),
    ("delete from instruction_line", {1, 9, 14}),
    ("update instruction set benefit_months = benefit_months[:1]", {1}),
    ("update ledger_transfer set amount = amount + 1 where posting = 'settled'", {4, 14, 15}),
    ("update ledger_transfer set unit = 'RICE_KG' where posting = 'entitled'", {2}),
    ("update ledger_transfer set credit_account = debit_account where posting = 'discharged'", {2, 15}),
    ("update ledger_account set unit = 'RICE_KG' where kind = 'payable'", {2}),
    ("update ledger_transfer set posting = 'settled' where posting = 'entitled'", {2, 4, 10}),
    ("delete from ledger_account where kind = 'fund'", {2, 4}),
    ("delete from ledger_transfer where posting = 'settled'", {4, 10, 14, 15}),
    ("update ledger_account set key = 'other' where key = '970405'", {4}),
    ("update ledger_balance set credit = credit + 1", {15, 16}),
    (
        "delete from ledger_balance where account_id in (select account_id from ledger_account"
        " where kind = 'payable')",
        {15},
    ),
    ("update ledger_account set may_overdraw = false", {17}),
    ("alter table ledger_transfer no force row level security", {13}),
    ("update instruction set status = 'pending'", {4, 7}),
    ("update instruction set status = 'returned', return_reason = 'AC04'", {1, 4, 7}),
    ("delete from entitlement", {6}),
    ("update entitlement set outcome = 'refused'", {6}),
    ("update entitlement set status = 'proposed'", {6}),
    ("update entitlement set pays_from = '2024-02-01'", {6}),
    ("update entitlement set decided_on = '2024-03-01'", {6}),
    ("update instruction set payee_id = instruction_id", {6, 9}),
    ("delete from outbox where type = 'RunApproved'", {7}),
    ("update run set status = 'instructed'", {7}),
    ("delete from outbox where type = 'PaymentSettled'", {7}),
    ("delete from payment_change where status = 'settled'", {7}),
    ("update payment_change set sequence = 3 - sequence", {7}),
    ("update payment_change set last_place = null, recorded_at = now() - interval '1 hour'", {7}),
    ("update instruction set agency_code = '970415'", {4, 9}),
    ("update instruction_line set decision_id = person_id", {6, 9}),
    ("update report_line set posting = null, suspense_reason = 'duplicate'", {10}),
    ("delete from report_line where number = 1", {10}),
    ("update partner_report set lines = lines + 1, suspended = suspended + 1", {10}),
    ("alter table instruction_line no force row level security", {13}),
    ("alter table payout_account disable row level security", {13}),
    ("update run_total set settled_dong = settled_dong - 1", {14, 16}),
    ("update run_total set standard_dong = standard_dong - 1", {14}),
    ("update run_total set commune_code = '99999' where commune_code = '00002'", {14}),
    ("delete from run_total", {14}),
]


@pytest.mark.parametrize(("statement", "numbers"), VIOLATIONS)
async def test_a_planted_violation_is_seen(payments: Payments, statement: str, numbers: set[int]) -> None:
    await _reconciled(payments)
    assert await payments.violations() == {}
    # As a superuser, with triggers asleep: what no role of the service can do.
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(
        "alter table report_line drop constraint report_line_check;"
        f"alter table ledger_transfer drop constraint ledger_transfer_check; {statement}"
    )
    assert set(await payments.violations()) == numbers


async def test_a_second_line_for_a_month_is_seen(payments: Payments) -> None:
    await _reconciled(payments)
    await payments.look.execute("drop index paid_once")
    await payments.look.execute(
        "insert into instruction_line select (jsonb_populate_record(l, jsonb_build_object('instruction_id',"
        " uuidv7()))).* from instruction_line l limit 1"
    )
    assert 3 in await payments.violations()


async def test_a_maker_who_approved_is_seen(payments: Payments) -> None:
    await _reconciled(payments)
    await payments.look.execute("alter table run drop constraint run_check")
    await payments.look.execute("update run set checker_sub = maker_sub")
    assert set(await payments.violations()) == {9}


async def _reconciled(payments: Payments) -> None:
    await payments.decide(decision(1), decision(2, commune_code="00002"))
    await payments.account(1)
    await payments.cash(2)
    await payments.close(*MONTHS)
    await payments.instructed("2024-02")
    await payments.answered()
    assert len(await payments.files(POST, status="answered")) == 1


GIFT_VIOLATIONS = [
    ("update voucher set amount = amount + 1", {18}),
    (
        "update voucher set status = 'proposed', checker_sub = null, transaction_id = null"
        " where kind = 'handed_over'",
        {18},
    ),
    ("delete from voucher", {18}),
    ("update voucher set transaction_id = voucher_id", {18}),
    ("update voucher set fund_id = to_fund_id where kind = 'earmarked'", {18}),
    ("update voucher set programme = 'social_pensions' where kind = 'handed_over'", {18}),
    ("update voucher set donation_id = voucher_id where kind = 'donated'", {18}),
    ("update ledger_transfer set amount = 7 where posting = 'reversed'", {14, 15, 18}),
    ("delete from ledger_transfer where posting = 'corrected'", {14, 15, 18}),
    ("update ledger_transfer set source_id = transaction_id where posting = 'corrected'", {18}),
    ("update donation set to_fund_id = fund_id", {14, 18}),
    ("update donation set amount = amount + 1", {14, 18}),
    ("update donation set status = 'received', to_fund_id = null, earmarked_on = null", {14, 18}),
    ("update donation set status = 'withdrawn', to_fund_id = null, earmarked_on = null", {14, 18}),
    ("delete from donation", {14, 18}),
    ("delete from ledger_transfer where posting = 'earmarked'", {15, 18}),
    ("alter table donation no force row level security", {13}),
    ("alter table voucher disable row level security", {13}),
]


@pytest.mark.parametrize(("statement", "numbers"), GIFT_VIOLATIONS)
async def test_a_planted_violation_of_a_gift_or_voucher_is_seen(
    payments: Payments, statement: str, numbers: set[int]
) -> None:
    gifts = await opened(payments, code="gifts", kind="donation")
    pension = await opened(payments, code="pension", kind="donation", purpose="social_pension")
    one = await received(payments, gifts)
    assert (await done(payments, one, "earmark", to_fund_id=pension))["status"] == "earmarked"
    handed = await booked(payments, kind="handed_over", fund_id=pension, programme="social_pension", amount=5)
    await booked(payments, kind="corrected", corrects=handed["transaction_id"], amount=4)
    assert await payments.violations() == {}
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(statement)
    assert set(await payments.violations()) == numbers
