"""Payment events by webhook. SECRET=whsec_... PORT=9000 python webhook_receiver.py"""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = Webhook(os.environ["SECRET"]).verify(body, dict(self.headers))
        except WebhookVerificationError:
            return self.send_error(400)
        print(self.headers["webhook-id"], event["type"], event["data"], flush=True)  # keep the ids you have
        self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
