"""The ledger over HTTP: accounts, balances at the end of any day, transfers."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from libs.common.kernel import ids
from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import Cursor, Limit, Through, bad_cursor, cursor_of, parts_of
from services.payments.domain.ledger import source_prefix
from services.payments.usecases.books import (
    AccountPlace,
    AccountView,
    BalanceView,
    TransferPlace,
    TransferView,
    Wanted,
)

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])
MayRead = Annotated[Actor, requires("payments.ledger.read")]
AccountKind = Literal[
    "fund",
    "origin",
    "in_transit",
    "suspense",
    "paid",
    "entitlement",
    "payable",
    "overpayment",
    "waived",
]
Text = Annotated[str | None, Query(max_length=120)]


class AccountShown(BaseModel):
    """`province_code` 00 is the nation's. `unit`: VND, RICE_KG or PCS:<good>."""

    account: str
    kind: str
    province_code: str
    unit: str
    may_overdraw: bool


class AccountsPage(BaseModel):
    items: list[AccountShown]
    next_cursor: str | None


class BalanceShown(BaseModel):
    """An account at the end of the day. `balance` = `debited` − `credited`: below 0 on the credit side."""

    account: str
    kind: str
    province_code: str
    unit: str
    debited: int
    credited: int
    balance: int


class BalancesPage(BaseModel):
    on: date
    items: list[BalanceShown]
    next_cursor: str | None


class TransferShown(BaseModel):
    """`amount` went from the account credited to the account debited. `source_id`: what it is booked for."""

    transaction_id: str
    leg: int
    posting: str
    debit: str
    credit: str
    amount: int
    unit: str
    province_code: str
    source_id: str
    booked_on: date
    recorded_at: datetime

    @classmethod
    def of(cls, view: TransferView) -> "TransferShown":
        told = {name: getattr(view, name) for name in cls.model_fields}
        told["transaction_id"] = show("ltx", view.transaction_id)
        told["source_id"] = show(source_prefix(view.posting), view.source_id)
        return cls.model_validate(told)


class TransfersPage(BaseModel):
    items: list[TransferShown]
    next_cursor: str | None


@router.get("/accounts")
async def accounts(
    actor: MayRead,
    doors: Through,
    kind: AccountKind | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> AccountsPage:
    """The accounts of the caller's territory and of the nation, by code."""
    found = await doors.books.accounts(actor.territory, kind, _account_place(cursor), limit + 1)
    return AccountsPage(
        items=[
            AccountShown(
                account=view.code,
                kind=view.kind,
                province_code=view.province_code,
                unit=view.unit,
                may_overdraw=view.may_overdraw,
            )
            for view in found[:limit]
        ],
        next_cursor=_next(found, limit),
    )


@router.get("/balances")
async def balances(
    actor: MayRead,
    doors: Through,
    on: date | None = None,
    kind: AccountKind | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> BalancesPage:
    """Each account at the end of that day (today, unless one is named). Of each unit they sum to 0."""
    day = on or doors.today()
    found = await doors.books.balances(actor.territory, day, kind, _account_place(cursor), limit + 1)
    return BalancesPage(
        on=day,
        items=[
            BalanceShown(
                account=view.code,
                kind=view.kind,
                province_code=view.province_code,
                unit=view.unit,
                debited=view.debit,
                credited=view.credit,
                balance=view.debit - view.credit,
            )
            for view in found[:limit]
        ],
        next_cursor=_next(found, limit),
    )


@router.get("/transfers")
async def transfers(
    actor: MayRead,
    doors: Through,
    account: Text = None,
    posting: Text = None,
    source_id: Text = None,
    first: date | None = None,
    last: date | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> TransfersPage:
    """What was booked, the latest first: of an account, a posting, a source, between two days."""
    source = ids.read(source_id[:3], source_id) if source_id and _is_id(source_id) else None
    if source_id and source is None:
        return TransfersPage(items=[], next_cursor=None)
    wanted = Wanted(account, posting, source, first, last)
    found = await doors.books.transfers(actor.territory, wanted, _transfer_place(cursor), limit + 1)
    shown = found[:limit]
    more = cursor_of(show("ltx", shown[-1].transaction_id), str(shown[-1].leg)) if shown else None
    return TransfersPage(
        items=[TransferShown.of(view) for view in shown], next_cursor=more if len(found) > limit else None
    )


def _is_id(text: str) -> bool:
    try:
        return text[:3] in ids.PREFIXES and bool(ids.read(text[:3], text))
    except ValueError:
        return False


def _next(found: list[AccountView] | list[BalanceView], limit: int) -> str | None:
    return cursor_of(found[limit - 1].code, found[limit - 1].province_code) if len(found) > limit else None


def _account_place(cursor: str | None) -> AccountPlace:
    if not cursor:
        return "", ""
    code, province = parts_of(cursor, 2)
    return code, province


def _transfer_place(cursor: str | None) -> TransferPlace | None:
    if not cursor:
        return None
    transaction, leg = parts_of(cursor, 2)
    try:
        return ids.read("ltx", transaction), int(leg)
    except ValueError:
        raise bad_cursor() from None
