"""A bank's door for account names, as we call it."""

from collections.abc import Mapping, Sequence

import msgspec
import orjson

from libs.common.kernel.errors import Outage
from libs.common.runtime.signatures import Signer
from services.payments.clients.signed_calls import SignedCalls
from services.payments.domain.account_names import ANSWERS
from services.payments.usecases.account_names import Asked, Said

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
        self._calls = SignedCalls(signer, _SECONDS_MAX, _ANSWER_BYTES_MAX)

    async def whose(self, agency_code: str, accounts: Sequence[Asked]) -> Said:
        items = [
            {"number": number, "account_number": one.number, "account_name": one.name}
            for number, one in enumerate(accounts)
        ]
        url = self._addresses[agency_code] + "/v1/account-names"
        answer = await self._calls.post(url, orjson.dumps({"items": items}), {})
        if not answer.found:
            raise Outage("the bank has no door for account names")
        return Said(_outcomes(answer.content, len(accounts)), answer.content, answer.signature)


def _outcomes(content: bytes, count: int) -> Mapping[int, str]:
    try:
        told = {one.number: one.result for one in msgspec.json.decode(content, type=_Answer).items}
    except msgspec.MsgspecError:
        raise Outage("the bank's answer can't be read") from None
    if told.keys() != set(range(count)) or not set(told.values()) <= set(ANSWERS):
        raise Outage("the bank's answer is not about what was asked")
    return told
