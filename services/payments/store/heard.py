"""What was heard of other services, kept in sets. Every version stays, so any order comes to the same."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from libs.common.runtime.postgres import Connection
from libs.common.runtime.sealing import BlindIndex, FieldCipher
from services.payments.domain.instructions import TO_ACCOUNT
from services.payments.domain.matching import payee_text
from services.payments.domain.partner_lines import PaymentOrder, unpayable_because
from services.payments.domain.records import (
    Difference,
    Entitlement,
    FacilityAccount,
    PayoutAccount,
    Secret,
    Signature,
)

_ENTITLEMENT = (
    "decision_id uuid, person_id uuid, version int, programme text, outcome text, status text,"
    " effective_from date, pays_from date, category text, coefficient_hundredths int, standard_dong bigint,"
    " amount_dong bigint, payee text, facility_id uuid, commune_code text, province_code text,"
    " former_province_code text, decided_on date, payee_person_id uuid"
)
_DIFFERENCE = (
    "difference_id uuid, recalculation_id uuid, person_id uuid, programme text, month date, dong bigint,"
    " due_dong bigint, category text, coefficient_hundredths int, standard_dong bigint, payee text,"
    " facility_id uuid, payee_person_id uuid, commune_code text, province_code text, applied_on date"
)
_SIGNATURE = "decision_id uuid, signed_on date, signed_by_sub text"
_ACCOUNT = (
    "person_id uuid, version int, payee_id uuid, channel text, agency_code text, commune_code text,"
    " province_code text, changed_on date, usable_from date, secret bytea, payee_index bytea, problem text"
)
_FACILITY = (
    "facility_id uuid, version int, name text, agency_code text, commune_code text, province_code text,"
    " changed_on date, usable_from date, secret bytea, payee_index bytea, problem text"
)
#: A version `a` of an account that took no other's place, or has cooled off by the day $2. One that was
#: changed again before that is never paid: whoever noticed has said so.
_USABLE = """
    (a.usable_from is null or a.usable_from <= $2 and not exists (
        select from {table} later where later.{of} = a.{of}
          and later.version > a.version and later.changed_on < a.usable_from))
"""
USABLE = _USABLE.format(table="payout_account", of="person_id")
FACILITY_USABLE = _USABLE.format(table="facility_account", of="facility_id")


async def keep_entitlements(connection: Connection, heard: Sequence[Entitlement]) -> None:
    rows = [
        (
            one.decision_id,
            one.person_id,
            one.version,
            one.programme,
            one.outcome,
            one.status,
            one.effective_from.first_day,
            one.pays_from.first_day,
            one.category,
            one.coefficient_hundredths,
            one.standard,
            one.amount,
            one.payee,
            one.facility_id,
            one.commune_code,
            one.province_code,
            one.former_province_code,
            one.decided_on,
            one.payee_person_id,
        )
        for one in heard
    ]
    await _insert(connection, "entitlement", _ENTITLEMENT, rows)


async def keep_signatures(connection: Connection, heard: Sequence[Signature]) -> None:
    rows = [(one.decision_id, one.signed_on, one.signed_by_sub) for one in heard]
    await _insert(connection, "signature", _SIGNATURE, rows)


async def keep_differences(connection: Connection, heard: Sequence[Difference]) -> None:
    rows = [
        (
            one.difference_id,
            one.recalculation_id,
            one.person_id,
            one.programme,
            one.month.first_day,
            one.dong,
            one.due,
            one.category,
            one.coefficient_hundredths,
            one.standard,
            one.payee,
            one.facility_id,
            one.payee_person_id,
            one.commune_code,
            one.province_code,
            one.applied_on,
        )
        for one in heard
    ]
    await _insert(connection, "difference", _DIFFERENCE, rows)


class Accounts:
    """Keeps accounts: secrets encrypted, payees to be recognised by a keyed hash."""

    def __init__(self, cipher: FieldCipher, blind_index: BlindIndex) -> None:
        self._cipher = cipher
        self._blind_index = blind_index

    async def keep(self, connection: Connection, heard: Sequence[PayoutAccount]) -> None:
        rows = await asyncio.to_thread(lambda: [self._account(one) for one in heard])
        await _insert(connection, "payout_account", _ACCOUNT, rows)

    async def keep_facilities(self, connection: Connection, heard: Sequence[FacilityAccount]) -> None:
        rows = await asyncio.to_thread(lambda: [self._facility(one) for one in heard])
        await _insert(connection, "facility_account", _FACILITY, rows)

    def payee_index(self, account_or_name: str) -> bytes:
        """What two statements of one payee have in common, and nobody without the key can compute."""
        return self._blind_index.of(payee_text(account_or_name))

    def person_index(self, personal_id: str) -> bytes:
        """By what a person is known in lists that other authorities make."""
        return self._blind_index.of("personal_id\x1f" + personal_id)

    def open(self, sealed: bytes) -> Secret:
        """The inverse of how a secret is kept."""
        return Secret(*orjson.loads(self._cipher.decrypt(sealed)))

    def _account(self, one: PayoutAccount) -> tuple[Any, ...]:
        in_cash = one.channel not in TO_ACCOUNT
        return (
            one.person_id,
            one.version,
            one.payee_id,
            one.channel,
            one.agency_code,
            one.commune_code,
            one.province_code,
            one.changed_on,
            one.usable_from,
            *self.kept(one.secret, in_cash=in_cash),
        )

    def _facility(self, one: FacilityAccount) -> tuple[Any, ...]:
        return (
            one.facility_id,
            one.version,
            one.name,
            one.agency_code,
            one.commune_code,
            one.province_code,
            one.changed_on,
            one.usable_from,
            *self.kept(one.secret, in_cash=False),
        )

    def kept(self, secret: Secret, *, in_cash: bool) -> tuple[bytes, bytes, str | None]:
        """(encrypted, the payee's keyed hash, the field that keeps it out of any file)."""
        fields = (
            secret.payee_name,
            secret.payee_relation,
            secret.beneficiary_name,
            secret.personal_id,
            secret.account_number,
            secret.account_name,
        )
        known_by = secret.payee_name if in_cash else secret.account_number
        return (
            self._cipher.encrypt(orjson.dumps(fields)),
            self.payee_index(known_by),
            _problem(secret, in_cash=in_cash),
        )


def _problem(secret: Secret, *, in_cash: bool) -> str | None:
    """The field that would keep a payment to it out of any file."""
    order = PaymentOrder(
        instruction_id=UUID(int=0),
        amount_dong=1,
        payee_name=secret.payee_name,
        account_number=secret.account_number,
        account_name=secret.account_name,
        agency_code="",
        execution_date=date.min,
        remittance="",
    )
    return unpayable_because(order, in_cash=in_cash)


async def _insert(connection: Connection, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """`columns`: name and type of each. What is there already stays as it is."""
    names, types = zip(*(column.split() for column in columns.split(", ")), strict=True)
    arrays = ", ".join(f"${place}::{type_}[]" for place, type_ in enumerate(types, 1))
    await connection.execute(
        f"insert into {table} ({', '.join(names)}) select * from unnest({arrays}) on conflict do nothing",
        *(list(column) for column in zip(*rows, strict=True)),
    )
