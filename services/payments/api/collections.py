"""What a post office tells of single payments: as they happen, or later, from tellers who were offline."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor
from libs.common.runtime.problems import not_found
from services.payments.api.doors import Through, id_of
from services.payments.api.files import agency_of
from services.payments.api.partners import partner_requires
from services.payments.api.signatures import Signature, require_signed
from services.payments.usecases.collections import Collected, CollectionView

router = APIRouter(prefix="/v1/post/collections", tags=["post office"])
MayTell = Annotated[Actor, partner_requires("payments.collections.write")]
Receipt = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{2,34}$")]
Outcome = Literal["accepted", "known", "receipt_taken", "payment_collected", "payment_unknown"]
_MOST = 1_000


class CollectedPayment(BaseModel):
    """Money handed over. `paid_to`: the beneficiary in person, or the payee whom the list names for them."""

    model_config = ConfigDict(extra="forbid")

    receipt: Annotated[Receipt, Field(description="The post's number of the receipt; one for each payment.")]
    payment_id: Annotated[str, Field(max_length=40)]
    amount_dong: Annotated[int, Field(ge=1, le=10**12)]
    paid_to: Literal["self", "payee"]
    paid_at: AwareDatetime
    teller: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$", description="A code, no name.")]


class CollectedPayments(BaseModel):
    """In any order; what was told before may be told again."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[CollectedPayment], Field(min_length=1, max_length=_MOST)]


class CollectionOutcome(BaseModel):
    """`accepted`: it is booked soon. `known`: it was told before. Else nothing is taken: the receipt is of
    another payment, the payment has another receipt, or stands on no list of this post office."""

    receipt: str
    payment_id: str
    outcome: Outcome


class CollectionOutcomes(BaseModel):
    """In the order of what was sent."""

    items: list[CollectionOutcome]


class CollectionShown(BaseModel):
    """`suspended`: it does not fit its payment, and a person looks at it. `attributed_to`: the payment that
    it is of after all."""

    receipt: str
    payment_id: str
    attributed_to: str | None
    amount_dong: int
    paid_to: str
    paid_at: datetime
    teller: str
    status: Literal["received", "taken", "suspended"]

    @classmethod
    def of(cls, view: CollectionView) -> "CollectionShown":
        told = view.collected
        return cls.model_validate(
            {
                "receipt": told.receipt,
                "payment_id": show("pay", told.instruction_id),
                "attributed_to": show("pay", view.attributed_id) if view.attributed_id else None,
                "amount_dong": told.amount,
                "paid_to": told.paid_to,
                "paid_at": told.paid_at,
                "teller": told.teller,
                "status": view.status,
            }
        )


@router.post("")
async def tell(
    told: CollectedPayments, request: Request, actor: MayTell, doors: Through, _: Signature = None
) -> CollectionOutcomes:
    """Payments that were handed over, up to 1,000 at a time. Nothing counts twice, however often it comes:
    a receipt is of one payment, and a payment has one receipt. The list's report later adds nothing to it."""
    await require_signed(request, await request.body(), agency_of(actor), doors)
    collected = [
        Collected(
            receipt=item.receipt,
            instruction_id=id_of("pay", item.payment_id),
            amount=item.amount_dong,
            paid_to=item.paid_to,
            paid_at=item.paid_at,
            teller=item.teller,
        )
        for item in told.items
    ]
    outcomes = await doors.collections(collected, actor.sub, actor.territory, agency_of(actor))
    return CollectionOutcomes.model_validate(
        {
            "items": [
                {"receipt": item.receipt, "payment_id": item.payment_id, "outcome": outcome}
                for item, outcome in zip(told.items, outcomes, strict=True)
            ]
        }
    )


@router.get("/{receipt}")
async def one(receipt: str, actor: MayTell, doors: Through) -> CollectionShown:
    """What became of a receipt of the caller's post office."""
    found = await doors.collections.one(receipt, actor.territory, agency_of(actor))
    if found is None:
        raise not_found("biên nhận này", "receipt")
    return CollectionShown.of(found)
