"""Doing once more what was undone because another transaction was in the way."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from libs.common.kernel.errors import Contended

T = TypeVar("T")
_TIMES = 5


async def again(do: Callable[[], Awaitable[T]]) -> T:
    """What `do`, a whole transaction, gives. Contended where each of several attempts was undone."""
    for _ in range(_TIMES - 1):
        try:
            return await do()
        except Contended:
            continue
    return await do()
