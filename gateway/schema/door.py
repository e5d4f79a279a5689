"""`/graphql`: POST for operations, GET in a browser for the playground, WebSocket and SSE for progress."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET, UnsetType

from gateway.engine.limits import Limits
from gateway.schema.context import Asked, Doors, language_of
from libs.common.kernel.errors import Outage, Refusal
from libs.common.runtime import problems
from libs.common.runtime.api_pages import offline
from libs.common.runtime.problems import Problem

STATIC = Path(__file__).parents[1] / "static" / "graphiql"
_PAGE = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>An Sinh · GraphQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="graphql/files/graphiql.min.css">
<style>html, body, #page { height: 100%; margin: 0 }</style>
</head>
<body>
<div id="page"></div>
<script src="graphql/files/react.production.min.js"></script>
<script src="graphql/files/react-dom.production.min.js"></script>
<script src="graphql/files/graphql-ws.min.js"></script>
<script src="graphql/files/graphiql.min.js"></script>
<script src="graphql/files/start.js"></script>
</body>
</html>
"""
_SIGN_IN = frozenset({"token_missing", "token_invalid"})
_CONNECTION_INIT_SECONDS = 10


class _Operation(msgspec.Struct, rename="camel"):
    """The body of a request, and the payload of a `subscribe` message."""

    query: Annotated[str, msgspec.Meta(min_length=1)]
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class _Message(msgspec.Struct, omit_defaults=True):
    """A message of graphql-transport-ws. What each type may do is Strawberry's to say."""

    type: str
    id: str | None = None
    payload: dict[str, Any] | None = None


class GraphQLDoor(GraphQL[Asked, None]):
    """Strawberry's view with our page, our limits and our problems."""

    #: Every operation is asked for a token by the Guard; the page and its files are open.
    declared_access = "token"

    def __init__(
        self, schema: BaseSchema, doors: Doors, listed: Mapping[str, Problem], limits: Limits
    ) -> None:
        super().__init__(
            schema,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=_CONNECTION_INIT_SECONDS),
            max_subscriptions_per_connection=limits.operations_per_socket_max,
        )
        self._doors = doors
        self._listed = listed
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, self._bounded(receive))
        try:
            response = await self.run(request)
        except Refusal as refusal:
            response = self._problem(request, refusal)
        except HTTPException as error:
            response = self._problem(request, _not_ours(error.status_code))
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Asked:
        headers = request.headers
        return Asked(self._doors, headers.get("authorization"), language_of(headers.get("accept-language")))

    async def render_graphql_ide(self, request: Request) -> Response:
        return HTMLResponse(_PAGE, headers=offline())

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        """One operation as JSON. A list of them is refused: a batch would escape the cost rule."""
        if request.method != "POST":
            raise HTTPException(405, "")
        if not (request.content_type or "").startswith("application/json"):
            raise _unreadable()
        try:
            asked = msgspec.json.decode(await request.get_body(), type=_Operation)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, as is wrong UTF-8
            raise _unreadable() from None
        transport = self._get_stream_transport_from_headers(request.headers)
        return GraphQLRequestData(
            query=asked.query,
            variables=asked.variables,
            operation_name=asked.operation_name,
            extensions=None,
            protocol=transport.protocol if transport else "http",
        )

    def decode_json(self, data: str | bytes) -> object:
        """A socket's message in the protocol's shape; anything else ends the socket with code 4400."""
        try:
            if len(data) > self._limits.body_bytes_max:
                raise ValueError("message too large")
            message = msgspec.json.decode(data, type=_Message)
            found: dict[str, object] = msgspec.to_builtins(message)
            if message.type == "subscribe":
                found["payload"] = msgspec.to_builtins(msgspec.convert(message.payload, _Operation))
            return found
        except (ValueError, RecursionError):
            raise json.JSONDecodeError("not a message of the protocol", "", 0) from None

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()

    def create_response(
        self,
        response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse],
        sub_response: Response,
    ) -> Response:
        """200 as GraphQL has it, but 401 where nobody is signed in, so that clients know to do so."""
        response = super().create_response(response_data, sub_response)
        assert isinstance(response_data, dict)
        if response_data.get("data") is None and _codes(response_data) & _SIGN_IN:
            response.status_code = 401
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    async def on_ws_connect(self, context: Asked) -> UnsetType | dict[str, object] | None:
        """Code 4403 without a token that holds: from `connection_init`, or the handshake's header."""
        context.take_connection_params()
        try:
            await context.check()
        except (Refusal, Outage):
            raise ConnectionRejectionError from None
        unset: UnsetType = UNSET
        return unset

    def _bounded(self, receive: Receive) -> Receive:
        """`receive` that refuses a body beyond the limit, said or unsaid in Content-Length."""
        most, taken = self._limits.body_bytes_max, 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise Refusal(
                    "body_too_large",
                    f"Nội dung gửi lên vượt quá {most} byte. Hãy chia nhỏ.",
                    f"The body is over {most} bytes. Send it in parts.",
                )
            return message

        return bounded

    def _problem(self, request: Request, refusal: Refusal) -> Response:
        problem = self._listed[refusal.code]
        english = language_of(request.headers.get("accept-language")) == "en"
        return JSONResponse(
            problems.body(problem, refusal, english=english),
            problem.status,
            media_type="application/problem+json",
        )


def _codes(response_data: GraphQLHTTPResponse) -> set[object]:
    """The codes of a response's errors, as the Speaker wrote them."""
    errors = response_data.get("errors") or ()
    extensions = [error.get("extensions") for error in errors if isinstance(error, dict)]
    return {found.get("code") for found in extensions if isinstance(found, dict)}


def _unreadable() -> Refusal:
    return Refusal(
        "request_invalid",
        'Hãy gửi một thao tác dạng JSON: {"query": "...", "variables": {}}, kiểu application/json.',
        'Send one operation as JSON: {"query": "...", "variables": {}}, as application/json.',
    )


def _not_ours(status: int) -> Refusal:
    """What Strawberry says by HTTP status alone."""
    if status == 405:
        return Refusal(
            "method_not_allowed",
            "Địa chỉ này nhận POST; mở bằng trình duyệt để có trang thử truy vấn.",
            "This address takes POST; open it in a browser for the playground.",
        )
    return _unreadable()
