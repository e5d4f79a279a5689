"""What every resolver is given: who asks, in which language, and the doors of the services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from strawberry.types import Info

from gateway.clients.campaigns import Campaigns
from gateway.clients.eligibility import Eligibility
from gateway.clients.facilities import Facilities
from gateway.clients.gifts import Gifts
from gateway.clients.occasions import Occasions
from gateway.clients.overpayments import Overpayments
from gateway.clients.payments import Payments
from gateway.clients.recalculations import Recalculations
from gateway.clients.registry import Registry
from gateway.clients.run_checks import RunChecks
from gateway.clients.suspense import Suspense
from gateway.clients.upstream import Caller
from gateway.clients.worklist import Worklist
from gateway.schema.loaders import Loaders
from gateway.settings import GatewaySettings
from libs.common.kernel.clock import Clock
from libs.common.kernel.units import Units
from libs.common.runtime.access import authenticate
from libs.common.runtime.problems import wants_english
from libs.common.runtime.tokens import TokenVerifier


@dataclass(frozen=True, slots=True)
class Doors:
    """The four services, and what is the same for every request."""

    registry: Registry
    eligibility: Eligibility
    payments: Payments
    facilities: Facilities
    worklist: Worklist
    occasions: Occasions
    gifts: Gifts
    campaigns: Campaigns
    recalculations: Recalculations
    run_checks: RunChecks
    suspense: Suspense
    overpayments: Overpayments
    verifier: TokenVerifier
    units: Units
    clock: Clock
    settings: GatewaySettings


@dataclass(slots=True)
class Asked:
    """The GraphQL context: of one request, or of all operations of one socket."""

    doors: Doors
    authorization: str | None
    language: str
    loaders: Loaders = field(init=False)
    #: Strawberry puts the payload of a socket's `connection_init` here.
    connection_params: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        doors = self.doors
        self.loaders = Loaders(
            doors.registry,
            doors.eligibility,
            doors.payments,
            doors.facilities,
            doors.recalculations,
            lambda: self.caller,
        )

    @property
    def caller(self) -> Caller:
        return Caller(self.authorization, self.language)

    @property
    def today(self) -> date:
        """The civil day by which units are named."""
        return self.doors.clock.business_date()

    async def check(self) -> None:
        """Refusal `token_missing` or `token_invalid`. What the token allows, each service decides."""
        await authenticate(self.doors.verifier, self.authorization)

    def take_connection_params(self) -> None:
        """A browser can't set headers on a socket: they come in `connection_init` under the same names."""
        for name, value in (self.connection_params or {}).items():
            if not isinstance(value, str):
                continue
            if name.lower() == "authorization":
                self.authorization = value
            elif name.lower() == "accept-language":
                self.language = language_of(value)


def language_of(accept_language: str | None) -> str:
    return "en" if wants_english(accept_language) else "vi"


def asked(info: Info[Asked, None]) -> Asked:
    """The context, typed."""
    return info.context
