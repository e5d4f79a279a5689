"""Overpayments over HTTP: what was paid without being due, and how it comes back."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel import ids
from libs.common.kernel.ids import new_id, show
from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import (
    Cursor,
    Limit,
    Through,
    bad_cursor,
    cursor_of,
    id_of,
    nothing,
    parts_of,
)
from services.payments.domain.recoveries import Recovery
from services.payments.usecases.overpayments import OverpaymentView

router = APIRouter(prefix="/v1/overpayments", tags=["overpayments"])
MayRead = Annotated[Actor, requires("payments.read")]
MayPropose = Annotated[Actor, requires("payments.recoveries.propose")]
MayApprove = Annotated[Actor, requires("payments.recoveries.approve")]


class OverpaymentShown(BaseModel):
    """What was paid of a month above what a recalculation says that it comes to.

    `amount_dong` = `withheld_dong` (kept back from later months, `reserved_dong` of it by lists that are not
    booked yet, or come back with the month's own payments) + `recovered_dong` (paid back) + `waived_dong`
    (remitted) + `open_dong`. `monthly_dong`: what its plan keeps back each month; null without a plan.
    """

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

    @classmethod
    def of(cls, view: OverpaymentView) -> "OverpaymentShown":
        return cls(
            overpayment_id=show("ovp", view.overpayment_id),
            difference_id=show("dif", view.difference_id),
            person_id=show("per", view.person_id),
            programme=view.programme,
            benefit_month=str(view.month),
            amount_dong=view.amount,
            withheld_dong=view.withheld,
            reserved_dong=view.reserved,
            recovered_dong=view.recovered,
            waived_dong=view.waived,
            open_dong=view.open,
            monthly_dong=view.monthly,
            commune_code=view.commune_code,
            province_code=view.province_code,
            booked_on=view.booked_on,
        )


class OverpaymentsPage(BaseModel):
    items: list[OverpaymentShown]
    next_cursor: str | None


class RecoveryWanted(BaseModel):
    """`plan`: `amount_dong` is kept back of each month to come, 0 ends the plan before it. `recovered`: so
    much was paid back to the province's budget. `waived`: so much is remitted. `document`: the number of the
    decision, the agreement or the receipt.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["plan", "recovered", "waived"]
    amount_dong: Annotated[int, Field(ge=0)]
    document: Annotated[str, Field(min_length=1, max_length=100)]
    note: Annotated[str, Field(min_length=1, max_length=500, description="Why. No person's name.")]


class RecoveryShown(RecoveryWanted):
    recovery_id: str
    overpayment_id: str
    status: str

    @classmethod
    def of(cls, recovery: Recovery) -> "RecoveryShown":
        return cls.model_validate(
            {
                "recovery_id": show("rcv", recovery.recovery_id),
                "overpayment_id": show("ovp", recovery.overpayment_id),
                "kind": recovery.kind,
                "amount_dong": recovery.amount,
                "document": recovery.document,
                "note": recovery.note,
                "status": recovery.status,
            }
        )


@router.get("")
async def page(
    actor: MayRead,
    doors: Through,
    person_id: Annotated[str | None, Query(max_length=40)] = None,
    only_open: bool = True,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> OverpaymentsPage:
    """Overpayments that are open, whoever they are of: of the dead and of who moved away, too."""
    person = id_of("per", person_id) if person_id else None
    found = await doors.overpayment_reads.page(actor.territory, person, only_open, _place(cursor), limit + 1)
    shown = [OverpaymentShown.of(view) for view in found[:limit]]
    return OverpaymentsPage(
        items=shown, next_cursor=cursor_of(shown[-1].overpayment_id) if len(found) > limit else None
    )


@router.get("/{overpayment_id}")
async def one(overpayment_id: str, actor: MayRead, doors: Through) -> OverpaymentShown:
    """An overpayment as it stands."""
    found = await doors.overpayment_reads.one(actor.territory, id_of("ovp", overpayment_id))
    if found is None:
        raise nothing("ovp")
    return OverpaymentShown.of(found)


@router.post("/{overpayment_id}/recoveries", status_code=201)
async def propose(
    overpayment_id: str, wanted: RecoveryWanted, actor: MayPropose, doors: Through
) -> RecoveryShown:
    """Say how it comes back. Nothing is kept back or booked until another identity approves it."""
    recovery = Recovery(
        recovery_id=new_id(),
        overpayment_id=id_of("ovp", overpayment_id),
        kind=wanted.kind,
        amount=wanted.amount_dong,
        document=wanted.document,
        note=wanted.note,
        maker=actor.sub,
    )
    return RecoveryShown.of(await doors.recoveries.propose(recovery, actor.territory))


@router.post("/recoveries/{recovery_id}/approval")
async def approve(recovery_id: str, actor: MayApprove, doors: Through) -> RecoveryShown:
    """Have it hold. 403 `same_identity` for its maker, 409 `recovery_unfit` where less is open by now."""
    known = id_of("rcv", recovery_id)
    return RecoveryShown.of(await doors.recoveries.approve(known, actor.sub, actor.territory))


@router.post("/recoveries/{recovery_id}/withdrawal")
async def withdraw(recovery_id: str, actor: MayPropose, doors: Through) -> RecoveryShown:
    """Nothing will be booked by it."""
    return RecoveryShown.of(await doors.recoveries.withdraw(id_of("rcv", recovery_id), actor.territory))


def _place(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return ids.read("ovp", *parts_of(cursor, 1))
    except ValueError:
        raise bad_cursor() from None
