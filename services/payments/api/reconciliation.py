"""How far a run's files are answered, by count and to the đồng."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import Through, id_of, nothing
from services.payments.usecases.reading import AgencyMoney, DayTold, ReconciliationView

router = APIRouter(tags=["runs"])
_SUSPENDED_MAX = 100


class SuspendedShown(BaseModel):
    """`reference` as the partner wrote it; `reason`: what of it differs from our instruction."""

    report_id: str
    line: int
    reference: str
    outcome: str
    amount_dong: int | None
    told_on: date | None
    reason: str


class DayToldShown(BaseModel):
    """What an agency told on a business day: statement = settled + returned + suspense.

    `settled` and `returned`: what matched. Of `suspense`: `duplicates` say what is booked already,
    `unresolved` wait for a person. A line without an amount in whole đồng counts as a line only.
    """

    on: date
    lines: int
    statement_dong: int
    settled_dong: int
    returned_dong: int
    suspense_dong: int
    duplicates_dong: int
    unresolved_dong: int

    @classmethod
    def of(cls, day: DayTold) -> "DayToldShown":
        return cls(
            on=day.on,
            lines=day.lines,
            statement_dong=day.statement,
            settled_dong=day.settled,
            returned_dong=day.returned,
            suspense_dong=day.suspense,
            duplicates_dong=day.duplicates,
            unresolved_dong=day.unresolved,
        )


class AgencyMoneyShown(BaseModel):
    """The run's money at one agency: instructed = settled + returned + pending + unknown.

    `held_dong`: what it gave back without saying for whom, as it lies in suspense.
    """

    agency_code: str
    instructed_dong: int
    settled_dong: int
    returned_dong: int
    pending_dong: int
    unknown_dong: int
    held_dong: int
    days: list[DayToldShown]

    @classmethod
    def of(cls, money: AgencyMoney) -> "AgencyMoneyShown":
        return cls(
            agency_code=money.agency_code,
            instructed_dong=money.instructed,
            settled_dong=money.settled,
            returned_dong=money.returned,
            pending_dong=money.pending,
            unknown_dong=money.unknown,
            held_dong=money.held,
            days=[DayToldShown.of(day) for day in money.days],
        )


class ReconciliationShown(BaseModel):
    """Counts by status, reason of return and reason of suspense; the first suspended lines; the money."""

    run_id: str
    files: dict[str, int]
    reports: dict[str, int]
    instructions: dict[str, int]
    return_reasons: dict[str, int]
    suspense: dict[str, int]
    suspended: list[SuspendedShown]
    agencies: list[AgencyMoneyShown]

    @classmethod
    def of(cls, run_id: str, view: ReconciliationView) -> "ReconciliationShown":
        return cls(
            run_id=run_id,
            files=dict(view.files),
            reports=dict(view.reports),
            instructions=dict(view.instructions),
            return_reasons=dict(view.return_reasons),
            suspense=dict(view.suspense),
            suspended=[
                SuspendedShown(
                    report_id=show("rep", line.report_id),
                    line=line.number,
                    reference=line.reference,
                    outcome=line.outcome,
                    amount_dong=line.amount,
                    told_on=line.told_on,
                    reason=line.reason,
                )
                for line in view.suspended
            ],
            agencies=[AgencyMoneyShown.of(money) for money in view.agencies],
        )


@router.get("/v1/runs/{run_id}/reconciliation")
async def reconciliation(
    run_id: str, actor: Annotated[Actor, requires("payments.read")], doors: Through
) -> ReconciliationShown:
    """What the paying agencies have told of a run, and what of it waits for a person."""
    run = id_of("run", run_id)
    if await doors.reads.run(actor.territory, run) is None:
        raise nothing("run")
    return ReconciliationShown.of(
        run_id, await doors.reads.reconciliation(actor.territory, run, _SUSPENDED_MAX)
    )
