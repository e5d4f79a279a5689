"""PostgreSQL's binary COPY as arrays: sets of rows in and out without an object for a value.

A field is a constant of all rows (bytes, or None for NULL) or an array of bytes, (rows, width): what
PostgreSQL sends and receives of its type, big-endian numbers, 16 bytes of a uuid, days since 2000-01-01.
"""

from collections.abc import AsyncIterator, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.byte_rows import Bytes, beside
from libs.common.runtime.postgres import Connection

Field = bytes | Bytes | None

#: Days from 1970-01-01 to PostgreSQL's day 0.
EPOCH_DAYS = 10_957
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_PIECE_BYTES = 1 << 19


def numbers(values: NDArray[np.integer], width: int) -> Bytes:
    """Whole numbers as a smallint, integer or bigint field (`width` 2, 4, 8)."""
    return np.ascontiguousarray(values, f">i{width}").view(np.uint8).reshape(len(values), width)


def number(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big", signed=True)


def rows(fields: Sequence[Field], count: int) -> Bytes:
    """(count, width): rows ready to be sent. Every array has `count` rows."""
    heads: list[bytes | Bytes] = [number(len(fields), 2)]
    for field in fields:
        if field is None:
            heads.append(number(-1, 4))
        elif isinstance(field, bytes):
            heads.append(number(len(field), 4) + field)
        else:
            heads += [number(field.shape[1], 4), field]
    return beside(heads, count)


async def copy_in(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    blocks: Iterable[Bytes],
    *,
    frozen: bool = False,
) -> None:
    """Append blocks made by `rows`. `frozen`: to a table that this transaction has emptied; neither who reads
    it nor vacuum has to write to its pages again."""

    async def pieces() -> AsyncIterator[bytes]:
        yield _HEADER
        for block in blocks:
            sent = block.reshape(-1).data
            for first in range(0, len(sent), _PIECE_BYTES):
                yield bytes(sent[first : first + _PIECE_BYTES])
        yield _TRAILER

    await connection.copy_to_table(
        table, source=pieces(), columns=columns, format="binary", freeze=frozen or None
    )


async def copy_out(connection: Connection, query: str, widths: Sequence[int]) -> list[Bytes]:
    """The columns of a query, each of a fixed width and never NULL. ValueError where one is not."""
    told = bytearray()

    async def take(piece: bytes) -> None:
        told.extend(piece)

    await connection.copy_from_query(query, output=take, format="binary")
    width = 2 + sum(4 + each for each in widths)
    body = np.frombuffer(told, np.uint8)[len(_HEADER) : len(told) - len(_TRAILER)]
    if len(body) % width:
        raise ValueError("a row of another width")
    table, at, found = body.reshape(-1, width), 2, []
    for each in widths:
        if (table[:, at : at + 4] != np.frombuffer(number(each, 4), np.uint8)).any():
            raise ValueError("a field of another width")
        found.append(table[:, at + 4 : at + 4 + each])
        at += 4 + each
    return found
