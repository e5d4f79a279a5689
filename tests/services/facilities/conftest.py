"""A facilities service of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.services.facilities.world import Facilities, close_facilities, open_facilities
from tests.support.postgres import TestCluster


@pytest.fixture
async def facilities(postgres_cluster: TestCluster) -> AsyncIterator[Facilities]:
    opened = await open_facilities(await postgres_cluster.fresh_database("facilities"))
    yield opened
    await close_facilities(opened)
