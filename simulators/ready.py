"""`/livez` and `/readyz`, for whoever started the simulators."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_BODY = b'{"status":"ready"}'


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path in ("/livez", "/readyz")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(_BODY) if found else 0))
        self.end_headers()
        if found:
            self.wfile.write(_BODY)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a probe is no news."""


def serve(host: str, port: int) -> ThreadingHTTPServer:
    """A server in a thread of its own; OSError when the port is taken."""
    server = ThreadingHTTPServer((host, port), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="ready", daemon=True).start()
    return server
