"""A database for an office, that outlives its days; and the packaged law, read once for all of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from services.eligibility.domain.policy import Policy
from services.eligibility.settings import PACKAGED_POLICY
from services.eligibility.store import policy_files
from services.eligibility.store.policy_node import Findings
from tests.services.eligibility.office import Files
from tests.support.broker import TestBroker
from tests.support.postgres import TestCluster


@pytest.fixture
async def files(postgres_cluster: TestCluster, broker: TestBroker) -> Files:
    return Files(await postgres_cluster.fresh_database("eligibility"), broker)


@pytest.fixture(autouse=True, scope="session")
def law_read_once() -> Iterator[None]:
    """Each office reads the same files: that took a tenth of all the time of these tests."""
    packaged = policy_files.load_files(PACKAGED_POLICY)
    law = policy_files.policy_of(packaged)

    def load_files(
        folder: Path, overlay: Path | None = None, findings: Findings | None = None
    ) -> Mapping[str, object]:
        if (folder, overlay) == (PACKAGED_POLICY, None):
            return packaged
        return policy_files.load_files(folder, overlay, findings)

    def policy_of(files: Mapping[str, object], findings: Findings | None = None) -> Policy:
        return law if files is packaged else policy_files.policy_of(files, findings)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.eligibility.wiring.load_files", load_files)
        patched.setattr("services.eligibility.wiring.policy_of", policy_of)
        yield
