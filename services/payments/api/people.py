"""What a person was paid, over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import Through, id_of
from services.payments.api.models import PaymentShown, PaymentsPage

router = APIRouter(tags=["people"])


@router.get("/v1/people/{person_id}/payments")
async def payments(
    person_id: str, actor: Annotated[Actor, requires("payments.read")], doors: Through
) -> PaymentsPage:
    """Every instruction with lines for the person, the latest month first."""
    found = await doors.reads.payments_of(actor.territory, id_of("per", person_id))
    return PaymentsPage(items=[PaymentShown.of(view) for view in found])
