"""Somebody who is called by webhooks: a real server on this machine that answers as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Call:
    """One message as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.told["data"]
        return found

    def verify(self, secret: str) -> None:
        """As a receiver does it, by the library; it raises where it is not right."""
        Webhook(secret).verify(self.body, self.headers)


@dataclass
class Subscriber:
    """`answer`: the status for a call, None to say nothing. `calls` are kept whatever is answered."""

    port: int
    answer: Callable[[Call], int | None] = lambda _: 204
    calls: list[Call] = field(default_factory=list)
    taken: list[Call] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    location: str = "http://127.0.0.1:1/"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/an-sinh"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
        call = Call(headers, await reader.readexactly(int(headers["content-length"])))
        self.calls.append(call)
        self.called.set()
        status = self.answer(call)
        if status is None:
            await asyncio.sleep(60)
            return
        if status < 300:
            self.taken.append(call)
        more = f"Location: {self.location}\r\n" if 300 <= status < 400 else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def subscriber() -> AsyncIterator[Subscriber]:
    made = Subscriber(0)
    server = await asyncio.start_server(lambda r, w: made.serve(r, w), "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
