"""The list that SQL builds, against a plain reading of the rule, person by person; and its races."""

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from libs.common.kernel.ids import read
from libs.common.kernel.months import Month
from services.payments.domain.runs import PROGRAMMES, ListedInstruction, ListedLine, content_hash
from services.payments.events.outgoing import to_event
from services.payments.store.finishing import reconcile_if_answered
from tests.services.payments.world import (
    HANOI,
    HCMC,
    MONTHS,
    NOBODY_FAILS,
    Payments,
    decision,
    person,
)

_PEOPLE = 120
_FIRST, _LAST = Month(2023, 10), Month(2024, 2)
Line = tuple[UUID, str, str, int]


def histories(seed: int) -> Iterator[tuple[list[dict[str, Any]], set[str]]]:
    """Of each person, the decisions in one programme, some of them proposed; which of those are signed."""
    draw = random.Random(seed)
    for number in range(_PEOPLE):
        programme = draw.choice(PROGRAMMES[:2])
        told, signed = [], set()
        for version in range(1, draw.choice((1, 1, 2, 3)) + 1):
            effective = _FIRST + draw.randrange(6)
            granted, hundredths = draw.random() < 0.8, draw.choice((100, 150, 200))
            one = decision(
                number,
                version=version,
                programme=programme,
                outcome="granted" if granted else "refused",
                status="proposed" if draw.random() < 0.3 else "confirmed",
                effective_from=str(effective),
                pays_from=str(effective + draw.choice((0, 0, 1))),
                coefficient_hundredths=hundredths if granted else 0,
                amount_dong=3_600 * hundredths if granted else 0,
                commune_code=f"{draw.randrange(1, 7):05d}",
                province_code=HANOI if draw.random() < 0.9 else HCMC,
            )
            told.append(one)
            if one["status"] == "proposed" and draw.random() < 0.5:
                signed.add(one["decision_id"])
        yield told, signed


def owed(told: list[dict[str, Any]], signed: set[str], province: str) -> Iterator[Line]:
    """What is due to one person up to _LAST: in each month, under the highest version that is in force."""
    month = _FIRST
    while month <= _LAST:
        in_force = [
            one
            for one in told
            if one["effective_from"] <= str(month)
            and (one["status"] == "confirmed" or one["decision_id"] in signed)
        ]
        best = max(in_force, key=lambda one: int(one["version"]), default=None)
        pays = best and best["outcome"] == "granted" and best["pays_from"] <= str(month)
        if best and pays and best["province_code"] == province:
            yield read("per", best["person_id"]), best["programme"], str(month), best["amount_dong"]
        month += 1


async def heard(payments: Payments, seed: int) -> list[tuple[list[dict[str, Any]], set[str]]]:
    """The histories, told in another order than they were made in, signatures first or last."""
    draw = random.Random(-seed)
    people = list(histories(seed))
    everything = [one for told, _ in people for one in told]
    draw.shuffle(everything)
    signatures = [one for told, signed in people for one in told if one["decision_id"] in signed]
    early = [one for one in signatures if draw.random() < 0.5]
    for one in early:
        await payments.sign(one)
    await payments.decide(*everything)
    for one in signatures:
        await payments.sign(one)
    for number in range(_PEOPLE):
        if number % 10:
            await payments.account(number, payee=number - number % 3)
    return people


async def lines(payments: Payments, where: str = "true") -> set[Line]:
    rows = await payments.look.fetch(
        "select person_id, programme, to_char(month, 'YYYY-MM') as month, amount_dong"
        f" from instruction_line where {where}"
    )
    return {(row["person_id"], row["programme"], row["month"], row["amount_dong"]) for row in rows}


@pytest.mark.parametrize("seed", range(1, 4))
async def test_what_is_due_is_listed_once_or_named_unpayable(payments: Payments, seed: int) -> None:
    people = await heard(payments, seed)
    await payments.close(*MONTHS)
    run = await payments.built(*MONTHS)
    due = {line for told, signed in people for line in owed(told, signed, HANOI)}
    accountless = {person(number) for number in range(0, _PEOPLE, 10)}
    assert await lines(payments) == {line for line in due if line[0] not in accountless}
    unpayable = await payments.look.fetch(
        "select person_id, programme, to_char(month, 'YYYY-MM') as month, amount_dong, reason from unpayable"
    )
    assert {(row[0], row[1], row[2], row[3]) for row in unpayable} == {
        line for line in due if line[0] in accountless
    }
    assert {row["reason"] for row in unpayable} == {"no_account"}
    assert run["instructed_dong"] == sum(line[3] for line in due if line[0] not in accountless)
    assert run["lines"] == len(await lines(payments))

    again = await payments.built(*MONTHS, programmes=["monthly_allowance"])
    assert (again["instructions"], again["lines"]) == (0, 0), "nobody is paid twice by a second run"
    assert await payments.violations() == {}


