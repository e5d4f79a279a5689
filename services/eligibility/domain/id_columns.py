"""Ids of many at once, as libs/common/kernel/ids.py has them one by one: (N, 16) bytes, and their texts."""

from hashlib import sha1
from uuid import UUID

import numpy as np

from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.ids import NAMESPACE, PREFIXES

_BASE32 = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
_HEX = np.frombuffer(bytes(range(256)).hex().encode(), np.uint8).reshape(256, 2)
#: Where the 32 digits of a UUID stand among its dashes.
_DIGITS = [at for at in range(36) if at not in (8, 13, 18, 23)]
_WEIGHTS = np.array([16, 8, 4, 2, 1], np.uint8)


def of(ids: list[UUID]) -> Bytes:
    return np.frombuffer(b"".join(one.bytes for one in ids), np.uint8).reshape(-1, 16)


def uuids(ids: Bytes) -> list[UUID]:
    told = ids.tobytes()
    return [UUID(bytes=told[at : at + 16]) for at in range(0, len(told), 16)]


def shown(prefix: str, ids: Bytes) -> Bytes:
    """(N, 30): `ids.show` of each."""
    assert prefix in PREFIXES, prefix
    bits = np.zeros((len(ids), 130), np.uint8)
    bits[:, 2:] = np.unpackbits(ids, axis=1)
    made = np.empty((len(ids), 30), np.uint8)
    made[:, :4] = np.frombuffer(f"{prefix}_".encode(), np.uint8)
    made[:, 4:] = _BASE32[bits.reshape(-1, 26, 5) @ _WEIGHTS]
    return made


def texts(ids: Bytes) -> Bytes:
    """(N, 36): `str` of each UUID."""
    made = np.full((len(ids), 36), ord("-"), np.uint8)
    made[:, _DIGITS] = _HEX[ids].reshape(-1, 32)
    return made


def derived(keys: Bytes) -> Bytes:
    """`ids.derived_id` of business keys, a row each, their parts parted by 1F."""
    width, told, space = keys.shape[1], keys.tobytes(), NAMESPACE.bytes
    digests = b"".join(
        [sha1(space + told[at : at + width]).digest() for at in range(0, len(told), width or 1)]
    )
    made = np.frombuffer(digests, np.uint8).reshape(-1, 20)[:, :16].copy()
    made[:, 6] = made[:, 6] & 0x0F | 0x50
    made[:, 8] = made[:, 8] & 0x3F | 0x80
    return made
