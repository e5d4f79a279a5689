"""Lines in suspense: a list by age, figures, and their resolution by a maker and another checker."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from libs.common.kernel import ids
from libs.common.kernel.ids import show
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
from services.payments.domain.suspense import ATTRIBUTED, Item
from services.payments.usecases.suspense import Proposal, SuspensePlace, Wanted

router = APIRouter(prefix="/v1/suspense", tags=["suspense"])
MayRead = Annotated[Actor, requires("payments.read")]
MayPropose = Annotated[Actor, requires("payments.suspense.propose")]
MayApprove = Annotated[Actor, requires("payments.suspense.approve")]
Reason = Literal["unknown_reference", "amount_differs", "payee_differs", "date_differs", "state_differs"]
Status = Literal["waiting", "proposed", "approved", "attributed", "sent_back", "told_twice", "dismissed"]
Resolution = Literal["attributed", "sent_back", "told_twice", "dismissed"]


class SuspenseShown(BaseModel):
    """A line that matched nothing. `reference` as the partner wrote it; `age_days` since we were told.

    `held`: the agency gave its money back, and it is booked in suspense; any other line is no money.
    `told_again`: another report told its money, too, and was dropped, so it can't be told_twice.
    `instruction_id`: the payment that it names, or to which it is to be attributed. `problem`: why the last
    approved resolution could not be carried out.
    """

    suspense_id: str
    report_id: str
    line: int
    run_id: str | None
    agency_code: str
    province_code: str
    reason: str
    outcome: str
    reference: str
    instruction_id: str | None
    amount_dong: int | None
    told_on: date | None
    held: bool
    told_again: bool
    waits_since: date
    age_days: int
    status: str
    resolution: str | None
    note: str
    problem: str | None

    @classmethod
    def of(cls, item: Item, today: date) -> "SuspenseShown":
        return cls(
            suspense_id=show("sus", item.suspense_id),
            report_id=show("rep", item.report_id),
            line=item.number,
            run_id=show("run", item.run_id) if item.run_id else None,
            agency_code=item.agency_code,
            province_code=item.province_code,
            reason=item.reason,
            outcome=item.outcome,
            reference=item.reference,
            instruction_id=show("pay", item.instruction_id) if item.instruction_id else None,
            amount_dong=item.amount,
            told_on=item.told_on,
            held=item.held,
            told_again=item.told_again,
            waits_since=item.waits_since,
            age_days=(today - item.waits_since).days,
            status=item.status,
            resolution=item.resolution,
            note=item.note,
            problem=item.problem,
        )


class SuspensePage(BaseModel):
    items: list[SuspenseShown]
    next_cursor: str | None


class SuspenseGroupShown(BaseModel):
    """Unresolved lines of an agency, a reason and an age. `age_days_max` null: older than all others.

    `held_dong`: of `amount_dong`, what lies in suspense.
    """

    agency_code: str
    reason: str
    age_days_max: int | None
    lines: int
    amount_dong: int
    held_dong: int


class SuspenseSummary(BaseModel):
    on: date
    items: list[SuspenseGroupShown]


class ResolutionWanted(BaseModel):
    """`attributed`: the line is of `instruction_id`, or of the payment that it names. `sent_back`: its money
    goes back to the agency. `told_twice`: its money is that of another line or of a return that is booked; it
    came once. `dismissed`: it is no money, and nothing has to be done.
    """

    model_config = ConfigDict(extra="forbid")

    resolution: Resolution
    instruction_id: Annotated[str, Field(max_length=40)] | None = None
    note: Annotated[str, Field(min_length=1, max_length=500, description="Why. No person's name.")]

    @model_validator(mode="after")
    def _whole(self) -> "ResolutionWanted":
        if self.instruction_id and self.resolution != ATTRIBUTED:
            raise ValueError("instruction_id goes with attributed")
        return self


@router.get("")
async def page(
    actor: MayRead,
    doors: Through,
    agency_code: Annotated[str | None, Query(max_length=12)] = None,
    reason: Reason | None = None,
    status: Status | None = None,
    run_id: Annotated[str | None, Query(max_length=40)] = None,
    held: bool | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> SuspensePage:
    """Lines of all runs that wait, the longest waiting first; by `status` those that do not, too."""
    wanted = Wanted(agency_code, reason, status, id_of("run", run_id) if run_id else None, held)
    found = await doors.suspense_reads.page(actor.territory, wanted, _place(cursor), limit + 1)
    today = doors.today()
    shown = [SuspenseShown.of(item, today) for item in found[:limit]]
    last = shown[-1] if len(found) > limit else None
    return SuspensePage(
        items=shown, next_cursor=cursor_of(last.waits_since.isoformat(), last.suspense_id) if last else None
    )


@router.get("/summary")
async def summary(actor: MayRead, doors: Through) -> SuspenseSummary:
    """What waits, by agency, reason and age."""
    today = doors.today()
    return SuspenseSummary(
        on=today,
        items=[
            SuspenseGroupShown(
                agency_code=group.agency_code,
                reason=group.reason,
                age_days_max=group.age_days_max,
                lines=group.lines,
                amount_dong=group.amount,
                held_dong=group.held,
            )
            for group in await doors.suspense_reads.groups(actor.territory, today)
        ],
    )


@router.get("/{suspense_id}")
async def one(suspense_id: str, actor: MayRead, doors: Through) -> SuspenseShown:
    """A line as it stands."""
    return await _shown(suspense_id, actor, doors)


@router.post("/{suspense_id}/proposal")
async def propose(
    suspense_id: str, wanted: ResolutionWanted, actor: MayPropose, doors: Through
) -> SuspenseShown:
    """Say how the line is to be resolved. Nothing is booked until another identity approves it."""
    instruction_id = id_of("pay", wanted.instruction_id) if wanted.instruction_id else None
    proposal = Proposal(wanted.resolution, instruction_id, wanted.note)
    await doors.suspense.propose(id_of("sus", suspense_id), proposal, actor.sub, actor.territory)
    return await _shown(suspense_id, actor, doors)


@router.post("/{suspense_id}/approval")
async def approve(suspense_id: str, actor: MayApprove, doors: Through) -> SuspenseShown:
    """Have it carried out. 403 `same_identity` for its maker, 409 `suspense_unfit` where it can't be."""
    await doors.suspense.approve(id_of("sus", suspense_id), actor.sub, actor.territory)
    return await _shown(suspense_id, actor, doors)


@router.post("/{suspense_id}/withdrawal")
async def withdraw(suspense_id: str, actor: MayPropose, doors: Through) -> SuspenseShown:
    """Take a proposal back; the line waits again."""
    await doors.suspense.withdraw(id_of("sus", suspense_id), actor.territory)
    return await _shown(suspense_id, actor, doors)


async def _shown(suspense_id: str, actor: Actor, doors: Through) -> SuspenseShown:
    found = await doors.suspense_reads.one(actor.territory, id_of("sus", suspense_id))
    if found is None:
        raise nothing("sus")
    return SuspenseShown.of(found, doors.today())


def _place(cursor: str | None) -> SuspensePlace | None:
    if not cursor:
        return None
    since, suspense_id = parts_of(cursor, 2)
    try:
        return date.fromisoformat(since), ids.read("sus", suspense_id)
    except ValueError:
        raise bad_cursor() from None
