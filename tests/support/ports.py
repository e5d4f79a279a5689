"""A stretch of free ports for a whole platform."""

import random
import socket

from deploy.local.places import PORT_SHIFTS

#: Below the range from which the kernel picks ports for outgoing connections.
_LOWEST, _HIGHEST = 15_000, 29_000


def free_port_base() -> int:
    for _ in range(200):
        base = random.randrange(_LOWEST, _HIGHEST, 20)
        if all(_is_free(base + shift) for shift in PORT_SHIFTS.values()):
            return base
    raise AssertionError("no free stretch of ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
