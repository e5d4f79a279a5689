"""Many texts of one width as matrices of bytes: what is written for millions is never an object each."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_POWERS = 10 ** np.arange(1, 19, dtype=np.int64)


def beside(pieces: Sequence[bytes | Bytes], count: int) -> Bytes:
    """(count, width): the pieces one after another in each row; what is bytes is the same in all."""
    told = [piece if isinstance(piece, bytes) else bytes(piece.shape[1]) for piece in pieces]
    made, at = repeated(b"".join(told), count), 0
    for piece, text in zip(pieces, told, strict=True):
        if not isinstance(piece, bytes):
            put(made, at, piece)
        at += len(text)
    return made


def repeated(text: bytes, count: int) -> Bytes:
    """(count, width): the text in each row."""
    made = np.empty((count, len(text)), np.uint8)
    made[:] = np.frombuffer(text, np.uint8)
    return made


def put(rows: Bytes, at: int, piece: Bytes) -> None:
    """Write a piece into rows of their own memory, from the place `at` of each on."""
    width = piece.shape[1]
    if width:
        # A row's bytes as one value are copied three times as fast as each by itself.
        whole = np.dtype(f"V{width}")
        rows[:, at : at + width].view(whole)[:] = np.ascontiguousarray(piece).view(whole)


def hashed(begun: "hashlib._Hash", rows: Bytes) -> Bytes:
    """(N, digest): the hash of each row after what `begun` has hashed: a copy costs half of a new one."""
    width, told, digests = rows.shape[1], rows.tobytes(), []
    for at in range(0, len(told), width or 1):
        one = begun.copy()
        one.update(told[at : at + width])
        digests.append(one.digest())
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, begun.digest_size)


def digits(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many digits each whole number has; none is below 0."""
    return np.searchsorted(_POWERS, values, side="right") + 1


def numerals(values: NDArray[np.integer]) -> Bytes:
    """(N, digits): whole numbers that have equally many digits, as text."""
    width = int(digits(values[:1])[0]) if len(values) else 1
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values[:, None].astype(np.int64) // powers % 10 + ord("0")).astype(np.uint8)


def days(values: NDArray[np.integer]) -> Bytes:
    """(N, 10): days since 1970-01-01 as YYYY-MM-DD."""
    each, which = np.unique(values, return_inverse=True)
    told = np.datetime_as_string(each.astype("M8[D]")).astype("S10")
    shown: Bytes = told.view(np.uint8).reshape(len(each), 10)[which]
    return shown


def of_texts(texts: NDArray[np.bytes_], width: int) -> Bytes:
    """(N, width): the first bytes of texts of a fixed size."""
    return np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), -1)[:, :width]
