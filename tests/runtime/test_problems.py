"""What kind of failure a caller is told of."""

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from contracts.problems import PROBLEMS
from libs.common.runtime import problems


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (asyncpg.ConnectionDoesNotExistError("closed in the middle"), 503, "outage"),
        (asyncpg.AdminShutdownError("terminating connection"), 503, "outage"),
        (asyncpg.CrashShutdownError("another server process crashed"), 503, "outage"),
        (TimeoutError(), 503, "outage"),
        (asyncpg.UniqueViolationError("duplicate key"), 500, "internal_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_a_database_that_goes_away_is_an_outage_and_no_bug(
    failure: Exception, status: int, code: str
) -> None:
    app = FastAPI()
    problems.install(app, PROBLEMS)

    @app.get("/fails")
    async def fails() -> None:
        raise failure

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/fails")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
