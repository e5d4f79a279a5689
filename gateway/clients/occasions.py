"""What eligibility answers of gifts at an age: how many are due, and who."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class AgeDue(msgspec.Struct, frozen=True, kw_only=True):
    """An age completed in a month, and what the place gives for it."""

    month: str
    age: int
    province_code: str
    commune_code: str
    covered: bool
    dong: int | None
    in_kind_dong: int | None
    in_kind: str | None
    citation: str
    mark: str


class DueCount(AgeDue, frozen=True, kw_only=True):
    people: int
    total_dong: int | None


class DuePerson(AgeDue, frozen=True, kw_only=True):
    person_id: str
    birth_date: date


class DueCounts(msgspec.Struct, frozen=True):
    items: list[DueCount]
    next_cursor: str | None = None


class DuePeople(msgspec.Struct, frozen=True):
    items: list[DuePerson]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Occasions:
    """Eligibility's REST door, as far as it tells of gifts at an age."""

    upstream: Upstream

    async def counts(self, caller: Caller, **asked: str | int | None) -> DueCounts:
        return await self.upstream.get("/v1/occasions/longevity", caller, DueCounts, asked)

    async def people(self, caller: Caller, **asked: str | int | None) -> DuePeople:
        return await self.upstream.get("/v1/occasions/longevity/people", caller, DuePeople, asked)
