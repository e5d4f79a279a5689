"""What payments answer of gifts: who gave what, and what became of it."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """A received gift; `donor` is None where it was not agreed to be named. Amounts are of `unit`."""

    donation_id: str
    donor: str | None
    received_on: date
    amount: int
    used: int
    unit: str
    purpose: str | None
    province_code: str


class GiftsPage(msgspec.Struct, frozen=True):
    items: list[Gift]
    next_cursor: str | None


class MonthOfGifts(msgspec.Struct, frozen=True, kw_only=True):
    """`programme` is None for what is not set apart."""

    month: str
    unit: str
    programme: str | None
    received: int
    used: int


class DonationReport(msgspec.Struct, frozen=True):
    year: int
    items: list[MonthOfGifts]


@dataclass(frozen=True, slots=True)
class Gifts:
    """Payments' REST door, as far as it tells of gifts."""

    upstream: Upstream

    async def page(
        self, caller: Caller, province_code: str | None, limit: int, cursor: str | None
    ) -> GiftsPage:
        params = {"province_code": province_code, "limit": limit, "cursor": cursor}
        return await self.upstream.get("/v1/gifts", caller, GiftsPage, params)

    async def report(self, caller: Caller, year: int, province_code: str | None) -> DonationReport:
        params = {"year": year, "province_code": province_code}
        return await self.upstream.get("/v1/donation-report", caller, DonationReport, params)
