"""Fixtures that every test may name: a real PostgreSQL, a broker."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.broker import TestBroker, test_broker
from tests.support.postgres import TestCluster, test_cluster

# How long an example takes says nothing about the code on a machine that is busy with something else.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[TestCluster]:
    """One server for the session: `await postgres_cluster.fresh_database("payments")`."""
    with test_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def broker() -> Iterator[TestBroker]:
    """One embedded broker for the session; a test that kills it takes `own_broker`."""
    with test_broker() as made:
        yield made


@pytest.fixture
def own_broker() -> Iterator[TestBroker]:
    """A broker of the test's own, to be killed at will."""
    with test_broker() as made:
        yield made
