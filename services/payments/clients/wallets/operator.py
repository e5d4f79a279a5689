"""A wallet operator's doors, as we call them: hand a batch over, ask about one. No redirect is followed."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import httpx
import orjson

from libs.common.kernel.errors import Outage
from libs.common.kernel.ids import show
from libs.common.runtime.signatures import HEADER, Signer
from services.payments.usecases.wallets import Told

_SECONDS_MAX = 60.0
#: Of 10,000 payments each state takes some 200 bytes.
_ANSWER_BYTES_MAX = 16 * 2**20
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class WalletOperators:
    """Implements usecases.wallets.Operators. `addresses`: of each operator's API, by its code."""

    def __init__(self, addresses: Mapping[str, str], signer: Signer) -> None:
        self._addresses = addresses
        self._signer = signer
        self._http: httpx.AsyncClient | None = None

    async def hand_over(self, agency_code: str, batch_id: UUID, batch: bytes) -> Told:
        answer = await self._post(
            agency_code, "/v1/batches", batch, {"Idempotency-Key": show("fil", batch_id)}
        )
        if answer is None:
            raise Outage("the wallet operator has no door for batches")
        return answer

    async def ask(self, agency_code: str, batch_id: UUID, payments: Sequence[UUID]) -> Told | None:
        body = orjson.dumps({"payment_ids": [show("pay", one) for one in payments]})
        return await self._post(agency_code, f"/v1/batches/{show('fil', batch_id)}/inquiry", body, {})

    async def _post(
        self, agency_code: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Told | None:
        """The answer; None for 404. Only 2xx is an answer: what else comes says nothing of money."""
        # Made where it is used: a client belongs to the loop that runs.
        self._http = self._http or httpx.AsyncClient(timeout=_SECONDS_MAX, trust_env=False)
        url = self._addresses[agency_code] + path
        signature = await asyncio.to_thread(self._signer.sign, body)
        signed = {HEADER: signature} if signature else {}
        try:
            async with self._http.stream(
                "POST", url, content=body, headers={**_JSON, **headers, **signed}
            ) as answer:
                if answer.status_code == httpx.codes.NOT_FOUND:
                    return None
                if not answer.is_success:
                    raise Outage(f"the wallet operator answered {answer.status_code}")
                return Told(await _read(answer), answer.headers.get(HEADER))
        except httpx.HTTPError as error:
            raise Outage("the wallet operator did not answer") from error


async def _read(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > _ANSWER_BYTES_MAX:
            raise Outage("the wallet operator answered too much")
    return bytes(content)
