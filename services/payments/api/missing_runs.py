"""Lists that are late because nobody has ordered them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import Through

router = APIRouter(tags=["runs"])
MayRead = Annotated[Actor, requires("payments.read")]


class MissingRunShown(BaseModel):
    """A month of a province in which people are to be paid, and nobody has ordered its list."""

    month: str
    province_code: str
    list_before: date = Field(description="By the law the list is approved before that day, which is over.")


class MissingRuns(BaseModel):
    items: list[MissingRunShown]


@router.get("/v1/runs/missing")
async def missing_runs(actor: MayRead, doors: Through) -> MissingRuns:
    """Of this month, and of the next from the day on before which the law wants its list; by month and
    province."""
    found = await doors.reads.missing_runs(actor.territory, doors.today())
    items = [
        MissingRunShown(month=str(one.month), province_code=one.province_code, list_before=one.list_before)
        for one in found
    ]
    return MissingRuns(items=items)
