"""What the registry answers: people, as far as this door shows them."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class PersonLine(msgspec.Struct, frozen=True):
    """A person as found. `personal_id` comes masked, all but its last three digits.

    `former_province_code`: set for a commune of before 01/07/2025, null for one of since.
    """

    person_id: str
    household_id: str
    personal_id: str
    full_name: str
    birth_date: date
    sex: str
    commune_code: str
    province_code: str
    former_province_code: str | msgspec.UnsetType | None = msgspec.UNSET


class PayoutLine(msgspec.Struct, frozen=True):
    """How a person is paid; the account's number comes masked."""

    channel: str
    agency_code: str
    payee_relation: str
    account_number: str | None = None


class PersonRecord(PersonLine, frozen=True, kw_only=True):
    """A person with what their own page shows."""

    version: int
    poverty_status: str
    area: str
    already_receiving: bool
    applied_for: list[str]
    payout: PayoutLine | None = None


class PeoplePage(msgspec.Struct, frozen=True):
    items: list[PersonLine]
    next_cursor: str | None = None


class Counts(msgspec.Struct, frozen=True):
    people: int


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry's REST door."""

    upstream: Upstream

    async def search(
        self,
        caller: Caller,
        *,
        q: str | None,
        personal_id: str | None,
        commune_code: str | None,
        limit: int,
        cursor: str | None,
    ) -> PeoplePage:
        asked = {"q": q, "personal_id": personal_id, "commune_code": commune_code}
        params = {**asked, "limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/people", caller, PeoplePage, params)

    async def person(self, caller: Caller, person_id: str) -> PersonRecord:
        return await self.upstream.get(f"/v1/people/{person_id}", caller, PersonRecord)

    async def counts(self, caller: Caller) -> Counts:
        return await self.upstream.get("/v1/counts", caller, Counts)
