"""What the registry is told at its start, beside what every service is told."""

from pydantic import Field

from libs.common.runtime.settings import ServiceSettings


class RegistrySettings(ServiceSettings):
    """`ANSINH_*`; sealing keys of eligibility and payments, field_key and blind_index_key are required."""

    account_cooling_days: int = Field(
        default=3, ge=0, description="Days before an account is paid that takes another one's place."
    )
    import_csv_bytes_max: int = Field(default=512 * 2**20, description="Largest CSV file taken.")
    import_xlsx_bytes_max: int = Field(default=32 * 2**20, description="Largest XLSX file taken.")
