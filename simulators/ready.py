"""The simulators' own doors: `/livez`, `/readyz` for whoever started them, and the wallet operators'."""

import threading
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any

from libs.common.runtime.signatures import HEADER
from simulators.bank.names import NameDesk
from simulators.wallet.operator import Operator

_READY = b'{"status":"ready"}'
_BODY_BYTES_MAX = 16 * 2**20


class _Handler(BaseHTTPRequestHandler):
    def __init__(
        self, wallets: Mapping[str, Operator], banks: Mapping[str, NameDesk], *arguments: Any
    ) -> None:
        self._wallets = wallets
        self._banks = banks
        super().__init__(*arguments)

    def do_GET(self) -> None:
        found = self.path in ("/livez", "/readyz")
        self._answer(200 if found else 404, _READY if found else b"")

    def do_POST(self) -> None:
        """`/wallets/<code>` and `/banks/<code>` are the addresses of a wallet operator and of a bank."""
        _, kind, code, path = (self.path + "///").split("/", 3)
        partners: Mapping[str, Mapping[str, Operator | NameDesk]]
        partners = {"wallets": self._wallets, "banks": self._banks}
        partner = partners.get(kind, {}).get(code)
        length = int(self.headers.get("Content-Length", _BODY_BYTES_MAX + 1))
        if partner is None or length > _BODY_BYTES_MAX:
            return self._answer(404, b"")
        key, body = self.headers.get("Idempotency-Key", ""), self.rfile.read(length)
        if not partner.trusts(body, self.headers.get(HEADER)):
            return self._answer(401, b"")
        answered = partner.post("/" + path.rstrip("/"), key, body)
        if answered is None:
            self.close_connection = True
            return None
        return self._answer(*answered, partner.signer.sign(answered[1]))

    def _answer(self, status: int, body: bytes, signature: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if signature:
            self.send_header(HEADER, signature)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a probe is no news."""


def serve(
    host: str,
    port: int,
    wallets: Mapping[str, Operator] = MappingProxyType({}),
    banks: Mapping[str, NameDesk] = MappingProxyType({}),
) -> ThreadingHTTPServer:
    """A server in a thread of its own; OSError when the port is taken."""
    server = ThreadingHTTPServer((host, port), partial(_Handler, wallets, banks))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="ready", daemon=True).start()
    return server
