"""A message to a subscriber, signed as Standard Webhooks 1.0 says. Redirects are not followed."""

import asyncio
import os
import ssl
import time
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

import httpcore
import orjson
from standardwebhooks.webhooks import Webhook as Signing

from services.payments.clients.webhooks.guarded import AddressRefused, GuardedNetwork
from services.payments.domain.webhooks import Answer
from services.payments.usecases.webhooks import Message

_SECONDS_MAX = 10.0
#: What is read of an answer before the connection is closed: its status is all that counts.
_ANSWER_BYTES_MAX = 4_096
#: More than all senders use at once: nobody waits for another subscriber's connection.
_CONNECTIONS_MAX = 200


def new_secret() -> str:
    """256 bits, in the form of Standard Webhooks."""
    return f"whsec_{b64encode(os.urandom(32)).decode()}"


def body_of(message: Message) -> bytes:
    return orjson.dumps({"type": message.type, "timestamp": message.at, "data": message.data})


def signed(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> list[tuple[str, str]]:
    """The headers: a signature by each secret that is valid."""
    text = body.decode()
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", str(int(at.timestamp()))),
        ("webhook-signature", " ".join(Signing(secret).sign(message_id, at, text) for secret in secrets)),
    ]


class WebhookPost:
    """Implements usecases.webhooks.Post over connections that are guarded."""

    def __init__(self, network: GuardedNetwork, tls: ssl.SSLContext | None = None) -> None:
        self._network = network
        self._tls = tls
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def __call__(self, url: str, secrets: Sequence[str], message: Message) -> Answer:
        began = time.monotonic()
        status, fault = None, None
        try:
            async with asyncio.timeout(_SECONDS_MAX):
                status = await self._send(url, secrets, message)
        except AddressRefused:
            fault = "address_private"
        except TimeoutError:
            fault = "timeout"
        except ssl.SSLError:
            fault = "tls"
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
            fault = "unreachable"
        if status is not None and not 200 <= status < 300:
            fault = "redirect" if 300 <= status < 400 else "refused"
        milliseconds = int((time.monotonic() - began) * 1_000)
        return Answer(fault is None, status, fault, milliseconds)

    async def _send(self, url: str, secrets: Sequence[str], message: Message) -> int:
        body = body_of(message)
        headers = [
            ("content-type", "application/json"),
            ("user-agent", "ansinh-webhooks/1"),
            *signed(secrets, message.message_id, datetime.now(UTC), body),
        ]
        read = 0
        async with self._connections().stream("POST", url, headers=headers, content=body) as answer:
            async for chunk in answer.aiter_stream():
                read += len(chunk)
                if read > _ANSWER_BYTES_MAX:
                    break
            return answer.status

    def _connections(self) -> httpcore.AsyncConnectionPool:
        # A connection that is kept is one to an address that was checked.
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                self._tls or ssl.create_default_context(),
                max_connections=_CONNECTIONS_MAX,
                max_keepalive_connections=20,
                keepalive_expiry=5.0,
                network_backend=self._network,
            )
        return self._pool
