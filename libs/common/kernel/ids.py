"""Identifiers: UUIDv7 in the database, prefix and 26 Crockford base32 characters outside (30 in all).

The same string serves as API id, event key and ISO 20022 EndToEndId (35 characters at most).
"""

import time
from hashlib import sha1
from uuid import UUID, SafeUUID

from libs.common.kernel.randomness import random_bytes

#: The whole vocabulary of prefixes: what the id names.
PREFIXES = {
    "per": "person",
    "hhd": "household",
    "acc": "payout account",
    "imp": "import",
    "fac": "facility",
    "res": "residence",
    "cas": "case",
    "dec": "decision",
    "rec": "recalculation",
    "dif": "difference",
    "run": "payment run",
    "pay": "payment instruction",
    "fil": "payment file",
    "rep": "partner report",
    "sus": "line in suspense",
    "ltx": "ledger transaction",
    "whk": "webhook",
    "fun": "fund",
    "don": "donation",
    "vch": "voucher",
    "cmp": "campaign",
    "lst": "campaign list",
    "ovp": "overpayment",
    "ins": "instalment",
    "rcv": "recovery",
    "job": "job",
    "sim": "simulation",
    "evt": "event",
}

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: All groups of two digits (10 bits) and of three (15 bits): an id is one pair and eight threes.
_TWO = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_THREE = tuple(two + low for two in _TWO for low in _ALPHABET)
#: From Crockford's digits to those that `int` reads; anything else becomes none.
_DIGITS = bytes(
    ord("0123456789ABCDEFGHIJKLMNOPQRSTUV"[_ALPHABET.index(chr(code))]) if chr(code) in _ALPHABET else 0
    for code in range(256)
)
#: Of all derived ids, for ever.
NAMESPACE = UUID("6f1c6f6e-0b6f-5a5b-9a2e-7d5b6e0f2c11")
_NAMESPACE_BYTES = NAMESPACE.bytes


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(random_bytes(10), "big")
    value = (milliseconds << 80) | random_bits
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    return _uuid((value & ~(0x3 << 62)) | (0x2 << 62))


def derived_id(*business_key: str) -> UUID:
    """A UUIDv5 (RFC 9562) of a business key: whoever replays the same input gets the same id."""
    # As uuid.uuid5 does, at half its cost: an import makes several of each row.
    hashed = sha1(_NAMESPACE_BYTES + "\x1f".join(business_key).encode(), usedforsecurity=False).digest()
    value = int.from_bytes(hashed[:16], "big")
    value = (value & ~(0xF << 76)) | (0x5 << 76)
    return _uuid((value & ~(0x3 << 62)) | (0x2 << 62))


def show(prefix: str, value: UUID) -> str:
    """The outside form, `per_01JAY...`: 30 characters."""
    assert prefix in PREFIXES, prefix
    # Two short numbers: to shift the whole one each time costs as much as all the rest.
    high, low = value.int >> 60, value.int & 0xFFF_FFFF_FFFF_FFFF
    return (
        f"{prefix}_{_TWO[high >> 60]}"
        f"{_THREE[high >> 45 & 32767]}{_THREE[high >> 30 & 32767]}"
        f"{_THREE[high >> 15 & 32767]}{_THREE[high & 32767]}"
        f"{_THREE[low >> 45]}{_THREE[low >> 30 & 32767]}{_THREE[low >> 15 & 32767]}{_THREE[low & 32767]}"
    )


def read(prefix: str, text: str) -> UUID:
    """The inverse of `show`. ValueError when `text` is no id of that kind."""
    if len(text) != 30 or text[:4] != f"{prefix}_":
        raise ValueError(f"not a {PREFIXES[prefix]} id ({prefix}_ and 26 characters)")
    try:
        number = int(text[4:].encode("ascii").translate(_DIGITS), 32)
    except ValueError:
        raise ValueError(f"not a {PREFIXES[prefix]} id: no 26 Crockford base32 digits") from None
    if number >> 128:
        raise ValueError(f"not a {PREFIXES[prefix]} id: more than 128 bits")
    return _uuid(number)


def _uuid(number: int) -> UUID:
    """UUID(int=number) of a number known to have 128 bits, at half the cost: it is made of each id."""
    made = object.__new__(UUID)
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made
