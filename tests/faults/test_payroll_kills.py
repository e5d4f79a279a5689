"""kill -9 of workers at random, and the broker lost, while the month is paid: each payment once, the same."""

import asyncio

from services.payments.domain.runs import BUILT, INSTRUCTED
from tests.support import broker as brokers
from tests.support import postgres as clusters
from tests.support.broker import TestBroker
from tests.support.payroll import MONTHS, payroll

_PEOPLE, _PROVINCES = 2_000, 2
_WORKERS = 3
_KILLS_MIN = 10
_SECONDS_MAX = 90.0


async def lose(broker: TestBroker) -> None:
    broker.kill()
    await asyncio.sleep(0.5)
    broker.start()


async def test_a_month_whose_workers_are_killed_comes_to_the_same() -> None:
    shards = {"ANSINH_RUN_SHARD_PEOPLE": "80"}
    with clusters.test_cluster() as cluster, brokers.test_broker() as broker:
        async with payroll(cluster, broker, _PEOPLE, _PROVINCES, **shards) as month:
            calm, killed = MONTHS
            ordered = await month.order(calm)
            await month.step()
            await month.approve(ordered)
            await month.step()
            async with month.telling():
                with month.dying_workers(_WORKERS, seed=7, statements=30) as kills:
                    ordered = await month.order(killed)
                    await month.until(ordered, BUILT, seconds_max=_SECONDS_MAX)
                    await lose(broker)
                    await month.approve(ordered)
                    await month.until(ordered, INSTRUCTED, seconds_max=_SECONDS_MAX)
            assert kills() > _KILLS_MIN
            assert await month.totals(killed) == await month.totals(calm)
            assert await month.look.fetchval("select count(*) from run_shard") > 40
            assert await month.violations() == {}
