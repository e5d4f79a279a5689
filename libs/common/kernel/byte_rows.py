"""Many texts of one width as matrices of bytes: what is written for millions is never an object each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_POWERS = 10 ** np.arange(1, 19, dtype=np.int64)


def beside(pieces: Sequence[bytes | Bytes], count: int) -> Bytes:
    """(count, width): the pieces one after another in each row; what is bytes is the same in all."""
    widths = [len(piece) if isinstance(piece, bytes) else piece.shape[1] for piece in pieces]
    made, at = np.empty((count, sum(widths)), np.uint8), 0
    for piece, width in zip(pieces, widths, strict=True):
        made[:, at : at + width] = np.frombuffer(piece, np.uint8) if isinstance(piece, bytes) else piece
        at += width
    return made


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
    told = np.datetime_as_string(values.astype("M8[D]")).astype("S10")
    return told.view(np.uint8).reshape(len(values), 10)


def of_texts(texts: NDArray[np.bytes_], width: int) -> Bytes:
    """(N, width): the first bytes of texts of a fixed size."""
    return np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), -1)[:, :width]
