"""A wallet operator's doors, as we call them: hand a batch over, ask about one."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import orjson

from libs.common.kernel.errors import Outage
from libs.common.kernel.ids import show
from libs.common.runtime.signatures import Signer
from services.payments.clients.refusing import NO_JSON
from services.payments.clients.signed_calls import SignedCalls
from services.payments.clients.wallets.g2p_connect import PREFIX, G2pConnectOperator
from services.payments.usecases.wallets import Told

_SECONDS_MAX = 60.0
#: Of 10,000 payments each state takes some 200 bytes.
_ANSWER_BYTES_MAX = 16 * 2**20


class _Denied(msgspec.Struct):
    """Of a batch that the operator never took. Its status alone says nothing: any proxy answers 404."""

    batch_id: str
    taken: bool


class WalletOperators:
    """Implements usecases.wallets.Operators. `addresses`: of each operator's API, by its code; after
    `g2p-connect+` it is one of G2P Connect."""

    def __init__(self, addresses: Mapping[str, str], signer: Signer) -> None:
        calls = SignedCalls(signer, _SECONDS_MAX, _ANSWER_BYTES_MAX)
        self._operators = {code: _operator(code, address, calls) for code, address in addresses.items()}

    async def hand_over(self, agency_code: str, batch_id: UUID, batch: bytes) -> Told:
        return await self._operators[agency_code].hand_over(batch_id, batch)

    async def ask(self, agency_code: str, batch_id: UUID, payments: Sequence[UUID]) -> Told:
        return await self._operators[agency_code].ask(batch_id, payments)


class _Operator:
    """One that speaks our own API."""

    def __init__(self, url: str, calls: SignedCalls) -> None:
        self._url = url
        self._calls = calls

    async def hand_over(self, batch_id: UUID, batch: bytes) -> Told:
        key = show("fil", batch_id)
        answer = await self._calls.post(self._url + "/v1/batches", batch, {"Idempotency-Key": key})
        if not answer.found:
            raise Outage("the wallet operator has no door for batches")
        return Told(answer.content, answer.signature)

    async def ask(self, batch_id: UUID, payments: Sequence[UUID]) -> Told:
        batch = show("fil", batch_id)
        url = f"{self._url}/v1/batches/{batch}/inquiry"
        body = orjson.dumps({"payment_ids": [show("pay", one) for one in payments]})
        answer = await self._calls.post(url, body, {})
        if not answer.found:
            _require_denied(answer.content, batch)
        return Told(answer.content, answer.signature, answer.found)


def _operator(code: str, address: str, calls: SignedCalls) -> _Operator | G2pConnectOperator:
    if address.startswith(PREFIX):
        return G2pConnectOperator(code, address.removeprefix(PREFIX), calls)
    return _Operator(address, calls)


def _require_denied(content: bytes, batch: str) -> None:
    try:
        told = msgspec.json.decode(content, type=_Denied)
    except NO_JSON:
        raise Outage("the wallet operator has no door for inquiries") from None
    if told.taken or told.batch_id != batch:
        raise Outage("the wallet operator does not say that it never took the batch")
