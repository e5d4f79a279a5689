"""Donations over HTTP: taken down by those who keep them, reported to everybody."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel import ids
from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor, open_to_all, requires
from services.payments.api.doors import Cursor, Limit, Through, bad_cursor, id_of
from services.payments.api.funds import Amount, Document, VoucherShown
from services.payments.api.idempotency import IdempotencyKey, once
from services.payments.domain.donations import Donation
from services.payments.usecases.donations import Pledge

router = APIRouter(tags=["donations"])
MayRead = Annotated[Actor, requires("payments.donations.read")]
MayTake = Annotated[Actor, requires("payments.donations.write")]
Status = Literal["pledged", "received", "earmarked", "withdrawn"]
Province = Annotated[str | None, Query(pattern=r"^\d{2}$")]


class PledgeTaken(BaseModel):
    """`amount` in the unit of the fund. `shown`: the donor agreed to be named in the public report."""

    model_config = ConfigDict(extra="forbid")

    fund_id: Annotated[str, Field(max_length=40)]
    amount: Amount
    donor: Annotated[str, Field(max_length=200, description="Empty where it is not known.")] = ""
    shown: bool = False


class ReceiptWanted(BaseModel):
    """What came; it may be other than what was promised."""

    model_config = ConfigDict(extra="forbid")

    amount: Amount
    document: Document
    received_on: date | None = None


class EarmarkWanted(BaseModel):
    """`to_fund_id`: a fund for gifts with one purpose, in the same unit."""

    model_config = ConfigDict(extra="forbid")

    to_fund_id: Annotated[str, Field(max_length=40)]
    document: Document


class DonationShown(BaseModel):
    """`receipt`: its number in the fund's book of the year, once it is received."""

    donation_id: str
    status: str
    fund_id: str
    to_fund_id: str | None
    province_code: str
    amount: int
    donor: str
    shown: bool
    receipt: str | None
    pledged_on: date
    received_on: date | None
    earmarked_on: date | None

    @classmethod
    def of(cls, donation: Donation) -> "DonationShown":
        told = {name: getattr(donation, name) for name in cls.model_fields}
        for name, prefix in (("donation_id", "don"), ("fund_id", "fun"), ("to_fund_id", "fun")):
            told[name] = show(prefix, told[name]) if told[name] else None
        return cls.model_validate(told)


class DonationsPage(BaseModel):
    items: list[DonationShown]
    next_cursor: str | None


class Gift(BaseModel):
    """A received gift. `donor` is null where it was not agreed to be named. `used` of `amount` so far."""

    donation_id: str
    donor: str | None
    received_on: date
    amount: int
    used: int
    unit: str
    purpose: str | None
    province_code: str


class GiftsPage(BaseModel):
    items: list[Gift]
    next_cursor: str | None


class MonthOfGifts(BaseModel):
    """`programme` is null for what was received and is not set apart."""

    month: str
    unit: str
    programme: str | None
    received: int
    used: int


class DonationReport(BaseModel):
    """What was given and what it was used for, by month and programme."""

    year: int
    items: list[MonthOfGifts]
    next_cursor: None = None


@router.post("/v1/donations", status_code=201)
async def pledge(
    request: Request,
    taken: PledgeTaken,
    actor: MayTake,
    doors: Through,
    idempotency_key: IdempotencyKey = None,
) -> DonationShown:
    """A promise: nothing is booked yet. Two alike are two gifts, but for those of one Idempotency-Key."""
    wanted = Pledge(id_of("fun", taken.fund_id), taken.amount, taken.donor.strip(), taken.shown)

    async def made() -> DonationShown:
        return DonationShown.of(await doors.donations.pledge(wanted, actor.sub, actor.territory))

    return await once(doors, actor, idempotency_key, (request, await request.body()), DonationShown, made)


@router.post("/v1/donations/{donation_id}/receipt", status_code=201)
async def receive(donation_id: str, wanted: ReceiptWanted, actor: MayTake, doors: Through) -> VoucherShown:
    """The gift came: a voucher, booked when another identity approves it; then the receipt has its number.

    409 `voucher_taken` while another voucher of the gift waits.
    """
    return VoucherShown.of(
        await doors.donations.receive(
            id_of("don", donation_id),
            wanted.amount,
            wanted.document,
            wanted.received_on,
            actor.sub,
            actor.territory,
        )
    )


@router.post("/v1/donations/{donation_id}/earmark", status_code=201)
async def earmark(donation_id: str, wanted: EarmarkWanted, actor: MayTake, doors: Through) -> VoucherShown:
    """Set the gift apart, whole, for one programme: a voucher that another identity approves.

    Approval answers 409 `fund_short` where the gift is used already. A mistake is corrected to 0, and the
    gift lies where it was received.
    """
    to_fund_id = id_of("fun", wanted.to_fund_id)
    return VoucherShown.of(
        await doors.donations.earmark(
            id_of("don", donation_id), to_fund_id, wanted.document, actor.sub, actor.territory
        )
    )


@router.post("/v1/donations/{donation_id}/withdrawal")
async def withdraw(donation_id: str, actor: MayTake, doors: Through) -> DonationShown:
    """A promise that is not kept."""
    return DonationShown.of(await doors.donations.withdraw(id_of("don", donation_id), actor.territory))


@router.get("/v1/donations")
async def page(
    actor: MayRead,
    doors: Through,
    status: Status | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DonationsPage:
    """Donations with their donors, the latest first."""
    found = await doors.donation_reads.page(actor.territory, status, _after(cursor), limit + 1)
    shown = [DonationShown.of(donation) for donation in found[:limit]]
    return DonationsPage(items=shown, next_cursor=shown[-1].donation_id if len(found) > limit else None)


@router.get("/v1/gifts", dependencies=[open_to_all()])
async def gifts(
    doors: Through, province_code: Province = None, limit: Limit = 100, cursor: Cursor = None
) -> GiftsPage:
    """Received gifts for everybody, the latest first: from whom, where that was agreed to, and what for."""
    found = await doors.donation_reads.gifts(province_code, _after(cursor), limit + 1)
    shown = [
        Gift(
            donation_id=show("don", gift.donation_id),
            donor=gift.donor,
            received_on=gift.received_on,
            amount=gift.amount,
            used=gift.used,
            unit=gift.unit,
            purpose=gift.purpose,
            province_code=gift.province_code,
        )
        for gift in found[:limit]
    ]
    return GiftsPage(items=shown, next_cursor=shown[-1].donation_id if len(found) > limit else None)


@router.get("/v1/donation-report", dependencies=[open_to_all()])
async def report(
    doors: Through, year: Annotated[int, Query(ge=2015, le=2100)], province_code: Province = None
) -> DonationReport:
    """What was given and used, by month, unit and programme, for everybody."""
    sums = await doors.donation_reads.sums(province_code, year)
    return DonationReport(
        year=year,
        items=[
            MonthOfGifts(
                month=f"{one.month:%Y-%m}",
                unit=one.unit,
                programme=one.programme,
                received=one.received,
                used=one.used,
            )
            for one in sums
        ],
    )


def _after(cursor: str | None) -> UUID | None:
    try:
        return ids.read("don", cursor) if cursor else None
    except ValueError:
        raise bad_cursor() from None
