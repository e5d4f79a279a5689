"""A payments service of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.services.payments.subscriber import Subscriber, subscriber
from tests.services.payments.world import Payments, close_payments, open_payments
from tests.support.postgres import TestCluster


@pytest.fixture
async def payments(postgres_cluster: TestCluster) -> AsyncIterator[Payments]:
    opened = await open_payments(await postgres_cluster.fresh_database("payments"))
    yield opened
    await close_payments(opened)


@pytest.fixture
async def local(postgres_cluster: TestCluster) -> AsyncIterator[Payments]:
    """Payments whose webhooks may lead to this machine, as on a developer's."""
    opened = await open_payments(
        await postgres_cluster.fresh_database("payments"), ANSINH_WEBHOOK_LOOPBACK="true"
    )
    yield opened
    await close_payments(opened)


@pytest.fixture
async def bank() -> AsyncIterator[Subscriber]:
    async with subscriber() as made:
        yield made
