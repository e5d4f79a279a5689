"""The subscription on a run's progress, over WebSocket and over server-sent events."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.gateway.world.services import INSTRUCTED, RUN, Services, run
from tests.support.issuer import HeldKeys, Signer

QUERY = "subscription ($run: ID!) { runProgress(runId: $run) { status settledDong progress } }"
PROTOCOLS = ["graphql-transport-ws"]


def stages(services: Services, *answers: dict[str, Any]) -> None:
    """The run as it is asked for again and again; the last answer stays."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])

    services.answers[f"payments /v1/runs/{RUN}"] = answer


def connect(socket: Any, token: str) -> dict[str, Any]:
    socket.send_json({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
    found: dict[str, Any] = socket.receive_json()
    return found


def subscribe(socket: Any) -> None:
    payload = {"query": QUERY, "variables": {"run": RUN}}
    socket.send_json({"id": "1", "type": "subscribe", "payload": payload})


def test_progress_is_told_until_the_run_is_reconciled(
    browser: TestClient, services: Services, signer: Signer
) -> None:
    half = run("instructed", INSTRUCTED // 2)
    stages(services, run("approved", 0), half, half, half, run("reconciled", INSTRUCTED))
    with browser.websocket_connect("/graphql", subprotocols=PROTOCOLS) as socket:
        assert connect(socket, signer.token())["type"] == "connection_ack"
        subscribe(socket)
        seen = []
        while (message := socket.receive_json())["type"] == "next":
            seen.append(message["payload"]["data"]["runProgress"])
        assert message == {"type": "complete", "id": "1"}
    assert seen == [
        {"status": "APPROVED", "settledDong": 0, "progress": 0.0},
        {"status": "INSTRUCTED", "settledDong": INSTRUCTED // 2, "progress": 0.5},
        {"status": "RECONCILED", "settledDong": INSTRUCTED, "progress": 1.0},
    ]


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_no_socket_without_a_token(browser: TestClient, token: str) -> None:
    with browser.websocket_connect("/graphql", subprotocols=PROTOCOLS) as socket:
        with pytest.raises(WebSocketDisconnect) as ended:
            connect(socket, token)
        assert ended.value.code == 4403


def test_a_revoked_token_is_cut(
    browser: TestClient, services: Services, signer: Signer, verifier: HeldKeys
) -> None:
    stages(services, run("instructed", 1))
    with browser.websocket_connect("/graphql", subprotocols=PROTOCOLS) as socket:
        connect(socket, signer.token())
        subscribe(socket)
        assert socket.receive_json()["type"] == "next"
        verifier.revoke()
        started = time.monotonic()
        message = socket.receive_json()
        assert time.monotonic() - started < 5
        assert message["payload"]["errors"][0]["extensions"]["code"] == "token_invalid"
        assert socket.receive_json()["type"] == "complete"


def test_an_outage_of_payments_is_ridden_out(browser: TestClient, services: Services, signer: Signer) -> None:
    answers: list[Callable[[httpx.Request], httpx.Response]] = [
        lambda _: httpx.Response(200, json=run("instructed", 1)),
        *[lambda _: httpx.Response(503, json={"code": "outage"})] * 5,
        lambda _: httpx.Response(200, json=run()),
    ]
    services.answers[f"payments /v1/runs/{RUN}"] = lambda request: answers.pop(0)(request)
    with browser.websocket_connect("/graphql", subprotocols=PROTOCOLS) as socket:
        connect(socket, signer.token())
        subscribe(socket)
        assert [socket.receive_json()["type"] for _ in range(3)] == ["next", "next", "complete"]


def test_an_attack_over_the_socket_is_refused(
    browser: TestClient, services: Services, signer: Signer
) -> None:
    with browser.websocket_connect("/graphql", subprotocols=PROTOCOLS) as socket:
        connect(socket, signer.token())
        query = "{ " + " ".join(f"a{i}: __typename" for i in range(100)) + " }"
        socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": query}})
        message = socket.receive_json()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "query_too_wide"
        socket.send_json({"id": "2", "type": "subscribe", "payload": {"query": "{ half"}})
        assert socket.receive_json()["payload"][0]["extensions"]["code"] == "query_unreadable"


def test_a_socket_holds_only_so_many_operations(
    browser: TestClient, services: Services, signer: Signer
) -> None:
    stages(services, run("instructed", 1))
    with browser.websocket_connect("/graphql", subprotocols=PROTOCOLS) as socket:
        connect(socket, signer.token())
        for i in range(11):
            payload = {"query": QUERY, "variables": {"run": RUN}}
            socket.send_json({"id": str(i), "type": "subscribe", "payload": payload})
        kinds = [socket.receive_json()["type"] for _ in range(11)]
        assert kinds.count("error") == 1


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "5",
        "[]",
        '{"type": "subscribe", "id": "1", "payload": "x"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "ping", "payload": {"a": "' + "a" * 70_000 + '"}}',
        "[" * 50_000,
    ],
)
def test_a_message_of_another_shape_ends_the_socket(
    browser: TestClient, signer: Signer, message: str
) -> None:
    with browser.websocket_connect("/graphql", subprotocols=PROTOCOLS) as socket:
        connect(socket, signer.token())
        socket.send_text(message)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
        assert ended.value.code == 4400


def test_only_pages_of_this_host_may_open_a_socket(browser: TestClient) -> None:
    headers = {"Origin": "http://elsewhere.test"}
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("/graphql", subprotocols=PROTOCOLS, headers=headers),
    ):
        pass


def test_progress_as_server_sent_events(browser: TestClient, services: Services, signer: Signer) -> None:
    stages(services, run("approved", 0), run())
    headers = {"Authorization": f"Bearer {signer.token()}", "Accept": "text/event-stream"}
    body = {"query": QUERY, "variables": {"run": RUN}}
    with browser.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    events = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    data = [orjson.loads(line[6:]) for line in lines if line.startswith("data: ") and line[6:]]
    assert events == ["next", "next", "complete"]
    assert [one["data"]["runProgress"]["status"] for one in data] == ["APPROVED", "RECONCILED"]


def test_a_token_that_expired_in_between_ends_the_events(
    browser: TestClient, services: Services, signer: Signer, verifier: HeldKeys
) -> None:
    stages(services, run("instructed", 1))
    # The verifier forgives 30 seconds, so this token holds for one or two more.
    headers = {"Authorization": f"Bearer {signer.token(lives_seconds=-28)}", "Accept": "text/event-stream"}
    body = {"query": QUERY, "variables": {"run": RUN}}
    started = time.monotonic()
    with browser.stream("POST", "/graphql", json=body, headers=headers) as response:
        text = "\n".join(response.iter_lines())
    assert time.monotonic() - started < 10
    assert "token_invalid" in text
