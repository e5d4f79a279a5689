"""Nothing is open by oversight: every route says who may use it, and every handler hears its topics."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from deploy.contracts import SERVICES, unconnected_app
from libs.common.runtime.access import PERMISSIONS

#: What anybody may ask without a token: health, the API page, the law engine on a case of one's own, what
#: was given and what became of it.
OPEN = {"/livez", "/readyz", "/metrics", "/docs", "/.well-known/jwks.json"} | {
    "/v1/assessments",
    "/v1/gifts",
    "/v1/donation-report",
}


def declared(dependant: Dependant) -> Iterator[str]:
    access = getattr(dependant.call, "declared_access", None)
    if access:
        yield access
    for below in dependant.dependencies:
        yield from declared(below)


def routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.routes if isinstance(route, APIRoute)]


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_declares_its_access_once(service: str) -> None:
    app = unconnected_app(service)
    assert routes(app)
    for route in routes(app):
        access = list(declared(route.dependant))
        assert len(access) == 1, f"{route.path} declares {access}"
        assert access[0] == "open" or access[0] in PERMISSIONS


@pytest.mark.parametrize("service", SERVICES)
def test_only_what_is_meant_to_be_is_open(service: str) -> None:
    open_paths = {
        route.path
        for route in routes(unconnected_app(service))
        if list(declared(route.dependant)) == ["open"]
    }
    assert open_paths <= OPEN


def test_a_route_without_a_declaration_is_seen() -> None:
    app = FastAPI()

    @app.get("/v1/forgotten")
    async def forgotten() -> None:
        return None

    [route] = [route for route in routes(app) if route.path == "/v1/forgotten"]
    assert list(declared(route.dependant)) == []
