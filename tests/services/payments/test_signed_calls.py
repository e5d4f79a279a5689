"""A partner that is called may be slow, talkative or lead elsewhere: none of it is an answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from libs.common.kernel.errors import Outage
from libs.common.runtime.signatures import HEADER, Signer, is_signed, new_signing_keys
from services.payments.clients.signed_calls import Answer, SignedCalls

OURS = Signer(new_signing_keys())


class Partner:
    """Answers each request with `parts`, a tenth of a second apart. `heard`: requests as they came."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.readuntil(b"BODY"))
        try:
            for part in self.parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.1)
        except ConnectionError:
            return
        finally:
            writer.close()


@pytest.fixture
async def partner() -> AsyncIterator[tuple[Partner, str]]:
    made = Partner()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    yield made, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/door"
    server.close()


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def called(url: str) -> Answer:
    return await SignedCalls(OURS, seconds_max=0.5, bytes_max=100).post(
        url, b"BODY", {"Idempotency-Key": "k"}
    )


async def test_an_answer_comes_with_its_signature_and_the_question_with_ours(
    partner: tuple[Partner, str],
) -> None:
    made, url = partner
    made.parts = [http("200 OK", b"yes", f"{HEADER}: a..b")]
    assert await called(url) == Answer(b"yes", "a..b")
    [heard] = made.heard
    sent = dict(line.split(": ", 1) for line in heard.decode().split("\r\n")[1:] if ": " in line)
    signature = next(value for name, value in sent.items() if name.lower() == HEADER.lower())
    assert is_signed(b"BODY", signature, OURS.public()["keys"])


async def test_what_404_says_is_told_apart_with_its_signature(partner: tuple[Partner, str]) -> None:
    made, url = partner
    made.parts = [http("404 Not Found", b"none", f"{HEADER}: a..b")]
    assert await called(url) == Answer(b"none", "a..b", found=False)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [http("500 Oh", b"")],
        [http("302 Found", b"", "Location: /elsewhere")],
        [http("200 OK", b"x" * 101)],
        [http("200 OK", b"x" * 90)[:-80], *[b"x"] * 80],
        [b"no http at all\r\n\r\n"],
    ],
    ids=["hung up", "500", "redirect", "too much", "drop by drop", "no http"],
)
async def test_whatever_else_comes_is_no_answer(partner: tuple[Partner, str], parts: list[bytes]) -> None:
    made, url = partner
    made.parts = parts
    with pytest.raises(Outage):
        await called(url)
    assert len(made.heard) == 1
