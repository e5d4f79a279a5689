"""A platform as partners see it: an issuer and the payments' doors, with switches for what can go wrong."""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from libs.common.runtime.signatures import HEADER, Signer

SECRET = "a secret of this test"


@dataclass
class File:
    agency_code: str
    content: bytes
    #: Contents of the reports, in the order in which they were accepted.
    reports: list[bytes] = field(default_factory=list)
    reports_expected: int = 2

    @property
    def ready(self) -> bool:
        return len(self.reports) < self.reports_expected


@dataclass
class Platform:
    """`signer` signs what is fetched, `published` are the keys. `failures`: answers given instead of the real
    ones, one by one. `stuck`: no report after so many."""

    files: dict[str, File] = field(default_factory=dict)
    signer: Signer = field(default_factory=lambda: Signer(None))
    published: dict[str, Any] = field(default_factory=lambda: {"keys": []})
    failures: list[int] = field(default_factory=list)
    refuse_reports_of: dict[str, int] = field(default_factory=dict)
    reports_max: int | None = None
    page_items: int = 2
    tokens: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_port}"

    def start(self, port: int = 0) -> None:
        platform = self

        class Handler(_Handler):
            world = platform

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    def reported(self) -> int:
        return sum(len(file.reports) for file in self.files.values())


class _Handler(BaseHTTPRequestHandler):
    world: Platform
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            asked = json.loads(body)
            assert asked["secret"] == SECRET and asked["as"].startswith("bank:")
            token = f"token-{len(self.world.tokens)}"
            self.world.tokens[token] = asked["as"].removeprefix("bank:")
            return self._answer(200, {"access_token": token, "expires_in": 3600})
        agency = self._agency()
        if agency is None:
            return None
        url = urlsplit(self.path)
        assert url.path == "/v1/partner-reports"
        file_id = parse_qs(url.query)["payment_file_id"][0]
        file = self.world.files[file_id]
        assert file.agency_code == agency
        if file_id in self.world.refuse_reports_of:
            return self._answer(self.world.refuse_reports_of[file_id], {"code": "report_unreadable"})
        if self.world.reports_max is not None and self.world.reported() >= self.world.reports_max:
            return self._answer(503, {"code": "outage"})
        content = _part(body)
        if content not in file.reports:
            file.reports.append(content)
        return self._answer(202, {"report_id": "rep_0"})

    def do_GET(self) -> None:
        if self.path == "/.well-known/jwks.json":
            return self._answer(200, self.world.published)
        agency = self._agency()
        if agency is None:
            return None
        url = urlsplit(self.path)
        if url.path == "/v1/payment-files":
            return self._answer(200, self._page(agency, parse_qs(url.query)))
        file = self.world.files[url.path.split("/")[3]]
        assert file.agency_code == agency and url.path.endswith("/content")
        return self._answer(200, file.content, self.world.signer.sign(file.content))

    def _page(self, agency: str, query: dict[str, list[str]]) -> dict[str, Any]:
        assert query["status"] == ["ready"]
        start = int(query.get("cursor", ["0"])[0])
        mine = [(i, f) for i, f in self.world.files.items() if f.agency_code == agency and f.ready]
        end = start + self.world.page_items
        items = [
            {
                "payment_file_id": file_id,
                "run_id": "run_0",
                "agency_code": agency,
                "sha256": hashlib.sha256(file.content).hexdigest(),
                "status": "ready",
            }
            for file_id, file in mine[start:end]
        ]
        return {"items": items, "next_cursor": str(end) if end < len(mine) else None}

    def _agency(self) -> str | None:
        """Whose token it is; None once a failure was answered."""
        self.world.asked += 1
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.world.failures:
            self._answer(self.world.failures.pop(0), {"code": "planted"})
            return None
        if token not in self.world.tokens:
            self._answer(401, {"code": "token_invalid"})
            return None
        return self.world.tokens[token]

    def _answer(self, status: int, body: dict[str, Any] | bytes, signature: str | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if signature:
            self.send_header(HEADER, signature)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: pytest shows what fails."""


def _part(body: bytes) -> bytes:
    """The content of the one part of a multipart body."""
    found = re.match(rb"(--[^\r\n]+)\r\n.*?\r\n\r\n", body, re.DOTALL)
    assert found and b'name="file"; filename="' in found[0]
    return body[found.end() : body.rindex(b"\r\n" + found[1])]
