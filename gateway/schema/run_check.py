"""What was found in a run before it is paid: asked for, and accepted where it is odd."""

from datetime import datetime
from enum import Enum

import strawberry

from gateway.clients import run_checks
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.paging import size
from gateway.schema.scalars import Dong, MonthText
from gateway.schema.words import Programme

_Info = strawberry.Info[Asked, None]
_FINDINGS_MAX = 500


@strawberry.enum(
    description="How a list differs from the month before, and what is odd in it; what is odd holds the run."
)
class FindingKind(Enum):
    NEW = "new"
    CHANGED = "changed"
    STOPPED = "stopped"
    ARREARS = "arrears"
    AMOUNT_JUMP = "amount_jump"
    SHARED_ACCOUNT = "shared_account"
    RESIDENT_AT_HOME = "resident_at_home"
    REPORTED_DECEASED = "reported_deceased"
    ACCOUNT_NAME = "account_name"
    LARGE_AMOUNT = "large_amount"


_KINDS = len(FindingKind)


@strawberry.type(description="What was found of one kind.")
class RunCheck:
    kind: FindingKind
    findings: int
    before_dong: Dong = strawberry.field(description="Of what was found, in the month before.")
    amount_dong: Dong = strawberry.field(description="The same, now.")
    holds: bool = strawberry.field(description="The run is not approved until somebody accepts it.")
    reason: str | None = strawberry.field(description="Why it was accepted.")
    accepted_at: datetime | None


@strawberry.type(description="One of what was found.")
class RunFinding:
    programme: Programme
    person_id: strawberry.ID | None = strawberry.field(description="Null of an account or the whole run.")
    payment_id: strawberry.ID | None = strawberry.field(description="Null where nothing is paid.")
    benefit_month: MonthText | None
    before_dong: Dong
    amount_dong: Dong
    commune_code: str


@strawberry.type(description="What was found of one kind, one by one.")
class RunFindingConnection:
    nodes: list[RunFinding] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type
class RunCheckQuery:
    @fields.field("What was found in a run, by kind; null before it is checked.", Price(20, per_item=_KINDS))
    async def run_checks(self, info: _Info, run_id: strawberry.ID) -> list[RunCheck] | None:
        context = asked(info)
        found = await context.doors.run_checks.of(context.caller, run_id)
        return _checks(found) if found.checked else None

    @fields.field(
        "What was found in a run of one kind, one by one.",
        Price(points=20, per_item=_FINDINGS_MAX, sized_by="first"),
    )
    async def run_findings(
        self,
        info: _Info,
        run_id: strawberry.ID,
        kind: FindingKind,
        first: int = 100,
        after: str | None = None,
    ) -> RunFindingConnection:
        context = asked(info)
        page = await context.doors.run_checks.findings(
            context.caller, run_id, kind.value, size(first, _FINDINGS_MAX), after
        )
        nodes = [_finding(one) for one in page.items]
        return RunFindingConnection(nodes=nodes, next_cursor=page.next_cursor)


@strawberry.type
class RunCheckMutation:
    @fields.mutation(
        "Say why what is odd in a run is right; by another than its maker. A third identity approves then.",
        Price(points=100, per_item=_KINDS),
    )
    async def accept_findings(
        self, info: _Info, run_id: strawberry.ID, kind: FindingKind, reason: str
    ) -> list[RunCheck]:
        context = asked(info)
        return _checks(await context.doors.run_checks.accept(context.caller, run_id, kind.value, reason))


def _checks(found: run_checks.Checks) -> list[RunCheck]:
    return [
        RunCheck(
            kind=FindingKind(one.kind),
            findings=one.findings,
            before_dong=Dong(one.before_dong),
            amount_dong=Dong(one.amount_dong),
            holds=one.holds,
            reason=one.reason,
            accepted_at=one.accepted_at,
        )
        for one in found.items
    ]


def _finding(found: run_checks.Finding) -> RunFinding:
    return RunFinding(
        programme=Programme(found.programme),
        person_id=strawberry.ID(found.person_id) if found.person_id else None,
        payment_id=strawberry.ID(found.instruction_id) if found.instruction_id else None,
        benefit_month=MonthText(found.benefit_month) if found.benefit_month else None,
        before_dong=Dong(found.before_dong),
        amount_dong=Dong(found.amount_dong),
        commune_code=found.commune_code,
    )
