"""A run is built in shards: their size and order, and who builds them, change nothing of what is paid."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.runs import shards_of
from tests.services.payments.world import (
    BANK,
    MONTHS,
    Payments,
    close_payments,
    decision,
    open_payments,
)
from tests.support.postgres import TestCluster

COMMUNES = st.lists(
    st.tuples(st.integers(0, 99_999).map("{:05d}".format), st.integers(1, 50)),
    unique_by=lambda one: one[0],
    max_size=40,
).map(sorted)


@given(COMMUNES, st.integers(1, 60), st.integers(0, 99_999).map("{:05d}".format))
def test_every_commune_is_in_one_shard_and_no_shard_is_too_large(
    people: list[tuple[str, int]], people_max: int, new_commune: str
) -> None:
    shards = shards_of(people, people_max)
    assert [shard.number for shard in shards] == list(range(1, len(shards) + 1))
    held: dict[int, list[int]] = {}
    for commune, count in [*people, (new_commune, 0)]:
        [number] = [
            shard.number
            for shard in shards
            if shard.from_commune <= commune
            and (shard.before_commune is None or commune < shard.before_commune)
        ]
        held.setdefault(number, []).append(count)
    for counts in held.values():
        several = [count for count in counts if count]
        assert len(several) <= 1 or sum(several) <= people_max
    assert [shard.has_facilities for shard in shards].count(True) == 1


async def paid(payments: Payments) -> tuple[set[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Payments with their lines' sums, and totals."""
    rows = await payments.look.fetch(
        "select i.instruction_id, i.payee_id, i.programme, i.account_id, i.amount_dong, count(*) as lines"
        " from instruction i join instruction_line l using (instruction_id) group by i.instruction_id"
    )
    totals = await payments.look.fetch("select * from run_total order by 1, 2, 3, 4, 5, 6, 7")
    return {tuple(row) for row in rows}, [tuple(row) for row in totals]


async def a_province_of_six_communes(payments: Payments) -> None:
    """Thirty people; each fifth lives in a facility; each third shares a payee with the next."""
    facility_id = await payments.facility()
    nurture = {"payee": "facility", "facility_id": facility_id}
    for number in range(30):
        home = nurture if number % 5 == 0 else {}
        await payments.decide(decision(number, commune_code=f"0000{1 + number % 6}", **home))
        await payments.account(number, payee=number - (number % 3 == 1))
    await payments.close(*MONTHS)


async def test_the_size_of_shards_changes_no_payment(postgres_cluster: TestCluster) -> None:
    found = []
    for people in ("1", "10", "20000"):
        payments = await open_payments(
            await postgres_cluster.fresh_database("payments"), ANSINH_RUN_SHARD_PEOPLE=people
        )
        await a_province_of_six_communes(payments)
        run = await payments.instructed()
        shards = await payments.look.fetchval("select count(*) from run_shard")
        found.append((run["instructions"], run["instructed_dong"], shards, await paid(payments)))
        assert await payments.violations() == {}
        await close_payments(payments)
    assert [shards for _, _, shards, _ in found] == [6, 3, 1]
    assert len({(count, amount) for count, amount, _, _ in found}) == 1
    assert found[0][3] == found[1][3] == found[2][3]


async def test_a_payee_gets_a_payment_from_each_commune_and_a_facility_one_in_all(
    payments: Payments,
) -> None:
    for child, commune in ((1, "00001"), (2, "00001"), (3, "00002")):
        await payments.decide(decision(child, commune_code=commune))
        await payments.account(child, payee=9)
    facility_id = await payments.facility()
    nurture = {"programme": "nurture_allowance", "category": "nurture", "payee": "facility"}
    for resident, commune in ((4, "00001"), (5, "00002")):
        await payments.decide(decision(resident, commune_code=commune, facility_id=facility_id, **nurture))
    await payments.close(*MONTHS)
    run = await payments.instructed("2024-01")
    amounts = await payments.look.fetch("select amount_dong from instruction order by amount_dong")
    assert [row[0] for row in amounts] == [540_000, 1_080_000, 1_080_000]
    assert len(await payments.files(BANK)) == 1
    assert run["lines"] == 5


async def test_builders_at_once_share_the_shards(postgres_cluster: TestCluster) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_RUN_SHARD_PEOPLE="1"
    )
    await a_province_of_six_communes(payments)
    await payments.ask_run()
    builder = next(worker for worker in payments.parts.workers if worker.name == "run builder")
    assert await builder.step()
    await asyncio.gather(*(builder.step() for _ in range(6)))
    assert await payments.look.fetchval("select count(*) from run_shard where built_at is null") == 0
    assert await payments.look.fetchval("select status from run") == "building"
    await payments.work("run builder")
    assert await payments.look.fetchval("select status from run") == "built"
    await close_payments(payments)


async def test_a_run_of_a_province_waits_while_another_one_of_it_is_built(payments: Payments) -> None:
    await a_province_of_six_communes(payments)
    first = (await payments.ask_run("2024-01")).json()["run_id"]
    second = (await payments.ask_run(*MONTHS)).json()["run_id"]
    builder = next(worker for worker in payments.parts.workers if worker.name == "run builder")
    assert await builder.step()
    planned = "select count(*) from run where planned_at is not null"
    while (await payments.run(first))["status"] == "building":
        assert await payments.look.fetchval(planned) == 1
        assert await builder.step()
    await payments.work("run builder")
    assert ((await payments.run(first))["lines"], (await payments.run(second))["lines"]) == (30, 30)


async def test_who_moves_while_a_list_is_built_stops_nobody(postgres_cluster: TestCluster) -> None:
    payments = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_RUN_SHARD_PEOPLE="1"
    )
    await payments.decide(decision(1, commune_code="00001"), decision(2, commune_code="00002"))
    await payments.close(*MONTHS)
    [builder] = [worker for worker in payments.parts.workers if worker.name == "run builder"]
    run_id = (await payments.ask_run()).json()["run_id"]
    for _ in ("planned", "the first shard"):
        assert await builder.step()
    # Nobody has an account. The first one's decision is put right: they live in the second commune.
    await payments.decide(decision(1, version=2, commune_code="00002"))
    await payments.work("run builder", "run checker")
    run = await payments.run(run_id)
    assert (run["status"], run["unpayable"]) == ("built", 4)
    await close_payments(payments)
