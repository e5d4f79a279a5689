"""What facilities hear of the registry: that a person exists, and where they are registered."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec

from libs.common.kernel.ids import read
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.consumer import Handler
from libs.common.runtime.postgres import Connection

#: `(connection, (person id, version, province code) of each)`; wiring.py passes store.people.learn.
Learn = Callable[[Connection, Sequence[tuple[UUID, int, str]]], Awaitable[None]]


class _Person(msgspec.Struct):
    """What is read of PersonRecorded; the rest, the sealed facts first of all, is nobody's here."""

    person_id: str
    version: int
    province_code: str


def people_recorded(learn: Learn) -> Handler:
    """The handler of the registry's person topic."""
    decoder = msgspec.json.Decoder(_Person)

    async def handle(connection: Connection, events: Sequence[IncomingEvent]) -> None:
        people = [decoder.decode(event.data) for event in events if event.type == "PersonRecorded"]
        await learn(
            connection, [(read("per", one.person_id), one.version, one.province_code) for one in people]
        )

    return handle
