"""A signed call of a partner's door: bounded in time and size, and no redirect is followed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from libs.common.kernel.errors import Outage
from libs.common.runtime.signatures import HEADER, Signer

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a 2xx, or of a 404 (not `found`), and the signature that came with it."""

    content: bytes
    signature: str | None
    found: bool = True


class SignedCalls:
    """`seconds_max`: of a whole call; `bytes_max`: of an answer."""

    def __init__(self, signer: Signer, seconds_max: float, bytes_max: int) -> None:
        self._signer = signer
        self._seconds_max = seconds_max
        self._bytes_max = bytes_max
        self._http: httpx.AsyncClient | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Outage for whatever is neither 2xx nor 404, or comes too late, or is too much."""
        signature = await asyncio.to_thread(self._signer.sign, body)
        sent = {**_JSON, **headers, **({HEADER: signature} if signature else {})}
        # Made where it is used: a client belongs to the loop that runs.
        self._http = self._http or httpx.AsyncClient(timeout=self._seconds_max, trust_env=False)
        try:
            async with (
                asyncio.timeout(self._seconds_max),
                self._http.stream("POST", url, content=body, headers=sent) as answer,
            ):
                found = answer.status_code != httpx.codes.NOT_FOUND
                if found and not answer.is_success:
                    raise Outage(f"the partner answered {answer.status_code}")
                return Answer(await self._read(answer), answer.headers.get(HEADER), found)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Outage("the partner did not answer") from error

    async def _read(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > self._bytes_max:
                raise Outage("the partner answered too much")
        return bytes(content)
