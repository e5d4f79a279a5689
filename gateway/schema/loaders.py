"""Relations in batches: what many people of one answer need is asked for once, and at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from gateway.clients.eligibility import Decision, Eligibility
from gateway.clients.facilities import Facilities, Facility, Residence
from gateway.clients.payments import Payment, Payments, Run
from gateway.clients.recalculations import Difference, Recalculation, Recalculations
from gateway.clients.registry import PersonRecord, Registry
from gateway.clients.upstream import Caller

_Found = TypeVar("_Found")

#: Calls of one batch that may be under way at once, where a service answers one key at a time.
_AT_ONCE = 8


class Loaders:
    """One loader a relation. Nothing is kept between batches: a socket lives long, answers do not."""

    def __init__(
        self,
        registry: Registry,
        eligibility: Eligibility,
        payments: Payments,
        facilities: Facilities,
        recalculations: Recalculations,
        caller: Callable[[], Caller],
    ) -> None:
        async def people(keys: list[str]) -> list[PersonRecord | BaseException]:
            return await _each(keys, lambda key: registry.person(caller(), key))

        async def decisions(keys: list[str]) -> list[list[Decision] | BaseException]:
            return await _each(keys, lambda key: eligibility.decisions_of(caller(), key))

        async def receipts(keys: list[str]) -> list[Decision | BaseException]:
            return await _each(keys, lambda key: eligibility.receipt(caller(), key))

        async def paid(keys: list[str]) -> list[list[Payment] | BaseException]:
            return await _each(keys, lambda key: payments.payments_of(caller(), key))

        async def residences(keys: list[str]) -> list[list[Residence] | BaseException]:
            return await _each(keys, lambda key: facilities.residences_of(caller(), key))

        async def homes(keys: list[str]) -> list[Facility | BaseException]:
            return await _each(keys, lambda key: facilities.facility(caller(), key))

        async def runs(keys: list[str]) -> list[Run | BaseException]:
            return await _each(keys, lambda key: payments.run(caller(), key))

        async def recalculated(keys: list[str]) -> list[Recalculation | BaseException]:
            return await _each(keys, lambda key: recalculations.one(caller(), key))

        async def different(keys: list[str]) -> list[Difference | BaseException]:
            return await _each(keys, lambda key: recalculations.difference(caller(), key))

        self.recalculation: DataLoader[str, Recalculation] = DataLoader(recalculated, cache=False)
        self.difference: DataLoader[str, Difference] = DataLoader(different, cache=False)
        self.run: DataLoader[str, Run] = DataLoader(runs, cache=False)
        self.person: DataLoader[str, PersonRecord] = DataLoader(people, cache=False)
        self.decisions_of: DataLoader[str, list[Decision]] = DataLoader(decisions, cache=False)
        self.receipt: DataLoader[str, Decision] = DataLoader(receipts, cache=False)
        self.payments_of: DataLoader[str, list[Payment]] = DataLoader(paid, cache=False)
        self.residences_of: DataLoader[str, list[Residence]] = DataLoader(residences, cache=False)
        self.facility: DataLoader[str, Facility] = DataLoader(homes, cache=False)


async def _each(
    keys: Sequence[str], fetch: Callable[[str], Awaitable[_Found]]
) -> list[_Found | BaseException]:
    """One fetch for each distinct key, a few at once; a failure stands in its key's place."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(key: str) -> _Found:
        async with turn:
            return await fetch(key)

    distinct = list(dict.fromkeys(keys))
    found = await asyncio.gather(*(one(key) for key in distinct), return_exceptions=True)
    by_key = dict(zip(distinct, found, strict=True))
    return [by_key[key] for key in keys]
