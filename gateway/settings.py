"""What the gateway is told at its start: where the four services answer, and how patient it is."""

from collections.abc import Mapping
from typing import Self

from pydantic import SecretStr, model_validator

from libs.common.runtime.settings import ServiceSettings

_PORTS = {"registry": 8101, "eligibility": 8102, "payments": 8103, "facilities": 8104}


class GatewaySettings(ServiceSettings):
    """Sign-in as every service has it; no database, since the gateway holds no facts.

    `<service>_url`: base URL of a service, without a slash at its end; by default the local port.
    """

    database_url: SecretStr = SecretStr("")
    database_url_migrator: SecretStr = SecretStr("")
    database_url_bulk: SecretStr = SecretStr("")
    port_base: int = 8100
    registry_url: str = ""
    eligibility_url: str = ""
    payments_url: str = ""
    facilities_url: str = ""
    #: Seconds until a service that does not answer counts as away.
    answer_seconds_max: float = 10.0
    #: Calls under way at once, to all services together.
    connections_max: int = 64
    #: Seconds between two looks at a run that somebody watches.
    progress_seconds: float = 0.5
    #: Seconds that a watched run's service may be away before the subscription ends with an outage.
    progress_outage_seconds_max: float = 60.0
    #: Seconds between two checks of a subscriber's token; under the 60 in which a revoked one must be cut.
    token_check_seconds: float = 15.0

    @classmethod
    def from_environment(cls, service: str = "gateway", environment: Mapping[str, str] | None = None) -> Self:
        """Read `ANSINH_*`, such as ANSINH_REGISTRY_URL."""
        return super().from_environment(service, environment)

    @model_validator(mode="before")
    @classmethod
    def _local_ports(cls, values: dict[str, object]) -> dict[str, object]:
        moved = int(str(values.get("port_base", 8100))) - 8100
        local = {f"{name}_url": f"http://127.0.0.1:{port + moved}" for name, port in _PORTS.items()}
        return {**local, **values}
