"""What was found in a run before it is paid, over HTTP: read, and accepted where it is odd."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

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
from services.payments.domain.run_checks import Check
from services.payments.usecases.run_checks import Finding

router = APIRouter(prefix="/v1/runs/{run_id}", tags=["runs"])
MayRead = Annotated[Actor, requires("payments.read")]
MayApprove = Annotated[Actor, requires("payments.runs.approve")]
Odd = Literal[
    "amount_jump", "shared_account", "resident_at_home", "reported_deceased", "account_name", "large_amount"
]
Kind = Literal["new", "changed", "stopped", "arrears"] | Odd


class CheckShown(BaseModel):
    """What was found of one kind. `holds`: the run is not approved until somebody accepts it.

    `before_dong`, `amount_dong`: of what was found, in the month before and now.
    """

    kind: str
    findings: int
    before_dong: int
    amount_dong: int
    holds: bool
    reason: str | None
    accepted_at: datetime | None

    @classmethod
    def of(cls, check: Check) -> "CheckShown":
        return cls.model_validate({name: getattr(check, name) for name in cls.model_fields})


class ChecksShown(BaseModel):
    """`checked`: whether the run has been looked at by now."""

    checked: bool
    items: list[CheckShown]
    next_cursor: None = None


class FindingShown(BaseModel):
    """`person_id`: null of an account or the whole run. `instruction_id`: null where nothing is paid."""

    programme: str
    person_id: str | None
    instruction_id: str | None
    benefit_month: str | None
    before_dong: int
    amount_dong: int
    commune_code: str

    @classmethod
    def of(cls, finding: Finding) -> "FindingShown":
        return cls(
            programme=finding.programme,
            person_id=show("per", finding.person_id) if finding.person_id else None,
            instruction_id=show("pay", finding.instruction_id) if finding.instruction_id else None,
            benefit_month=f"{finding.month:%Y-%m}" if finding.month else None,
            before_dong=finding.before_dong,
            amount_dong=finding.amount_dong,
            commune_code=finding.commune_code,
        )


class FindingsPage(BaseModel):
    items: list[FindingShown]
    next_cursor: str | None


class Acceptance(BaseModel):
    """`reason`: why the list is right all the same. No person's name."""

    model_config = ConfigDict(extra="forbid")

    kind: Odd
    reason: Annotated[str, Field(min_length=1, max_length=200)]


@router.get("/checks")
async def checks(run_id: str, actor: MayRead, doors: Through) -> ChecksShown:
    """How the list differs from the month before, and what is odd in it."""
    view = await doors.reads.run(actor.territory, id_of("run", run_id))
    if view is None:
        raise nothing("run")
    found = await doors.check_reads.checks(actor.territory, view.run.run_id)
    return ChecksShown(checked=view.checked, items=[CheckShown.of(check) for check in found])


@router.get("/findings")
async def findings(
    run_id: str, kind: Kind, actor: MayRead, doors: Through, limit: Limit = 100, cursor: Cursor = None
) -> FindingsPage:
    """What was found of one kind, one by one."""
    known = id_of("run", run_id)
    if await doors.reads.run(actor.territory, known) is None:
        raise nothing("run")
    found = await doors.check_reads.findings(actor.territory, known, kind, _place(cursor), limit + 1)
    more = cursor_of(str(found[limit - 1].number)) if len(found) > limit else None
    return FindingsPage(items=[FindingShown.of(finding) for finding in found[:limit]], next_cursor=more)


@router.post("/acceptances")
async def accept(run_id: str, wanted: Acceptance, actor: MayApprove, doors: Through) -> ChecksShown:
    """Say why what is odd is right. 403 `same_identity` for the maker; a third identity approves then."""
    await doors.accept_findings(id_of("run", run_id), wanted.kind, wanted.reason, actor.sub, actor.territory)
    return await checks(run_id, actor, doors)


def _place(cursor: str | None) -> int | None:
    if not cursor:
        return None
    [number] = parts_of(cursor, 1)
    if not number.isdecimal() or len(number) > 18:
        raise bad_cursor()
    return int(number)
