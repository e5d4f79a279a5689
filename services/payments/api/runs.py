"""Runs over HTTP: asked for by a maker, approved by a checker, watched by whoever may."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from libs.common.kernel import ids
from libs.common.kernel.ids import show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from services.payments.api.doors import (
    Cursor,
    Doors,
    Limit,
    Through,
    bad_cursor,
    cursor_of,
    id_of,
    nothing,
    parts_of,
)
from services.payments.api.models import (
    Approval,
    By,
    Programme,
    RunAccepted,
    RunOrdered,
    RunShown,
    RunsPage,
    TotalShown,
    TotalsPage,
    UnpayablePage,
    UnpayableShown,
    Withdrawal,
    figures,
)
from services.payments.domain.runs import PROGRAMMES
from services.payments.usecases.reading import RunPlace, RunView, UnpayablePlace

router = APIRouter(tags=["runs"])
MayRead = Annotated[Actor, requires("payments.read")]
MayBuild = Annotated[Actor, requires("payments.runs.build")]
MayApprove = Annotated[Actor, requires("payments.runs.approve")]


@router.post("/v1/runs", status_code=202)
async def order(wanted: RunOrdered, actor: MayBuild, doors: Through) -> RunAccepted:
    """Build the list of a province. The same order, while its run is open, is that run.

    409 `facts_not_settled` while a fact of these months may still come.
    """
    run_id = await doors.open_run(
        wanted.province_code,
        [Month.parse(text) for text in wanted.benefit_months],
        wanted.programmes or PROGRAMMES,
        actor.sub,
        actor.territory,
        id_of("fun", wanted.fund_id) if wanted.fund_id else None,
    )
    return RunAccepted(run_id=show("run", run_id))


@router.get("/v1/runs")
async def page(actor: MayRead, doors: Through, limit: Limit = 50, cursor: Cursor = None) -> RunsPage:
    """Runs, the latest first."""
    found = await doors.reads.runs(actor.territory, _run_place(cursor), limit + 1)
    shown = found[:limit]
    more = cursor_of(shown[-1].opened_at.isoformat(), show("run", shown[-1].run.run_id)) if shown else None
    return RunsPage(
        items=[RunShown.of(view, doors.today()) for view in shown],
        next_cursor=more if len(found) > limit else None,
    )


@router.get("/v1/runs/open")
async def open_runs(
    actor: MayRead,
    doors: Through,
    limit: Limit = 100,
    cursor: Annotated[str | None, Query(max_length=40)] = None,
) -> RunsPage:
    """The worklist: runs that are not over, with the days by which they are to be, and what is late."""
    try:
        after = ids.read("run", cursor) if cursor else None
    except ValueError:
        raise bad_cursor() from None
    found = await doors.reads.open_runs(actor.territory, after, limit + 1)
    shown = [RunShown.of(view, doors.today()) for view in found[:limit]]
    return RunsPage(items=shown, next_cursor=shown[-1].run_id if len(found) > limit else None)


@router.get("/v1/runs/{run_id}")
async def one(run_id: str, actor: MayRead, doors: Through) -> RunShown:
    """A run as it stands."""
    return RunShown.of(await _found(run_id, actor, doors), doors.today())


@router.post("/v1/runs/{run_id}/approval")
async def approve(run_id: str, approval: Approval, actor: MayApprove, doors: Through) -> RunShown:
    """Approve exactly the content of that hash. 403 `same_identity` for the run's own maker.

    409 `fund_short` where the run's fund has not enough for it.
    """
    await doors.approve_run(id_of("run", run_id), approval.content_hash, actor.sub, actor.territory)
    return RunShown.of(await _found(run_id, actor, doors), doors.today())


@router.post("/v1/runs/{run_id}/withdrawal")
async def withdraw(run_id: str, withdrawal: Withdrawal, actor: MayBuild, doors: Through) -> RunShown:
    """The list is not paid, and its months fall due again. 409 `run_under_way` once it is booked."""
    await doors.withdraw_run(id_of("run", run_id), withdrawal.reason, actor.sub, actor.territory)
    return RunShown.of(await _found(run_id, actor, doors), doors.today())


@router.get("/v1/runs/{run_id}/unpayable")
async def unpayable(
    run_id: str, actor: MayRead, doors: Through, limit: Limit = 100, cursor: Cursor = None
) -> UnpayablePage:
    """Entitled months that are not in the list, as nobody can be paid for them yet."""
    run = (await _found(run_id, actor, doors)).run
    found = await doors.reads.unpayable(actor.territory, run.run_id, _unpayable_place(cursor), limit + 1)
    items = [UnpayableShown.of(view) for view in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return UnpayablePage(
        items=items,
        next_cursor=cursor_of(last.person_id, last.programme, last.benefit_month) if last else None,
    )


@router.get("/v1/totals")
async def totals(
    run_id: Annotated[str, Query(max_length=40)],
    by: By,
    actor: MayRead,
    doors: Through,
    programme: Programme | None = None,
    limit: Limit = 500,
    cursor: Cursor = None,
) -> TotalsPage:
    """A run's figures by group, from its summary. The groups come by key."""
    run = (await _found(run_id, actor, doors)).run
    groups = await doors.reads.totals(actor.territory, run.run_id, by, programme)
    after = parts_of(cursor, 1)[0] if cursor else ""
    keys = [key for key in groups if key > after]
    return TotalsPage(
        items=[
            TotalShown.model_validate({"key": key, "people": groups[key].people, **figures(groups[key])})
            for key in keys[:limit]
        ],
        next_cursor=cursor_of(keys[limit - 1]) if len(keys) > limit else None,
    )


async def _found(run_id: str, actor: Actor, doors: Doors) -> RunView:
    found = await doors.reads.run(actor.territory, id_of("run", run_id))
    if found is None:
        raise nothing("run")
    return found


def _run_place(cursor: str | None) -> RunPlace | None:
    if not cursor:
        return None
    opened_at, run_id = parts_of(cursor, 2)
    try:
        return datetime.fromisoformat(opened_at), ids.read("run", run_id)
    except ValueError:
        raise bad_cursor() from None


def _unpayable_place(cursor: str | None) -> UnpayablePlace | None:
    if not cursor:
        return None
    person_id, programme, month = parts_of(cursor, 3)
    try:
        return ids.read("per", person_id), programme, Month.parse(month)
    except ValueError:
        raise bad_cursor() from None
