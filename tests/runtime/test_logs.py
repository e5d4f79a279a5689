"""What reaches the log of what nobody caught: class and place, never the values it quotes."""

import asyncio
import gc
import io
import logging
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from contracts.problems import PROBLEMS
from libs.common.runtime import logs, problems
from tests.support.ports import free_port_base

_SECRET = "079085001234 Nguyễn Thị Giả"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    before = logging.getLogRecordFactory()
    logs.configure("test")
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(before)


async def test_a_bug_behind_the_web_server_is_logged_without_its_message(
    written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    app = FastAPI()
    problems.install(app, PROBLEMS)

    @app.get("/breaks")
    async def breaks() -> None:
        raise ValueError(_SECRET)

    port = free_port_base()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve())
    for _ in range(500):
        if not server.started:
            await asyncio.sleep(0.02)
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/breaks")
    server.should_exit = True
    await serving
    out, err = capfd.readouterr()
    everything = out + err + written.getvalue() + answer.text
    assert answer.status_code == 500
    assert "ValueError" in everything
    assert _SECRET not in everything


async def test_a_task_that_nobody_awaited_is_logged_without_its_message(written: io.StringIO) -> None:
    async def breaks() -> None:
        raise ValueError(_SECRET)

    task = asyncio.create_task(breaks())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
    assert "ValueError" in written.getvalue()
    assert _SECRET not in written.getvalue()
