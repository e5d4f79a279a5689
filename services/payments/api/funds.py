"""Funds, and the vouchers on them: proposed by a maker, booked when a checker approves."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from libs.common.kernel import ids
from libs.common.kernel.ids import derived_id, new_id, show
from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import Cursor, Limit, Through, bad_cursor, id_of, nothing
from services.payments.api.idempotency import IdempotencyKey, once
from services.payments.domain.funds import COMMUNE, Fund
from services.payments.domain.ledger import CORRECTED, NATION, VND
from services.payments.domain.vouchers import GRANTED, HANDED_OVER, MOVED, Voucher
from services.payments.usecases.books import FundView

router = APIRouter(tags=["funds"])
MayRead = Annotated[Actor, requires("payments.ledger.read")]
MayPropose = Annotated[Actor, requires("payments.vouchers.propose")]
MayApprove = Annotated[Actor, requires("payments.vouchers.approve")]
Unit = Annotated[str, Field(pattern=r"^(VND|RICE_KG|PCS:[a-z][a-z_]{1,30})$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,40}$")]
Province = Annotated[str, Field(pattern=r"^\d{2}$")]
Commune = Annotated[str, Field(pattern=r"^\d{5}$")]
AccountNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{6,34}$")]
Amount = Annotated[int, Field(ge=1, le=10**15)]
Document = Annotated[str, Field(min_length=1, max_length=60, description="The paper's number.")]
#: What a voucher of each kind names.
_NAMES = {
    GRANTED: {"fund_id"},
    MOVED: {"fund_id", "to_fund_id"},
    HANDED_OVER: {"fund_id", "programme"},
    CORRECTED: {"corrects"},
}
VoucherStatus = Literal["proposed", "booked", "withdrawn"]


class FundWanted(BaseModel):
    """A fund to be opened; it is never overdrawn, as only the provinces' budgets may be.

    Goods lie in one place, which the name tells. `province_code` 00: the nation's.
    """

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,39}$")]
    kind: Literal["central", "province", "commune", "donation", "national_reserve"]
    province_code: Province
    name: Annotated[str, Field(min_length=1, max_length=200)]
    unit: Unit = "VND"
    commune_code: Commune | None = None
    purpose: Name | None = Field(default=None, description="The one programme that it pays; none: any.")
    account_number: AccountNumber | None = Field(
        default=None, description="What banks and wallets debit for it; none: the province's one account."
    )

    @model_validator(mode="after")
    def _fits(self) -> "FundWanted":
        if self.code.startswith("budget-"):
            raise ValueError("codes budget-... are those of the provinces' budgets")
        if (self.kind == COMMUNE) != (self.commune_code is not None):
            raise ValueError("commune_code goes with the kind commune")
        if self.account_number and self.unit != VND:
            raise ValueError("goods have no account_number")
        return self


class FundShown(BaseModel):
    """`balance`: what is in it by now, in its unit."""

    fund_id: str
    code: str
    kind: str
    province_code: str
    name: str
    unit: str
    commune_code: str | None
    purpose: str | None
    may_overdraw: bool
    account_number: str | None
    balance: int

    @classmethod
    def of(cls, view: FundView) -> "FundShown":
        fields = {name: getattr(view.fund, name) for name in cls.model_fields if name != "balance"}
        return cls.model_validate(
            fields | {"fund_id": show("fun", view.fund.fund_id), "balance": view.balance}
        )


class FundsPage(BaseModel):
    items: list[FundShown]
    next_cursor: str | None


class VoucherWanted(BaseModel):
    """`granted`: to `fund_id` by its authority. `moved`: to `to_fund_id`. `handed_over`: for `programme`.

    `corrected`: the transaction `corrects` should have been of `amount`, 0 where it should not have been.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["granted", "moved", "handed_over", "corrected"]
    amount: Annotated[int, Field(ge=0, le=10**15)]
    document: Document
    fund_id: Annotated[str, Field(max_length=40)] | None = None
    to_fund_id: Annotated[str, Field(max_length=40)] | None = None
    programme: Name | None = None
    corrects: Annotated[str, Field(max_length=40)] | None = None
    booked_on: date | None = None
    commune_code: Commune | None = None
    recipients: Annotated[int, Field(ge=0, le=10**8)] | None = None
    note: Annotated[str, Field(max_length=500, description="No person's name.")] = ""

    @model_validator(mode="after")
    def _whole(self) -> "VoucherWanted":
        named = {name for name in ("fund_id", "to_fund_id", "programme", "corrects") if getattr(self, name)}
        if named != _NAMES[self.kind]:
            raise ValueError(f"a voucher {self.kind} names {', '.join(sorted(_NAMES[self.kind]))}, no more")
        if not self.amount and self.kind != CORRECTED:
            raise ValueError("amount is above 0")
        return self


