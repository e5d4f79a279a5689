"""What the facilities service is told at its start."""

from libs.common.runtime.settings import ServiceSettings


class FacilitiesSettings(ServiceSettings):
    """`ANSINH_*`; the sealing key of payments and field_key are required."""
