"""The assessment door over loopback, and the same server answering a constant.

`python -m uvicorn benchmarks.assessments:app --factory` serves both; nothing else of the service runs.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import orjson
from fastapi import FastAPI, Request

from contracts.problems import PROBLEMS
from libs.common.runtime import problems
from services.eligibility import wiring
from services.eligibility.api import assessments

CASE = {
    "id": "bench",
    "month": "2026-12",
    "as_of": "2026-12-31",
    "province": "01",
    "person": {"birth_date": "1949-05-17", "disability_degree": "severe", "pension_dong_monthly": 0},
    "household": {"poverty_status": "poor", "area": "other"},
    "dates": {"disability_certificate_on": "2022-03-01"},
    "context": {"already_receiving": True, "applied_for": ["monthly_allowance", "social_pension"]},
}


def app() -> FastAPI:
    made = FastAPI()
    problems.install(made, PROBLEMS)
    assessor = wiring.assessor()
    made.include_router(assessments.router(assessor))
    constant = assessor.assess(CASE)

    @made.post("/constant")
    async def answer(request: Request) -> dict[str, object]:
        await request.body()
        return constant

    return made


class Door:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def p50(self, path: str, requests: int) -> float:
        """The median of the seconds that a request takes."""
        body = orjson.dumps(CASE)
        head = (
            f"POST {path} HTTP/1.1",
            "Host: x",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        sent, seconds = "\r\n".join((*head, "", "")).encode() + body, []
        for _ in range(requests):
            began = time.perf_counter()
            self._socket.sendall(sent)
            self._answer()
            seconds.append(time.perf_counter() - began)
        return median(seconds)

    def _answer(self) -> None:
        read = b""
        while b"\r\n\r\n" not in read:
            read += self._socket.recv(1 << 16)
        head, _, body = read.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(1 << 16)


@contextmanager
def served() -> Iterator[Door]:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.assessments:app", "--factory"]
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    process = subprocess.Popen([*command, *options])
    try:
        yield _door(port, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _door(port: int, process: "subprocess.Popen[bytes]") -> Door:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            return Door(port)
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start; what it said stands above")
