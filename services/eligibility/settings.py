"""What the eligibility service is told at its start."""

from pathlib import Path

from pydantic import Field

from libs.common.runtime.settings import ServiceSettings

PACKAGED_POLICY = Path(__file__).parents[2] / "policy"


class EligibilitySettings(ServiceSettings):
    """The frame's settings, and where the law is read from."""

    policy_dir: Path = Field(default=PACKAGED_POLICY, description="Folder of policy files.")
    policy_overlay: Path | None = Field(
        default=None, description="Folder of policy files that take the place of those or add a province's."
    )
