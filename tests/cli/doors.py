"""An issuer and an eligibility service on this machine, that answer what a test tells them to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.local import keys
from tests.support.ports import free_port_base

#: (path, authorization, body) to a status and a body.
Answer = Callable[[str, str | None, dict[str, Any]], tuple[int, dict[str, Any]]]


@contextmanager
def answering(answer: Answer, var: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    base = free_port_base()
    keys.load_or_make(var)
    monkeypatch.setenv("ANSINH_VAR", str(var))
    monkeypatch.setenv("ANSINH_PORT_BASE", str(base))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            self._say(json.loads(self.rfile.read(length) or b"{}"))

        def do_GET(self) -> None:
            self._say({})

        def _say(self, body: dict[str, Any]) -> None:
            status, said = answer(self.path, self.headers["authorization"], body)
            told = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: Any) -> None:
            """Nothing beside the command's own output."""

    # The shifts of eligibility and of the issuer.
    doors = [ThreadingHTTPServer(("127.0.0.1", base + shift), Handler) for shift in (2, 5)]
    for door in doors:
        threading.Thread(target=door.serve_forever, daemon=True).start()
    yield
    for door in doors:
        door.shutdown()
        door.server_close()
