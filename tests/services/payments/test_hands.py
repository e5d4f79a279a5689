"""Every worker at once, two hands of each, as in a service: what they meet over is done once."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from libs.common.runtime.worker import end
from services.payments.store import building
from simulators.outcomes import Odds
from tests.services.payments.test_statements import entries, hand_in, statement
from tests.services.payments.world import BANK, MONTHS, NOBODY_FAILS, POST, Payments, decision

_BANKS = (BANK, "970436")
_PEOPLE, _COMMUNES = 48, 4
_MONTHLY = 540_000
_SOME_FAIL = Odds(failing_per_10_000=3_000)
_LOOKS_MAX = 1_200


@asynccontextmanager
async def at_work(payments: Payments) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.run()) for worker in payments.parts.workers]
    try:
        yield
    finally:
        await end(tasks)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(_LOOKS_MAX):
        if await holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


async def status(payments: Payments, run_id: str, wanted: str) -> dict[str, Any]:
    async def holds() -> bool:
        return bool((await payments.run(run_id))["status"] == wanted)

    await until(holds)
    return await payments.run(run_id)


async def all_reports(payments: Payments) -> list[Callable[[], Awaitable[Any]]]:
    """Each report of each partner, twice, and each bank's statement of the day beside its notifications."""
    calls: list[Callable[[], Awaitable[Any]]] = []
    for agency in (*_BANKS, POST):
        odds = _SOME_FAIL if agency == POST else NOBODY_FAILS
        for file in await payments.files(agency):
            file_id = file["payment_file_id"]
            for report in await payments.reports(file_id, agency, odds):
                calls += [partial(payments.hand_in, file_id, report.content, agency)] * 2
    for bank in _BANKS:
        found = await entries(payments, bank)
        paid = _PEOPLE // 3 * len(MONTHS) * _MONTHLY
        calls.append(partial(hand_in, payments, statement(found, -paid), as_=bank))
    return calls


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_month_with_all_hands_at_once(
    payments: Payments, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(building, "FILE_PAYMENTS_MAX", 3)
    for number in range(_PEOPLE):
        commune = f"0000{1 + number % _COMMUNES}"
        await payments.decide(decision(number, commune_code=commune))
        if number % 3:
            await payments.account(number, agency_code=_BANKS[number % 3 - 1], commune_code=commune)
        else:
            await payments.cash(number, commune)
    await payments.close(*MONTHS)
    async with at_work(payments):
        run_id = (await payments.ask_run()).json()["run_id"]
        built = await status(payments, run_id, "built")
        assert (built["instructions"], built["lines"]) == (_PEOPLE, 2 * _PEOPLE)
        await until(lambda: is_checked(payments, run_id))
        assert (await payments.approve(built)).status_code == 200
        await status(payments, run_id, "instructed")
        calls = await all_reports(payments)
        random.Random(seed).shuffle(calls)
        answers = await asyncio.gather(*(call() for call in calls))
        assert {answer.status_code for answer in answers} == {202}
        reports = {answer.json()["report_id"] for answer in answers}
        assert len(reports) == len(_BANKS) + (len(calls) - len(_BANKS)) // 2, "the same twice is one report"
        await until(lambda: nothing_waits(payments))
        done = await status(payments, run_id, "reconciled")
        await until(lambda: everything_is_told(payments))
    assert done["settled_dong"] + done["returned_dong"] == len(MONTHS) * _PEOPLE * _MONTHLY
    assert done["pending_dong"] == 0
    assert done["returned_dong"] > 0
    for fact in ("RunBuilt", "RunApproved", "RunInstructed", "RunReconciled"):
        assert len(await payments.told(fact)) == 1
    told = [one["payment_id"] for one in await payments.told("PaymentInstructed")]
    assert len(told) == len(set(told)) == _PEOPLE
    ended = await payments.told("PaymentSettled") + await payments.told("PaymentReturned")
    assert sorted(one["payment_id"] for one in ended) == sorted(told)
    assert await payments.violations() == {}


async def nothing_waits(payments: Payments) -> bool:
    waiting = await payments.look.fetchval("select count(*) from partner_report where status = 'received'")
    return not waiting


async def is_checked(payments: Payments, run_id: str) -> bool:
    return bool((await payments.get(f"/v1/runs/{run_id}/checks")).json()["checked"])


async def everything_is_told(payments: Payments) -> bool:
    return not await payments.look.fetchval("select count(*) from payment_change where last_place is null")
