"""Who knows whom in eligibility."""

from pathlib import Path

from services.eligibility.domain.engine import Engine
from services.eligibility.store.policy_files import read_policy

#: The policy folder that this distribution carries.
PACKAGED_POLICY = Path(__file__).resolve().parents[2] / "policy"


def engine(policy_dir: Path | None = None) -> Engine:
    """The law engine over a policy folder (None: the packaged one). Refusal `policy_invalid`."""
    return Engine(read_policy(policy_dir or PACKAGED_POLICY))
