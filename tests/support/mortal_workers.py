"""`python -m tests.support.mortal_workers seed statements milliseconds`: a worker of runs that dies and dies.

Each life ends by kill -9, some milliseconds after one of the first statements that it sends: in the midst of
it, of its commit, or of a later one. Every death is a line on stdout. The lives are forks, so that a life
costs no start of Python.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.local.processes import die_with_parent
from libs.common.runtime.postgres import Database
from services.payments import wiring
from services.payments.settings import PaymentsSettings

_SENDING = ("execute", "fetch", "fetchrow", "fetchval")


class Mortal:
    """A connection that counts what it sends."""

    def __init__(self, connection: Any, fate: "Fate") -> None:
        self._connection = connection
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        if name in _SENDING:
            self._fate.approach()
        return getattr(self._connection, name)


class Fate:
    def __init__(self, statements: int, seconds: float) -> None:
        self._left = statements
        self._seconds = seconds

    def approach(self) -> None:
        self._left -= 1
        if self._left == 0:
            asyncio.get_running_loop().call_later(self._seconds, os.kill, os.getpid(), signal.SIGKILL)


def live(fate: Fate) -> None:
    immortal = Database.bulk

    @asynccontextmanager
    async def bulk(self: Database) -> AsyncIterator[Any]:
        async with immortal(self) as connection:
            yield Mortal(connection, fate)

    Database.bulk = bulk  # type: ignore[method-assign]
    asyncio.run(wiring.work(PaymentsSettings.from_environment("payments")))


def main() -> None:
    seed, statements, milliseconds = (int(argument) for argument in sys.argv[1:])
    chance = random.Random(seed)
    while True:
        fate = Fate(chance.randint(1, statements), chance.uniform(0, milliseconds / 1000))
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            die_with_parent(parent, signal.SIGKILL)()
            live(fate)
        os.waitpid(child, 0)
        print("killed", flush=True)


if __name__ == "__main__":
    main()