class VoucherShown(BaseModel):
    """`donation_id`: the gift that is received (`donated`) or set apart (`earmarked`)."""

    voucher_id: str
    kind: str
    status: str
    province_code: str
    amount: int
    document: str
    fund_id: str | None
    to_fund_id: str | None
    programme: str | None
    corrects: str | None
    transaction_id: str | None
    booked_on: date
    commune_code: str | None
    recipients: int | None
    donation_id: str | None
    note: str

    @classmethod
    def of(cls, voucher: Voucher) -> "VoucherShown":
        told = {name: getattr(voucher, name) for name in cls.model_fields}
        prefixes = {"voucher_id": "vch", "fund_id": "fun", "to_fund_id": "fun", "corrects": "ltx"}
        for name, prefix in (prefixes | {"transaction_id": "ltx", "donation_id": "don"}).items():
            told[name] = show(prefix, told[name]) if told[name] else None
        return cls.model_validate(told)


class VouchersPage(BaseModel):
    items: list[VoucherShown]
    next_cursor: str | None


@router.post("/v1/funds", status_code=201)
async def open_fund(wanted: FundWanted, actor: MayPropose, doors: Through) -> FundShown:
    """Open a fund, empty. 409 `fund_taken` where its code is another's."""
    fund = Fund(fund_id=derived_id("fund", wanted.code), **wanted.model_dump())
    await doors.funds.open(fund, actor.sub, actor.territory)
    return FundShown.of(FundView(fund, 0))


@router.get("/v1/funds")
async def fund_page(
    actor: MayRead,
    doors: Through,
    limit: Limit = 100,
    cursor: Annotated[str, Query(max_length=40)] = "",
) -> FundsPage:
    """The funds of the caller's territory and of the nation, by code."""
    found = await doors.books.funds(actor.territory, cursor, limit + 1)
    shown = [FundShown.of(view) for view in found[:limit]]
    return FundsPage(items=shown, next_cursor=shown[-1].code if len(found) > limit else None)


@router.post("/v1/vouchers", status_code=201)
async def propose(
    request: Request,
    wanted: VoucherWanted,
    actor: MayPropose,
    doors: Through,
    idempotency_key: IdempotencyKey = None,
) -> VoucherShown:
    """Take a voucher down. Nothing is booked until another identity approves it.

    Of a fund, a kind and a document there is one voucher: sent again it is that one, as it stands by now.
    409 `voucher_taken` where it says something else; a withdrawn one counts no longer.
    """
    voucher = Voucher(
        voucher_id=new_id(),
        kind=wanted.kind,
        province_code=actor.territory or NATION,
        amount=wanted.amount,
        document=wanted.document,
        booked_on=wanted.booked_on or doors.today(),
        maker=actor.sub,
        fund_id=id_of("fun", wanted.fund_id) if wanted.fund_id else None,
        to_fund_id=id_of("fun", wanted.to_fund_id) if wanted.to_fund_id else None,
        programme=wanted.programme,
        corrects=id_of("ltx", wanted.corrects) if wanted.corrects else None,
        commune_code=wanted.commune_code,
        recipients=wanted.recipients,
        note=wanted.note,
    )

    async def made() -> VoucherShown:
        return VoucherShown.of(await doors.funds.propose(voucher, actor.territory))

    return await once(doors, actor, idempotency_key, (request, await request.body()), VoucherShown, made)


@router.get("/v1/vouchers")
async def voucher_page(
    actor: MayRead,
    doors: Through,
    status: VoucherStatus | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> VouchersPage:
    """Vouchers, the latest first."""
    try:
        after = ids.read("vch", cursor) if cursor else None
    except ValueError:
        raise bad_cursor() from None
    found = await doors.books.vouchers(actor.territory, status, after, limit + 1)
    shown = [VoucherShown.of(voucher) for voucher in found[:limit]]
    return VouchersPage(items=shown, next_cursor=shown[-1].voucher_id if len(found) > limit else None)


@router.post("/v1/vouchers/{voucher_id}/approval")
async def approve(voucher_id: str, actor: MayApprove, doors: Through) -> VoucherShown:
    """Book it. 403 `same_identity` for its maker, 409 `fund_short` where a fund has not enough."""
    await doors.funds.approve(id_of("vch", voucher_id), actor.sub, actor.territory)
    return await _shown(voucher_id, actor, doors)


@router.post("/v1/vouchers/{voucher_id}/withdrawal")
async def withdraw(voucher_id: str, actor: MayPropose, doors: Through) -> VoucherShown:
    """Nothing will be booked by it."""
    await doors.funds.withdraw(id_of("vch", voucher_id), actor.sub, actor.territory)
    return await _shown(voucher_id, actor, doors)


async def _shown(voucher_id: str, actor: Actor, doors: Through) -> VoucherShown:
    found = await doors.books.voucher(actor.territory, id_of("vch", voucher_id))
    if found is None:
        raise nothing("vch")
    return VoucherShown.of(found)
