"""Ids of many at once, as libs/common/kernel/ids.py has them one by one: (N, 16) bytes, and their texts."""

from hashlib import sha1
from itertools import pairwise
from uuid import UUID

import numpy as np

from libs.common.kernel.byte_rows import Bytes, hashed, put, repeated
from libs.common.kernel.ids import NAMESPACE, PREFIXES

_BASE32 = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Two digits of base 32 for each ten bits.
_PAIRS = np.array([[one, other] for one in _BASE32 for other in _BASE32], np.uint8)
_HEX = np.frombuffer(bytes(range(256)).hex().encode(), np.uint16)
#: Where the 32 digits of a UUID are parted by dashes.
_GROUPS = (0, 8, 12, 16, 20, 32)


def of(ids: list[UUID]) -> Bytes:
    return np.frombuffer(b"".join(one.bytes for one in ids), np.uint8).reshape(-1, 16)


def uuids(ids: Bytes) -> list[UUID]:
    told = ids.tobytes()
    return [UUID(bytes=told[at : at + 16]) for at in range(0, len(told), 16)]


def shown(prefix: str, ids: Bytes) -> Bytes:
    """(N, 30): `ids.show` of each."""
    assert prefix in PREFIXES, prefix
    made = repeated(f"{prefix}_".encode() + bytes(26), len(ids))
    high, low = np.ascontiguousarray(ids).view(">u8").astype(np.uint64).T
    for place in range(13):
        shift = 120 - 10 * place
        if shift >= 64:
            bits = high >> np.uint64(shift - 64)
        else:
            bits = low >> np.uint64(shift)
            if shift > 54:
                bits |= high << np.uint64(64 - shift)
        put(made, 4 + 2 * place, _PAIRS[bits & np.uint64(1023)])
    return made


def texts(ids: Bytes) -> Bytes:
    """(N, 36): `str` of each UUID."""
    digits, made = _HEX[ids].view(np.uint8), repeated(b"-" * 36, len(ids))
    for group, (first, last) in enumerate(pairwise(_GROUPS)):
        put(made, first + group, digits[:, first:last])
    return made


def derived(keys: Bytes) -> Bytes:
    """`ids.derived_id` of business keys, a row each, their parts parted by 1F."""
    made = hashed(sha1(NAMESPACE.bytes), keys)[:, :16].copy()
    made[:, 6] = made[:, 6] & 0x0F | 0x50
    made[:, 8] = made[:, 8] & 0x3F | 0x80
    return made
