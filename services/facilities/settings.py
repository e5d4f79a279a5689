"""What the facilities service is told at its start."""

from pydantic import Field

from libs.common.runtime.settings import ServiceSettings


class FacilitiesSettings(ServiceSettings):
    """`ANSINH_*`; the sealing key of payments and field_key are required."""

    account_cooling_days: int = Field(
        default=3, ge=0, description="Days before an account is paid that takes another one's place."
    )
