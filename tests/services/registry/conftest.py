"""A registry of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.services.registry.world import Registry, close_registry, open_registry
from tests.support.postgres import TestCluster


@pytest.fixture
async def registry(postgres_cluster: TestCluster) -> AsyncIterator[Registry]:
    opened = await open_registry(await postgres_cluster.fresh_database("registry"))
    yield opened
    await close_registry(opened)
