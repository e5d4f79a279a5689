"""Parts that are to be determined, told over Kafka to as many workers as there are; rows say whose."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import orjson

from contracts.topics import DETERMINATION_PART
from libs.common.kernel.ids import show
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime import hints
from libs.common.runtime.settings import ServiceSettings

Send = Callable[[Sequence[tuple[UUID, int]]], Awaitable[None]]
#: Sends (job, part) of what is to be done; it counts as told when that ends well. False: there is nothing.
ToTell = Callable[[Send], Awaitable[bool]]
#: Does all that is to be done of a part.
Determine = Callable[[int], Awaitable[None]]

_TYPE = "DeterminationPartDue"


def teller(settings: ServiceSettings, to_tell: ToTell) -> hints.Teller:
    """Tells all workers of parts."""

    async def tell(send: hints.Send) -> bool:
        return await to_tell(lambda due: send([_hint(job_id, part) for job_id, part in due]))

    return hints.Teller(settings, DETERMINATION_PART, _TYPE, tell)


def claims(settings: ServiceSettings, parts: int, determine: Determine) -> hints.Listener:
    """A worker that hears of every part and determines those that no other holds."""

    async def begin() -> None:
        for part in range(parts):
            await determine(part)

    async def heard(data: bytes) -> None:
        await determine(orjson.loads(data)["part"])

    return hints.Listener(settings, DETERMINATION_PART, begin, heard)


def _hint(job_id: UUID, part: int) -> hints.Hint:
    data = orjson.dumps({"job_id": show("job", job_id), "part": part})
    return hints.Hint(str(job_id).encode(), part % SHARDS, data)
