"""The gateway put together: the only file that knows every room. No database: it holds no facts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.routing import Mount, Route, WebSocketRoute

from contracts.problems import PROBLEMS
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
from gateway.clients.upstream import Upstream
from gateway.clients.worklist import Worklist
from gateway.engine.limits import Limits
from gateway.schema.build import schema
from gateway.schema.context import Doors
from gateway.schema.door import STATIC, GraphQLDoor
from gateway.settings import GatewaySettings
from libs.common.kernel.clock import WallClock
from libs.common.runtime import process
from libs.common.runtime.access import open_to_all
from libs.common.runtime.service import bare_app
from libs.common.runtime.tokens import TokenVerifier
from libs.common.runtime.units import administrative_units


def app() -> FastAPI:
    """`uvicorn gateway.wiring:app --factory`."""
    settings = GatewaySettings.from_environment()
    return build(settings, http=pool(settings))


def pool(settings: GatewaySettings) -> httpx.AsyncClient:
    """One pool of connections for all services and all requests."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(settings.answer_seconds_max, connect=2.0),
        limits=httpx.Limits(
            max_connections=settings.connections_max, max_keepalive_connections=settings.connections_max
        ),
        trust_env=False,
    )


def build(
    settings: GatewaySettings,
    http: httpx.AsyncClient,
    limits: Limits | None = None,
    verifier: TokenVerifier | None = None,
) -> FastAPI:
    """The application over any pool; tests give one that leads to services of their own."""
    process.begin("gateway")
    limits = limits or Limits()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with http:
            yield

    application = bare_app("An Sinh gateway", settings, PROBLEMS, lifespan=lifespan)
    if verifier:
        application.state.verifier = verifier
    doors = _doors(settings, http, application.state.verifier)
    door = GraphQLDoor(schema(limits), doors, PROBLEMS, limits)
    application.router.routes += [
        Mount("/graphql/files", StaticFiles(directory=STATIC)),
        Route("/graphql", door),
        WebSocketRoute("/graphql", door),
    ]

    @application.get("/readyz", dependencies=[open_to_all()], tags=["health"])
    async def readyz() -> dict[str, str]:
        """Ready as soon as it answers: a service that is away is said in the field that needs it."""
        return {"status": "ready"}

    @application.get("/", dependencies=[open_to_all()], include_in_schema=False)
    async def front() -> RedirectResponse:
        """To the playground."""
        return RedirectResponse("graphql")

    return application


def _doors(settings: GatewaySettings, http: httpx.AsyncClient, verifier: TokenVerifier) -> Doors:
    registry = Upstream(http, "registry", settings.registry_url)
    facilities = Upstream(http, "facilities", settings.facilities_url)
    eligibility = Upstream(http, "eligibility", settings.eligibility_url)
    payments = Upstream(http, "payments", settings.payments_url)
    return Doors(
        registry=Registry(registry),
        eligibility=Eligibility(eligibility),
        worklist=Worklist(eligibility),
        occasions=Occasions(eligibility),
        recalculations=Recalculations(eligibility),
        payments=Payments(payments),
        run_checks=RunChecks(payments),
        suspense=Suspense(payments),
        overpayments=Overpayments(payments),
        campaigns=Campaigns(payments),
        gifts=Gifts(payments),
        facilities=Facilities(facilities),
        verifier=verifier,
        units=administrative_units(),
        clock=WallClock(settings.business_date),
        settings=settings,
    )
