"""A bank's door for account names, as we call it. No redirect is followed."""

import asyncio
from collections.abc import Mapping, Sequence

import httpx
import msgspec
import orjson

from libs.common.kernel.errors import Outage
from libs.common.runtime.signatures import HEADER, Signer
from services.payments.domain.account_names import ANSWERS
from services.payments.usecases.account_names import Asked

_SECONDS_MAX = 30.0
_ANSWER_BYTES_MAX = 2**20


class _Item(msgspec.Struct):
    number: int
    result: str


class _Answer(msgspec.Struct):
    items: list[_Item]


class AccountNames:
    """Implements usecases.account_names.Banks. `addresses`: of each bank's API, by its code."""

    def __init__(self, addresses: Mapping[str, str], signer: Signer) -> None:
        self._addresses = addresses
        self._signer = signer
        self._http: httpx.AsyncClient | None = None

    async def whose(self, agency_code: str, accounts: Sequence[Asked]) -> Mapping[int, str]:
        items = [
            {"number": number, "account_number": one.number, "account_name": one.name}
            for number, one in enumerate(accounts)
        ]
        body = orjson.dumps({"items": items})
        signature = await asyncio.to_thread(self._signer.sign, body)
        headers = {"Content-Type": "application/json", **({HEADER: signature} if signature else {})}
        # Made where it is used: a client belongs to the loop that runs.
        self._http = self._http or httpx.AsyncClient(timeout=_SECONDS_MAX, trust_env=False)
        try:
            answer = await self._http.post(
                self._addresses[agency_code] + "/v1/account-names", content=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise Outage("the bank did not answer") from error
        if not answer.is_success or len(answer.content) > _ANSWER_BYTES_MAX:
            raise Outage(f"the bank answered {answer.status_code}")
        return _outcomes(answer.content, len(accounts))


def _outcomes(content: bytes, count: int) -> Mapping[int, str]:
    try:
        told = {one.number: one.result for one in msgspec.json.decode(content, type=_Answer).items}
    except msgspec.MsgspecError:
        raise Outage("the bank's answer can't be read") from None
    if told.keys() != set(range(count)) or not set(told.values()) <= set(ANSWERS):
        raise Outage("the bank's answer is not about what was asked")
    return told
