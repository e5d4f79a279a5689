"""What payments answer of overpayments: what was paid without being due, and how it comes back."""

from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.clients.upstream import Caller, Upstream


class Overpayment(msgspec.Struct, frozen=True, kw_only=True):
    """Of one month: amount = withheld + recovered + waived + open."""

    overpayment_id: str
    difference_id: str
    person_id: str
    programme: str
    benefit_month: str
    amount_dong: int
    withheld_dong: int
    reserved_dong: int
    recovered_dong: int
    waived_dong: int
    open_dong: int
    monthly_dong: int | None
    commune_code: str
    province_code: str
    booked_on: date


class OverpaymentsPage(msgspec.Struct, frozen=True):
    items: list[Overpayment]
    next_cursor: str | None


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    recovery_id: str
    overpayment_id: str
    kind: str
    amount_dong: int
    document: str
    note: str
    status: str


@dataclass(frozen=True, slots=True)
class Overpayments:
    """Payments' REST door, as far as money comes back."""

    upstream: Upstream

    async def page(
        self, caller: Caller, person_id: str | None, only_open: bool, limit: int, cursor: str | None
    ) -> OverpaymentsPage:
        params = {
            "person_id": person_id,
            "only_open": str(only_open).lower(),
            "limit": limit,
            "cursor": cursor,
        }
        return await self.upstream.get("/v1/overpayments", caller, OverpaymentsPage, params)

    async def propose(
        self, caller: Caller, overpayment_id: str, kind: str, amount_dong: int, document: str, note: str
    ) -> Recovery:
        body = {"kind": kind, "amount_dong": amount_dong, "document": document, "note": note}
        return await self.upstream.post(
            f"/v1/overpayments/{overpayment_id}/recoveries", caller, Recovery, body
        )

    async def approve(self, caller: Caller, recovery_id: str) -> Recovery:
        return await self.upstream.post(
            f"/v1/overpayments/recoveries/{recovery_id}/approval", caller, Recovery, {}
        )

    async def withdraw(self, caller: Caller, recovery_id: str) -> Recovery:
        return await self.upstream.post(
            f"/v1/overpayments/recoveries/{recovery_id}/withdrawal", caller, Recovery, {}
        )
