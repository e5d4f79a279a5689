"""What was heard of other services, kept in sets. Every version stays, so any order comes to the same."""

import asyncio
from collections.abc import Sequence
from typing import Any

from libs.common.runtime.postgres import Connection
from services.payments.domain.heard import (
    Entitlement,
    FacilityAccount,
    PayoutAccount,
    Secret,
    Signature,
    problem_of,
    told_payee,
)
from services.payments.domain.instructions import BANK_ACCOUNT
from services.payments.store.protection import Protection

_ENTITLEMENT = (
    "decision_id uuid, person_id uuid, version int, programme text, outcome text, status text,"
    " effective_from date, pays_from date, category text, coefficient_hundredths int, standard_dong bigint,"
    " amount_dong bigint, payee text, facility_id uuid, commune_code text, province_code text,"
    " former_province_code text, decided_on date"
)
_SIGNATURE = "decision_id uuid, signed_on date, signed_by_sub text"
_ACCOUNT = (
    "person_id uuid, version int, payee_id uuid, channel text, agency_code text, commune_code text,"
    " province_code text, secret bytea, payee_index bytea, problem text"
)
_FACILITY = (
    "facility_id uuid, version int, name text, agency_code text, commune_code text, province_code text,"
    " secret bytea, payee_index bytea, problem text"
)


async def keep_entitlements(connection: Connection, heard: Sequence[Entitlement]) -> None:
    rows = [
        (
            one.decision_id,
            one.person_id,
            one.version,
            one.programme,
            one.outcome,
            one.status,
            one.effective_from,
            one.pays_from,
            one.category,
            one.coefficient_hundredths,
            one.standard_dong,
            one.amount_dong,
            one.payee,
            one.facility_id,
            one.commune_code,
            one.province_code,
            one.former_province_code,
            one.decided_on,
        )
        for one in heard
    ]
    await _insert(connection, "entitlement", _ENTITLEMENT, rows)


async def keep_signatures(connection: Connection, heard: Sequence[Signature]) -> None:
    rows = [(one.decision_id, one.signed_on, one.signed_by_sub) for one in heard]
    await _insert(connection, "signature", _SIGNATURE, rows)


class Accounts:
    """Keeps accounts: secrets encrypted, payees to be recognised by a keyed hash."""

    def __init__(self, protection: Protection) -> None:
        self._protection = protection

    async def keep(self, connection: Connection, heard: Sequence[PayoutAccount]) -> None:
        rows = await asyncio.to_thread(lambda: [self._account(one) for one in heard])
        await _insert(connection, "payout_account", _ACCOUNT, rows)

    async def keep_facilities(self, connection: Connection, heard: Sequence[FacilityAccount]) -> None:
        rows = await asyncio.to_thread(lambda: [self._facility(one) for one in heard])
        await _insert(connection, "facility_account", _FACILITY, rows)

    def _account(self, one: PayoutAccount) -> tuple[Any, ...]:
        return (
            one.person_id,
            one.version,
            one.payee_id,
            one.channel,
            one.agency_code,
            one.commune_code,
            one.province_code,
            *self._kept(one.secret, one.channel),
        )

    def _facility(self, one: FacilityAccount) -> tuple[Any, ...]:
        return (
            one.facility_id,
            one.version,
            one.name,
            one.agency_code,
            one.commune_code,
            one.province_code,
            *self._kept(one.secret, BANK_ACCOUNT),
        )

    def _kept(self, secret: Secret, channel: str) -> tuple[bytes, bytes, str | None]:
        return (
            self._protection.close(secret),
            self._protection.payee_index(told_payee(secret, channel)),
            problem_of(secret, channel),
        )


async def _insert(connection: Connection, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """`columns`: name and type of each. What is there already stays as it is."""
    names, types = zip(*(column.split() for column in columns.split(", ")), strict=True)
    arrays = ", ".join(f"${place}::{type_}[]" for place, type_ in enumerate(types, 1))
    await connection.execute(
        f"insert into {table} ({', '.join(names)}) select * from unnest({arrays}) on conflict do nothing",
        *(list(column) for column in zip(*rows, strict=True)),
    )
