"""What each child is told. A variable that the caller has set is never replaced."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local import postgres
from deploy.local.keys import ROLES, SERVICES, Secrets
from deploy.local.places import HOST, Places

EMBEDDED = "embedded"
APACHE = "apache"
ELSEWHERE = "elsewhere"
#: The wallet operators that simulators/ is, each with what stands before its address.
_WALLETS = {"971005": "", "971011": "g2p-connect+"}


@dataclass(frozen=True, slots=True)
class Choice:
    """How this platform is started. `kafka`: embedded or apache, unless ANSINH_KAFKA_BOOTSTRAP names one."""

    kafka: str = EMBEDDED
    simulators: bool = True
    #: Of eligibility and of payments each, processes that do nothing but work beside the service.
    workers: int = 0
    #: Holds the civil day still, for scenarios (YYYY-MM-DD).
    business_date: str | None = None


def database_variable(service: str, role: str) -> str:
    suffix = "" if role == "app" else f"_{role.upper()}"
    return f"ANSINH_DATABASE_URL_{service.upper()}{suffix}"


def embedded_services(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The services whose databases are not named by the caller: they live on the embedded server."""
    environment = os.environ if environment is None else environment
    return tuple(
        service
        for service in SERVICES
        if not all(environment.get(database_variable(service, role)) for role in ROLES)
    )


def kafka_kind(choice: Choice, environment: Mapping[str, str] | None = None) -> str:
    environment = os.environ if environment is None else environment
    return ELSEWHERE if environment.get("ANSINH_KAFKA_BOOTSTRAP") else choice.kafka


def of_services(places: Places, secrets: Secrets, choice: Choice) -> dict[str, str]:
    """One environment that holds all services: what is ours, what the caller set, what is theirs to set."""
    given = {name: value for name, value in os.environ.items() if value}
    return {**_replaceable(places, secrets, choice), **given, **_of_this_platform(places, secrets, choice)}


def _of_this_platform(places: Places, secrets: Secrets, choice: Choice) -> dict[str, str]:
    """Where this platform stands; a caller's variable of another one must not lead its children astray."""
    made = {
        "ANSINH_VAR": str(places.var),
        "ANSINH_DATA_DIR": str(places.data),
        "ANSINH_PORT_BASE": str(places.port_base),
        "ANSINH_OIDC_ISSUER": places.url("issuer"),
        "ANSINH_OIDC_AUDIENCE": "ansinh",
        "ANSINH_LOCAL": "true",
        "ANSINH_WEBHOOK_LOOPBACK": "true",
        "ANSINH_LOCAL_ISSUER_SECRET": secrets.issuer_secret,
        **{f"ANSINH_{service.upper()}_URL": places.url(service) for service in SERVICES},
        "PYTHONUNBUFFERED": "1",
    }
    if choice.business_date:
        made["ANSINH_BUSINESS_DATE"] = choice.business_date
    return made


def _replaceable(places: Places, secrets: Secrets, choice: Choice) -> dict[str, str]:
    """Servers and keys, each of which the caller may name instead."""
    made = {"ANSINH_KAFKA_BOOTSTRAP": f"{HOST}:{places.port('broker')}"}
    if secrets.signing_keys:
        made["ANSINH_SIGNING_KEYS"] = secrets.signing_keys
    if choice.simulators:
        made["ANSINH_WALLETS"] = ",".join(
            f"{code}={spoken}{places.url('simulators')}/wallets/{code}" for code, spoken in _WALLETS.items()
        )
    kind = kafka_kind(choice)
    if kind != ELSEWHERE:
        made["ANSINH_KAFKA_IDEMPOTENT_PRODUCER"] = "true" if kind == APACHE else "false"
    for service in SERVICES:
        for role in ROLES:
            password = secrets.passwords[f"{service}_{role}"]
            made[database_variable(service, role)] = postgres.service_url(
                places.port("postgres"), service, role, password
            )
        made[f"ANSINH_FIELD_KEY_{service.upper()}"] = secrets.field_key[service]
        made[f"ANSINH_BLIND_INDEX_KEY_{service.upper()}"] = secrets.blind_index_key[service]
    for service, private in secrets.seal_private.items():
        made[f"ANSINH_SEAL_PRIVATE_{service.upper()}"] = private
        made[f"ANSINH_SEAL_PUBLIC_{service.upper()}"] = secrets.seal_public[service]
    return made


def of_one(service: str, everything: Mapping[str, str]) -> dict[str, str]:
    """What one child needs: no other service's database, private key, field key; no issuer's secret."""
    others = [f"_{other.upper()}" for other in SERVICES if other != service]
    private = ("ANSINH_DATABASE_URL", "ANSINH_SEAL_PRIVATE", "ANSINH_FIELD_KEY", "ANSINH_BLIND_INDEX_KEY")

    def is_foreign(name: str) -> bool:
        if name == "ANSINH_LOCAL_ISSUER_SECRET":
            return service != "simulators"
        if name == "ANSINH_SIGNING_KEYS":
            return service != "payments"
        return name.startswith(private) and any(other in name for other in others)

    return {name: value for name, value in everything.items() if not is_foreign(name)}
