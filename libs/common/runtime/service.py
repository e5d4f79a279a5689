"""The shell that every service stands in: its doors, its relay and consumer, health, metrics, problems."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from libs.common.kernel.clock import WallClock
from libs.common.kernel.errors import Outage, Refusal
from libs.common.kernel.months import Month
from libs.common.runtime import api_pages, closing, dead_letters, problems, process
from libs.common.runtime.access import Actor, open_to_all, requires
from libs.common.runtime.consumer import Consumer, Handler, MonthClosed, nothing_on_month_closed
from libs.common.runtime.invariants import Invariant, report
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.problems import Problem
from libs.common.runtime.relay import Relay
from libs.common.runtime.settings import ServiceSettings
from libs.common.runtime.tokens import TokenVerifier
from libs.common.runtime.worker import Worker, end, repeating

_RELAY_IDLE_SECONDS = 0.05
_HEARTBEAT_SECONDS = 1.0


async def nothing_to_start() -> None:
    """For a service that has nothing to put by at its start."""


@dataclass(frozen=True)
class Service:
    """What makes one service differ from another, given to `build`."""

    settings: ServiceSettings
    database: Database
    problems: Mapping[str, Problem]
    title: str
    routers: Sequence[APIRouter] = ()
    publishes: Sequence[str] = ()
    #: Whether other services wait for this one's facts of a month.
    closes_months: bool = True
    #: Topics whose month markers must be in before this service closes a month.
    awaits: Sequence[str] = ()
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    workers: Sequence[Worker] = ()
    invariants: Sequence[Invariant] = ()
    #: How many events are kept to be told and do not stand in the log yet; SQL.
    untold: str = "select 0"
    on_month_closed: MonthClosed = nothing_on_month_closed
    closing_guard: closing.Guard = closing.nothing_to_guard
    #: Done once the database is open, before anything is answered.
    on_start: Callable[[], Awaitable[None]] = nothing_to_start

    @property
    def name(self) -> str:
        return self.settings.service


def build(service: Service) -> FastAPI:
    """The service as an ASGI application."""
    process.begin(service.name)
    app = bare_app(service.title, service.settings, service.problems, lifespan=_lifespan(service))
    routers = [*service.routers, _frame_router(service)]
    if service.handlers:
        routers.append(dead_letters.router(service.database, _consumer(service)))
    # Taken over as they are: `include_router` would make each route anew, a second time, for a prefix or a
    # dependency that it is not given.
    for router in routers:
        app.router.routes.extend(router.routes)
    return app


def bare_app(title: str, settings: ServiceSettings, listed: Mapping[str, Problem], lifespan: Any) -> FastAPI:
    """An application with sign-in, problems, offline API pages, `/livez` and `/metrics`, and no database."""
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.verifier = TokenVerifier(settings.oidc_issuer, settings.oidc_audience)
    problems.install(app, listed)
    api_pages.mount(app)

    @app.get("/livez", dependencies=[open_to_all()], tags=["health"])
    async def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @app.get("/metrics", dependencies=[open_to_all()], tags=["health"], response_class=Response)
    async def metrics() -> Response:
        """Prometheus text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def _lifespan(service: Service) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.database.open()
        await service.on_start()
        relay = Relay(service.database, service.settings, service.publishes)
        tasks = [asyncio.create_task(worker.run(), name=worker.name) for worker in _workers(service, relay)]
        try:
            yield
        finally:
            await end(tasks)
            await relay.close()
            await service.database.close()

    return lifespan


def _workers(service: Service, relay: Relay) -> list[Worker]:
    workers = list(service.workers)
    if service.publishes:
        workers.append(Worker("relay", relay.step, idle_seconds=_RELAY_IDLE_SECONDS))
        workers.append(Worker("heartbeat", relay.beat, idle_seconds=_HEARTBEAT_SECONDS))
    if service.handlers:
        workers.append(repeating("consumer", _consumer(service).run))
    return workers


def _consumer(service: Service) -> Consumer:
    return Consumer(service.database, service.settings, service.handlers, service.on_month_closed)


class MonthClosing(BaseModel):
    """A month whose facts are complete."""

    month: str


def _frame_router(service: Service) -> APIRouter:
    router = APIRouter()
    database = service.database

    @router.get("/readyz", dependencies=[open_to_all()], tags=["health"])
    async def readyz() -> dict[str, str]:
        """The database answers; 503 otherwise."""
        try:
            async with database.bulk() as connection:
                await connection.execute("select 1")
        except OSError as error:
            raise Outage("database") from error
        return {"status": "ready"}

    @router.get("/v1/positions", tags=["platform"])
    async def positions(actor: Annotated[Actor, requires("platform.positions.read")]) -> dict[str, Any]:
        """Per topic: how many events were published and applied, each with a digest of their ids.

        Equal digests mean the same set of events. `pending`: not yet told, or not yet given to the broker.
        """
        async with database.bulk() as connection:
            return await _positions(connection, service.untold)

    @router.get("/v1/invariants", tags=["platform"], response_model=dict[str, Any])
    async def invariants(actor: Annotated[Actor, requires("platform.verify")]) -> Response:
        """Every promise of this service with the number of its violations and some of their ids."""
        return await report(database, service.invariants)

    if service.closes_months:
        clock = WallClock(service.settings.business_date)
        permission = f"{service.name}.months.close"

        @router.post("/v1/month-closings", tags=["platform"])
        async def close_month(
            closing_: MonthClosing, actor: Annotated[Actor, requires(permission)]
        ) -> dict[str, Any]:
            """All facts of the month are in, the whole nation's: its markers follow them.

            409 `facts_not_settled` too early, 403 for an account of one province, 422 `month_invalid` for
            a month later than next month.
            """
            closing.require_national(actor)
            month = _month(closing_.month)
            closing.require_near(month, clock.business_date())
            async with database.bulk() as connection:
                newly = await closing.close_month(
                    connection,
                    service.name,
                    service.publishes,
                    service.awaits,
                    month,
                    service.closing_guard,
                )
            return {"month": str(month), "closed": True, "newly": newly}

    return router


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise Refusal(
            "month_invalid",
            "Tháng phải viết theo dạng NĂM-THÁNG, ví dụ 2026-10.",
            "Write the month as YYYY-MM, such as 2026-10.",
        ) from None


_PUBLISHED = (
    "select topic, count(*) as events, bit_xor(hashtextextended(event_id::text, 0)) as digest"
    " from outbox group by topic"
)
_APPLIED = _PUBLISHED.replace("outbox", "inbox")


async def _positions(connection: Connection, untold: str) -> dict[str, Any]:
    def shown(rows: Sequence[Any]) -> dict[str, Any]:
        return {row["topic"]: {"events": row["events"], "digest": str(row["digest"])} for row in rows}

    # What waits is counted first: what is told meanwhile then counts as published.
    waiting = await connection.fetchval(f"select ({untold}) + (select count(*) from outbox_pending)")
    return {
        "published": shown(await connection.fetch(_PUBLISHED)),
        "applied": shown(await connection.fetch(_APPLIED)),
        "pending": int(waiting),
        "set_aside": await connection.fetchval("select count(*) from dead_letter"),
    }