async def test_the_database_makes_the_same_content_hash_as_the_domain(payments: Payments) -> None:
    await heard(payments, 7)
    await payments.close(*MONTHS)
    run = await payments.built(*MONTHS)
    listed = await payments.look.fetch(
        "select *, (select json_agg(json_build_array(person_id, month, decision_id, amount_dong))"
        " from instruction_line l where l.instruction_id = i.instruction_id)::text as listed"
        " from instruction i"
    )
    assert run["content_hash"] == content_hash([instruction(row) for row in listed])


def instruction(row: Any) -> ListedInstruction:
    return ListedInstruction(
        instruction_id=row["instruction_id"],
        shard=row["shard"],
        payee_id=row["payee_id"],
        programme=row["programme"],
        channel=row["channel"],
        agency_code=row["agency_code"],
        account=(row["account_id"], row["account_version"]),
        file_id=row["file_id"],
        lines=[
            ListedLine(UUID(who), date.fromisoformat(month), UUID(why), amount)
            for who, month, why, amount in json.loads(row["listed"])
        ],
    )


async def test_ids_follow_from_the_order_so_that_a_replay_finds_the_same(
    payments: Payments,
) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    first = (await payments.ask_run()).json()["run_id"]
    await payments.work("run builder")
    assert (await payments.ask_run()).json()["run_id"] == first
    before = await payments.look.fetchval("select instruction_id from instruction")
    # As if the database had been brought back to before the run.
    await payments.look.execute(
        "truncate run, run_month, instruction, instruction_line, payment_file, run_total cascade"
    )
    assert (await payments.ask_run()).json()["run_id"] == first
    await payments.work("run builder")
    assert await payments.look.fetchval("select instruction_id from instruction") == before


async def test_what_came_back_falls_due_again(payments: Payments) -> None:
    for number in (1, 2):
        await payments.decide(decision(number))
        await payments.account(number)
    await payments.close(*MONTHS)
    first = await payments.instructed()
    file_id = (await payments.files())[0]["payment_file_id"]
    reports = await payments.reports(file_id, "970405", NOBODY_FAILS)
    await payments.answered()
    # The bank gives everything back days later.
    late = reports[1].content.replace(b"DBIT", b"CRDT")
    assert (await payments.hand_in(file_id, late)).status_code == 202
    await payments.work()
    done = await payments.run(first["run_id"])
    assert done["returned_dong"] == done["instructed_dong"]
    second = await payments.built()
    assert second["run_id"] != first["run_id"]
    assert second["instructed_dong"] == first["instructed_dong"]
    assert await payments.violations() == {}


async def test_the_last_file_written_and_the_last_answered_see_one_another(payments: Payments) -> None:
    """A report that answers the last file while the run is being marked as instructed."""
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    run_id = read("run", (await payments.instructed())["run_id"])
    await payments.look.execute("update run set status = 'instructing' where run_id = $1", run_id)
    database = payments.parts.database
    async with database.bulk() as marking:
        await marking.execute("update run set status = 'instructed' where run_id = $1", run_id)

        async def answer() -> None:
            async with database.bulk() as answering:
                await answering.execute("update payment_file set status = 'answered', pending = 0")
                at = await answering.fetchval("select now()")
                await reconcile_if_answered(answering, run_id, at, to_event)

        answering = asyncio.create_task(answer())
        await asyncio.sleep(0.3)
        assert not answering.done(), "it waits for the run"
    await answering
    assert await payments.look.fetchval("select status from run") == "reconciled"


async def test_makers_who_ask_at_once_get_one_run(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    answers = await asyncio.gather(*(payments.ask_run() for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    builder = next(worker for worker in payments.parts.workers if worker.name == "run builder")
    for _ in range(3):
        await asyncio.gather(*(builder.step() for _ in range(4)))
    assert await payments.look.fetchval("select count(*) from instruction_line") == 2
