"""Four eyes: another identity approves exactly what was frozen, and only that is paid."""

from typing import Any

import asyncpg
import pytest

from tests.services.payments.world import MONTHS, Payments, decision


@pytest.fixture
async def built(payments: Payments) -> dict[str, Any]:
    await payments.decide(decision(1), decision(2))
    await payments.account(1)
    await payments.account(2)
    await payments.close(*MONTHS)
    return await payments.built()


async def test_the_maker_cannot_approve_in_whatever_role(payments: Payments, built: dict[str, Any]) -> None:
    answer = await payments.approve(built, "checker#m")
    assert (answer.status_code, answer.json()["code"]) == (403, "same_identity")
    assert (await payments.approve(built, "maker#c")).json()["code"] == "not_permitted"
    assert (await payments.run(built["run_id"]))["status"] == "built"


async def test_an_approval_names_the_content(payments: Payments, built: dict[str, Any]) -> None:
    answer = await payments.approve({**built, "content_hash": "0" * 64})
    assert (answer.status_code, answer.json()["code"]) == (409, "content_changed")


async def test_a_run_that_is_not_built_cannot_be_approved(payments: Payments) -> None:
    await payments.close(*MONTHS)
    run_id = (await payments.ask_run()).json()["run_id"]
    answer = await payments.approve({"run_id": run_id, "content_hash": "0" * 64})
    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_built")


async def test_approved_twice_is_approved_once(payments: Payments, built: dict[str, Any]) -> None:
    assert (await payments.approve(built)).status_code == 200
    assert (await payments.approve(built)).status_code == 200
    assert (await payments.approve(built, "checker#other")).json()["code"] == "run_not_built"
    assert len(await payments.told("RunApproved")) == 1


async def test_a_list_changed_after_approval_is_not_paid(payments: Payments, built: dict[str, Any]) -> None:
    assert (await payments.approve(built)).status_code == 200
    await payments.look.execute("update instruction set amount_dong = amount_dong + 1")
    await payments.work()
    run = await payments.run(str(built["run_id"]))
    assert (run["status"], run["problem"]) == ("approved", "content_changed")
    assert await payments.files() == []
    assert await payments.look.fetchval("select array_agg(posting) from ledger_transfer") == ["entitled"]


async def test_no_working_role_can_change_what_was_frozen_or_booked(
    payments: Payments, built: dict[str, Any]
) -> None:
    await payments.approve(built)
    await payments.work()
    for statement in (
        "update instruction set amount_dong = 1",
        "update instruction set payee_id = instruction_id",
        "update instruction_line set amount_dong = 1",
        "delete from instruction_line",
        "update payout_account set secret = ''",
        "update ledger_transfer set amount = 1",
        "delete from ledger_transfer",
        "truncate ledger_transfer",
    ):
        for role in (payments.parts.database.bulk(), payments.parts.database.writing(None)):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with role as connection:
                    await connection.execute(statement)


async def test_the_database_itself_refuses_a_maker_who_approves(
    payments: Payments, built: dict[str, Any]
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await payments.look.execute(
            "update run set status = 'approved', checker_sub = maker_sub, approved_hash = content_hash"
        )
    with pytest.raises(asyncpg.CheckViolationError):
        await payments.look.execute(
            "update run set status = 'approved', checker_sub = 'other', approved_hash = 'other'"
        )
