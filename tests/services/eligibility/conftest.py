"""A database for an office, that outlives its days."""

import pytest

from tests.services.eligibility.office import Files
from tests.support.broker import TestBroker
from tests.support.postgres import TestCluster


@pytest.fixture
async def files(postgres_cluster: TestCluster, broker: TestBroker) -> Files:
    return Files(await postgres_cluster.fresh_database("eligibility"), broker)
