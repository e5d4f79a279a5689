"""A bank's door for account names: whether the name that is stated for an account is its holder's."""

import json
import unicodedata
from dataclasses import dataclass
from typing import Any

from libs.common.runtime.signatures import Signer
from simulators.door import UNSIGNED
from simulators.outcomes import Odds
from simulators.wallet.operator import Answered, Trusts

#: Of ten accounts that pay nobody, so many are unknown to the bank; the others are somebody else's.
_UNKNOWN_OF_TEN = 5


@dataclass(frozen=True)
class NameDesk:
    """A bank's. `trusts`: whether the platform signed what it asks; `signer` signs what is answered."""

    odds: Odds
    trusts: Trusts = lambda content, signature: True
    signer: Signer = UNSIGNED

    def post(self, path: str, key: str, body: bytes) -> Answered:
        made = answer(body, self.odds) if path == "/v1/account-names" else None
        return (200, made) if made else (404, b"{}")


def answer(body: bytes, odds: Odds) -> bytes | None:
    """None for what is no question. An account is the named person's unless its payments are to fail.

    `match`: as this bank writes names, in capitals without diacritics; `close`: it differs in that only.
    """
    try:
        items: list[dict[str, Any]] = json.loads(body)["items"]
        told = [{"number": one["number"], "result": _result(one, odds)} for one in items]
    except (ValueError, KeyError, TypeError):
        return None
    return json.dumps({"items": told}).encode()


def _result(asked: dict[str, Any], odds: Odds) -> str:
    account, name = str(asked["account_number"]), str(asked["account_name"])
    if odds.at_bank(account):
        return "unknown_account" if odds.is_unknown(account, _UNKNOWN_OF_TEN) else "no_match"
    split = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "match" if name == "".join(c for c in split if c.isascii()).upper() else "close"
