"""A payments service of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.services.payments.world import Payments, close_payments, open_payments
from tests.support.postgres import TestCluster


@pytest.fixture
async def payments(postgres_cluster: TestCluster) -> AsyncIterator[Payments]:
    opened = await open_payments(await postgres_cluster.fresh_database("payments"))
    yield opened
    await close_payments(opened)
