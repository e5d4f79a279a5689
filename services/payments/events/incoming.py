"""What payments hear: decisions, differences, the accounts of beneficiaries, the accounts of facilities."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

import msgspec
import orjson

from libs.common.kernel.ids import read
from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month
from libs.common.runtime.broker import IncomingEvent
from libs.common.runtime.logs import logger
from libs.common.runtime.postgres import Connection
from libs.common.runtime.sealing import Opener
from services.payments.domain.records import (
    Difference,
    Entitlement,
    FacilityAccount,
    PayoutAccount,
    Secret,
    Signature,
)

Row = TypeVar("Row")
Keep = Callable[[Connection, Sequence[Row]], Awaitable[None]]


class _Decision(msgspec.Struct):
    """DecisionRecorded, as far as it is paid by. contracts.events.eligibility holds its promise."""

    decision_id: str
    person_id: str
    version: int
    programme: str
    outcome: str
    status: str
    effective_from: str
    pays_from: str
    category: str
    coefficient_hundredths: int
    standard_dong: int
    amount_dong: int
    payee: str
    commune_code: str
    province_code: str
    decided_on: date
    facility_id: str | None = None
    payee_person_id: str | None = None
    former_province_code: str | None = None


class _Signed(msgspec.Struct):
    decision_id: str
    signed_on: date
    signed_by_sub: str


class _Difference(msgspec.Struct):
    difference_id: str
    recalculation_id: str
    person_id: str
    programme: str
    month: str
    direction: str
    amount_dong: int
    payee: str
    commune_code: str
    province_code: str
    applied_on: date
    facility_id: str | None = None
    payee_person_id: str | None = None
    #: Of the first differences that were told, the log does not have these.
    due_dong: int | None = None
    category: str = "none"
    coefficient_hundredths: int = 0
    standard_dong: int = 0


class _Account(msgspec.Struct):
    person_id: str
    version: int
    payee_id: str
    channel: str
    agency_code: str
    commune_code: str
    province_code: str
    secret: str
    changed_on: date | None = None
    usable_from: date | None = None


class _Facility(msgspec.Struct):
    facility_id: str
    version: int
    name: str
    agency_code: str
    commune_code: str
    province_code: str
    secret: str
    changed_on: date | None = None
    usable_from: date | None = None


class Incoming:
    """Handlers of the consumed topics. `opener` holds payments' private key; the others keep records."""

    def __init__(
        self,
        opener: Opener,
        keep_entitlements: Keep[Entitlement],
        keep_signatures: Keep[Signature],
        keep_differences: Keep[Difference],
        keep_accounts: Keep[PayoutAccount],
        keep_facilities: Keep[FacilityAccount],
    ) -> None:
        self._opener = opener
        self._keep_entitlements = keep_entitlements
        self._keep_signatures = keep_signatures
        self._keep_differences = keep_differences
        self._keep_accounts = keep_accounts
        self._keep_facilities = keep_facilities
        self._decision = msgspec.json.Decoder(_Decision)
        self._signed = msgspec.json.Decoder(_Signed)
        self._difference = msgspec.json.Decoder(_Difference)
        self._account = msgspec.json.Decoder(_Account)
        self._facility = msgspec.json.Decoder(_Facility)

    async def decisions(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        recorded = [self._entitlement(event) for event in events if event.type == "DecisionRecorded"]
        signed = [self._signature(event) for event in events if event.type == "DecisionSigned"]
        if recorded:
            await self._keep_entitlements(connection, recorded)
        if signed:
            await self._keep_signatures(connection, signed)

    async def differences(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        told = [self._told_difference(event) for event in events]
        kept = [one for one in told if one]
        if len(kept) < len(told):
            logger().warning("differences left out: what is due is not said", count=len(told) - len(kept))
        if kept:
            await self._keep_differences(connection, kept)

    async def accounts(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        await self._keep_accounts(connection, [self._payout_account(event) for event in events])

    async def facilities(self, connection: Connection, events: Sequence[IncomingEvent]) -> None:
        await self._keep_facilities(connection, [self._facility_account(event) for event in events])

    def _entitlement(self, event: IncomingEvent) -> Entitlement:
        told = self._decision.decode(event.data)
        return Entitlement(
            decision_id=read("dec", told.decision_id),
            person_id=_key(event, "per", told.person_id),
            version=told.version,
            programme=told.programme,
            outcome=told.outcome,
            status=told.status,
            effective_from=Month.parse(told.effective_from),
            pays_from=Month.parse(told.pays_from),
            category=told.category,
            coefficient_hundredths=told.coefficient_hundredths,
            standard=Dong(told.standard_dong),
            amount=Dong(told.amount_dong),
            payee=told.payee,
            facility_id=read("fac", told.facility_id) if told.facility_id else None,
            commune_code=told.commune_code,
            province_code=told.province_code,
            former_province_code=told.former_province_code,
            decided_on=told.decided_on,
            payee_person_id=read("per", told.payee_person_id) if told.payee_person_id else None,
        )

    def _signature(self, event: IncomingEvent) -> Signature:
        told = self._signed.decode(event.data)
        return Signature(read("dec", told.decision_id), told.signed_on, told.signed_by_sub)

    def _told_difference(self, event: IncomingEvent) -> Difference | None:
        """None where it does not say what its month comes to: nothing can be paid or kept back by it."""
        told = self._difference.decode(event.data)
        if told.due_dong is None:
            return None
        sign = {"arrears": 1, "recovery": -1}[told.direction]
        return Difference(
            difference_id=read("dif", told.difference_id),
            recalculation_id=read("rec", told.recalculation_id),
            person_id=_key(event, "per", told.person_id),
            programme=told.programme,
            month=Month.parse(told.month),
            dong=sign * told.amount_dong,
            due=Dong(told.due_dong),
            category=told.category,
            coefficient_hundredths=told.coefficient_hundredths,
            standard=Dong(told.standard_dong),
            payee=told.payee,
            facility_id=read("fac", told.facility_id) if told.facility_id else None,
            payee_person_id=read("per", told.payee_person_id) if told.payee_person_id else None,
            commune_code=told.commune_code,
            province_code=told.province_code,
            applied_on=told.applied_on,
        )

    def _payout_account(self, event: IncomingEvent) -> PayoutAccount:
        told = self._account.decode(event.data)
        return PayoutAccount(
            person_id=_key(event, "per", told.person_id),
            version=told.version,
            payee_id=read("acc", told.payee_id),
            channel=told.channel,
            agency_code=told.agency_code,
            commune_code=told.commune_code,
            province_code=told.province_code,
            secret=self._open(told.secret),
            changed_on=told.changed_on,
            usable_from=told.usable_from,
        )

    def _facility_account(self, event: IncomingEvent) -> FacilityAccount:
        told = self._facility.decode(event.data)
        opened = orjson.loads(self._opener.open(told.secret))
        account_name = str(opened.get("account_name") or told.name)
        return FacilityAccount(
            facility_id=_key(event, "fac", told.facility_id),
            version=told.version,
            name=told.name,
            agency_code=told.agency_code,
            commune_code=told.commune_code,
            province_code=told.province_code,
            secret=Secret(
                payee_name=told.name,
                payee_relation="facility",
                beneficiary_name="",
                personal_id="",
                account_number=str(opened.get("account_number") or ""),
                account_name=account_name,
            ),
            changed_on=told.changed_on,
            usable_from=told.usable_from,
        )

    def _open(self, sealed: str) -> Secret:
        opened = orjson.loads(self._opener.open(sealed))

        def text(name: str) -> str:
            return str(opened.get(name) or "")

        return Secret(
            payee_name=text("payee_name"),
            payee_relation=text("payee_relation"),
            beneficiary_name=text("beneficiary_name"),
            personal_id=text("personal_id"),
            account_number=text("account_number"),
            account_name=text("account_name"),
        )


def _key(event: IncomingEvent, prefix: str, shown: str) -> UUID:
    found = read(prefix, shown)
    assert found == event.key, "an event is keyed by what it tells of"
    return found
