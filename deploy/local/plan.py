"""Which children a platform has, in the order in which they start."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from deploy.local import apache_kafka, broker, environment, postgres
from deploy.local.children import Child, answers, at_once, listens
from deploy.local.environment import APACHE, ELSEWHERE, Choice, embedded_services, kafka_kind
from deploy.local.keys import SERVICES, Secrets
from deploy.local.places import HOST, ROOT, Places
from deploy.local.processes import Command

_GRACE_SECONDS = "3"
#: Determinations and payment runs are cut into parts that any process may do.
_WITH_WORKERS = ("eligibility", "payments")
#: Of one WebSocket message to the gateway: as much as it takes of a query.
_MESSAGE_BYTES_MAX = "65536"


@dataclass
class Plan:
    """`servers` start first, `migrations` run once, then `services`."""

    servers: list[Child] = field(default_factory=list)
    migrations: list[Command] = field(default_factory=list)
    services: list[Child] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    cluster: postgres.Cluster | None = None

    @property
    def children(self) -> list[Child]:
        return [*self.servers, *self.services]


def make(places: Places, secrets: Secrets, choice: Choice) -> Plan:
    plan = Plan()
    everything = environment.of_services(places, secrets, choice)
    if embedded_services():
        _add_postgres(plan, places, secrets)
    if kafka_kind(choice) != ELSEWHERE:
        _add_broker(plan, places, choice)
    _add(plan.servers, plan, places, "issuer", ["-m", "deploy.local.issuer"], everything)
    argv = [sys.executable, "-m", "deploy.local.migrations", *SERVICES]
    plan.migrations.append(Command("migrations", argv, everything, folder=ROOT))
    for service in SERVICES:
        _add(plan.services, plan, places, service, _uvicorn(f"services.{service}.wiring:app"), everything)
    for service in _WITH_WORKERS:
        for number in range(1, choice.workers + 1):
            plan.services.append(_worker(service, number, places, everything))
    gateway = _uvicorn("gateway.wiring:app", "--ws-max-size", _MESSAGE_BYTES_MAX)
    _add(plan.services, plan, places, "gateway", gateway, everything)
    if choice.simulators and find_spec("simulators.main"):
        _add(plan.services, plan, places, "simulators", ["-m", "simulators.main"], everything)
    return plan


def _worker(service: str, number: int, places: Places, everything: Mapping[str, str]) -> Child:
    name, variables = f"{service}-worker-{number}", environment.of_one(service, everything)
    command = Command(name, [sys.executable, "-m", f"services.{service}.wiring"], variables, folder=ROOT)
    return Child(name, lambda: command, at_once, places.log / f"{name}.log")


def _uvicorn(application: str, *more: str) -> list[str]:
    options = ["--host", HOST, "--log-level", "warning", "--no-access-log"]
    return [
        "-m",
        "uvicorn",
        application,
        "--factory",
        *options,
        "--timeout-graceful-shutdown",
        _GRACE_SECONDS,
        *more,
    ]


def _add(
    to: list[Child],
    plan: Plan,
    places: Places,
    name: str,
    arguments: list[str],
    everything: Mapping[str, str],
) -> None:
    port = places.port(name)
    if "uvicorn" in arguments:
        arguments = [*arguments, "--port", str(port)]
    variables = environment.of_one(name, everything)
    command = Command(name, [sys.executable, *arguments], variables, folder=ROOT)
    plan.ports[name] = port
    to.append(Child(name, lambda: command, answers(f"{places.url(name)}/readyz"), places.log / f"{name}.log"))


def _add_postgres(plan: Plan, places: Places, secrets: Secrets) -> None:
    cluster = postgres.Cluster(places.postgres, places.port("postgres"), secrets.superuser_password)

    def make_command() -> Command:
        postgres.prepare(cluster)
        return postgres.command(cluster)

    async def ready() -> bool:
        return await postgres.is_ready(cluster)

    plan.cluster = cluster
    plan.ports["postgres"] = cluster.port
    plan.servers.append(Child("postgres", make_command, ready, places.log / "postgres.log"))


def _add_broker(plan: Plan, places: Places, choice: Choice) -> None:
    port = places.port("broker")
    plan.ports["broker"] = port
    if choice.kafka == APACHE:
        plan.ports["broker-controller"] = places.port("broker-controller")

    def make_command() -> Command:
        if choice.kafka == APACHE:
            return apache_kafka.command(places.var, port, places.port("broker-controller"), dict(os.environ))
        return broker.command(port)

    plan.servers.append(Child("broker", make_command, listens(port), places.log / "broker.log"))
