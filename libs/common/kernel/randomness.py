"""Random bytes for ids, by the kilobyte from the operating system.

An import takes several for each row; a call to the system for each costs more than what is made with it, and
in a thread the interpreter's lock as well. Not for nonces or keys: of a machine that is copied as it runs
both copies have what is left in the pool.
"""

import os
import threading

_POOL_BYTES = 4_096


class _Pool(threading.local):
    """Each thread's own; a process that was forked begins with none."""

    left = b""
    at = 0


_pool = _Pool()


def random_bytes(count: int) -> bytes:
    """`count` bytes of the system's generator (os.urandom), at most 4,096; ValueError for more."""
    at = _pool.at
    end = at + count
    if end > len(_pool.left):
        if count > _POOL_BYTES:
            raise ValueError(f"more than {_POOL_BYTES} bytes at once")
        _pool.left, at, end = os.urandom(_POOL_BYTES), 0, count
    _pool.at = end
    return _pool.left[at:end]


def _forget() -> None:
    _pool.left, _pool.at = b"", 0


os.register_at_fork(after_in_child=_forget)
