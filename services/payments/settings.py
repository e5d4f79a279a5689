"""What payments are told at their start, beside what every service is told."""

from pydantic import Field

from libs.common.runtime.settings import ServiceSettings


class PaymentsSettings(ServiceSettings):
    """`ANSINH_*`; seal_private, field_key and blind_index_key are required."""

    payer_name: str = Field(
        default="Nguồn kinh phí trợ giúp xã hội", description="Whom payment files name as the payer."
    )
    payer_account: str = Field(
        default="TGXH{province}",
        description="The account paid from; {province} is replaced by the province's code.",
    )
    report_bytes_max: int = Field(default=64 * 2**20, description="Largest report of a partner taken.")
    #: Under the 60 in which the stream of a revoked token must be cut.
    token_check_seconds: float = Field(default=15.0, description="Between two checks of a reader's token.")
    stream_seconds: float = Field(default=0.5, description="Between two looks for what is new to a stream.")
