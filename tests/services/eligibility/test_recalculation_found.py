"""Whom a recalculation changes is found in columns: the same that are found one by one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from contracts import topics
from libs.common.kernel.clock import WallClock
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from libs.common.runtime.consumer import record_marker
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.recalculation import Scope
from services.eligibility.events import outgoing
from services.eligibility.store.policies import PolicyArchive
from services.eligibility.store.recalculations import RecalculationsTable
from services.eligibility.usecases.recalculate import Recalculate, Wanted
from services.eligibility.usecases.receipts import Engines
from tests.services.eligibility.nation import Nation, nation, person_id, resident, somebody
from tests.support.postgres import TestCluster

Row = tuple[object, ...]
PEOPLE = 600
FIRST, LAST = Month(2021, 9), Month(2021, 11)


@pytest.fixture
async def world(postgres_cluster: TestCluster) -> AsyncIterator[Nation]:
    """Determined for three months; then much is learned of them, and a few are stopped."""
    async with nation(postgres_cluster, "2021-12-05") as found:
        people = [somebody(number) for number in range(PEOPLE)]
        await found.know(people, [resident(number) for number in range(0, PEOPLE, 11)])
        for month in ("2021-09", "2021-10", "2021-11"):
            await found.close(month)
            await found.determine_all()
        await tell_closed(found, FIRST + 1)
        later = []
        for number in range(0, PEOPLE, 3):
            before, since = somebody(number), date(2021, 9 + number % 3, 1 + number % 28)
            learned = somebody(number, seed=2).facts
            place = Place("27004", "79", "79") if number % 2 else before.facts.place
            later.append(replace(before, facts=replace(learned, version=2, true_from=since, place=place)))
        await found.know(later, [])
        await stop_some(found)
        yield found


async def tell_closed(found: Nation, month: Month) -> None:
    async with found.database.bulk() as connection:
        await record_marker(connection, topics.DECISION.name, 0, month.first_day)


async def stop_some(found: Nation) -> None:
    """A twentieth is stopped from September, and told after it was closed."""
    async with found.database.bulk() as connection:
        await connection.execute(
            "insert into case_file (case_id, kind, person_id, shard, programmes, commune_code, province_code,"
            " received_on, state, from_month) select gen_random_uuid(), 'stop', person_id, 0,"
            " array[programme], commune_code, province_code, $1, 'received', $1"
            " from (select distinct on (person_id) * from decision where status <> 'proposed'"
            "   order by person_id, programme, version desc) d"
            " where right(person_id::text, 1) = '7' and outcome = 'granted'",
            FIRST.first_day,
        )
        await connection.execute(
            "insert into hold (case_id, person_id, programme, kind, from_month, signed_on, commune_code,"
            " province_code) select case_id, person_id, programmes[1], kind, from_month, received_on,"
            " commune_code, province_code from case_file where kind = 'stop'"
        )
        await connection.execute(
            "insert into decision select (jsonb_populate_record(null::decision, to_jsonb(d)"
            " || jsonb_build_object('version', version + 1, 'decision_id', gen_random_uuid(),"
            "   'recorded_at', now(), 'outcome', 'refused', 'amount_dong', 0, 'payee', 'self',"
            "   'facility_id', null, 'payee_person_id', null, 'effective_from', h.from_month,"
            "   'pays_from', h.from_month))).*"
            " from hold h join lateral (select * from decision where person_id = h.person_id"
            "   and programme = h.programme order by version desc limit 1) d on true"
        )


def recalculate(found: Nation) -> Recalculate:
    kept = RecalculationsTable(found.database, outgoing.differences, topics.DECISION.name)
    engines = Engines(PolicyArchive(found.database), found.law)
    return Recalculate(found.law, engines, kept, WallClock(date(2021, 12, 5)))


async def differences(
    found: Nation, people: tuple[UUID, ...] | None, scope: Scope
) -> list[tuple[object, ...]]:
    asked = recalculate(found)
    made = await asked.open(Wanted(people, scope, FIRST, LAST, "late_fact"), str(new_id()), None)
    while await asked.step():
        pass
    rows = await found.rows(
        "select person_id, programme, month, old_dong, new_dong, province_code, input_hash, trace"
        f" from difference where recalculation_id = '{made}' order by person_id, programme, month"
    )
    await asked.discard(made, None)
    return rows


async def test_columns_find_everybody_who_differs(world: Nation) -> None:
    everybody = tuple(person_id(number) for number in range(PEOPLE))
    by_name = await differences(world, everybody, Scope())
    assert len(by_name) > 100
    assert await differences(world, None, Scope()) == by_name


async def test_a_province_has_the_months_that_were_paid_in_it(world: Nation) -> None:
    """People who live there, and people who have moved away since."""
    everybody = await differences(world, None, Scope())
    found = []
    for province in ("01", "31", "56", "79"):
        rows = await differences(world, None, Scope(province))
        assert {row[5] for row in rows} == {province}
        found += rows
    assert sorted(found, key=str) == sorted(everybody, key=str)


async def test_few_are_looked_at_one_by_one(world: Nation) -> None:
    asked = recalculate(world)
    await asked.open(Wanted(None, Scope(), FIRST, LAST, "late_fact"), "maker", None)
    for _ in range(16):
        assert await asked.step()
    [(one_by_one,)] = await world.rows("select count(*) from recalculation_person")
    [(cleared,)] = await world.rows("select people from recalculation")
    assert one_by_one + cleared == PEOPLE
    assert one_by_one < PEOPLE / 2
