"""Runs that have work, told over Kafka to as many workers as there are; rows say whose which piece is."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import orjson

from contracts.topics import RUN_WORK
from libs.common.kernel.ids import show
from libs.common.kernel.sharding import shard_of
from libs.common.runtime import hints
from libs.common.runtime.settings import ServiceSettings
from libs.common.runtime.worker import Turns, Worker

#: Runs that have work and of which no worker was told lately; they count as told from then on.
Due = Callable[[], Awaitable[Sequence[UUID]]]

_TYPE = "RunHasWork"


def teller(settings: ServiceSettings, due: Due) -> hints.Teller:
    """Tells all workers of runs. No row is held while the broker is asked."""

    async def tell(send: hints.Send) -> bool:
        runs = await due()
        if runs:
            await send([_hint(run_id) for run_id in runs])
        return bool(runs)

    return hints.Teller(settings, RUN_WORK, _TYPE, tell)


def listener(settings: ServiceSettings, workers: Sequence[Worker]) -> hints.Listener:
    """Whatever it hears, it does all that is to be done and that no other worker holds."""

    turns = [Turns(worker) for worker in workers]

    async def work(_: bytes = b"") -> None:
        while any([await one.take() for one in turns]):
            pass

    return hints.Listener(settings, RUN_WORK, work, work)


def _hint(run_id: UUID) -> hints.Hint:
    data = orjson.dumps({"run_id": show("run", run_id)})
    return hints.Hint(str(run_id).encode(), shard_of(run_id), data)
