"""What the doors show of the ledger and its funds; store/ provides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.payments.domain.funds import Fund
from services.payments.domain.vouchers import Voucher


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account of a province, or of the nation (00)."""

    code: str
    kind: str
    province_code: str
    unit: str
    may_overdraw: bool


@dataclass(frozen=True, slots=True)
class BalanceView:
    """An account at the end of a day: all that was ever debited and credited up to it."""

    code: str
    kind: str
    province_code: str
    unit: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TransferView:
    """A leg of a transaction, its accounts by code."""

    transaction_id: UUID
    leg: int
    posting: str
    debit: str
    credit: str
    amount: int
    unit: str
    province_code: str
    source_id: UUID
    booked_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FundView:
    """A fund and what is in it by now."""

    fund: Fund
    balance: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which transfers; None: any. `first` and `last`: days of booking, both included."""

    account: str | None = None
    posting: str | None = None
    source_id: UUID | None = None
    first: date | None = None
    last: date | None = None


#: A place in a list of accounts: code and province.
AccountPlace = tuple[str, str]
TransferPlace = tuple[UUID, int]


class Books(Protocol):
    """Reads inside the caller's territory (None = the nation). Lists come in pages, after a place."""

    async def accounts(
        self, territory: str | None, kind: str | None, after: AccountPlace, limit: int
    ) -> list[AccountView]: ...

    async def balances(
        self, territory: str | None, on: date, kind: str | None, after: AccountPlace, limit: int
    ) -> list[BalanceView]:
        """Accounts on which anything was booked by the end of that day."""

    async def transfers(
        self, territory: str | None, wanted: Wanted, after: TransferPlace | None, limit: int
    ) -> list[TransferView]:
        """The latest first."""

    async def funds(self, territory: str | None, after: str, limit: int) -> Sequence[FundView]:
        """By code."""

    async def vouchers(
        self, territory: str | None, status: str | None, after: UUID | None, limit: int
    ) -> list[Voucher]:
        """The latest first."""

    async def voucher(self, territory: str | None, voucher_id: UUID) -> Voucher | None: ...
