"""What was paid without being due: listed, and how it comes back, by maker and checker."""

from datetime import date
from enum import Enum

import strawberry

from gateway.clients import overpayments
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.paging import size
from gateway.schema.person import Person, person_seen
from gateway.schema.scalars import Dong, MonthText
from gateway.schema.words import Programme

_Info = strawberry.Info[Asked, None]
_PAGE_MAX = 100


@strawberry.enum(
    description="Kept back of each month to come (0 ends it), paid back by the person, or remitted."
)
class RecoveryKind(Enum):
    PLAN = "plan"
    RECOVERED = "recovered"
    WAIVED = "waived"


@strawberry.enum(
    description="Proposed: nothing is kept back or paid in yet. Booked: another identity approved it."
)
class RecoveryStatus(Enum):
    PROPOSED = "proposed"
    BOOKED = "booked"
    WITHDRAWN = "withdrawn"


@strawberry.type(
    description="What was paid of a month above what it comes to: withheld + recovered + waived + open."
)
class Overpayment:
    id: strawberry.ID
    difference_id: strawberry.ID
    programme: Programme
    benefit_month: MonthText
    amount_dong: Dong
    withheld_dong: Dong = strawberry.field(description="Kept back from later months.")
    reserved_dong: Dong = strawberry.field(description="Of the withheld: by lists that are not booked yet.")
    recovered_dong: Dong = strawberry.field(description="Paid back.")
    waived_dong: Dong = strawberry.field(description="Remitted by decision.")
    open_dong: Dong
    monthly_dong: Dong | None = strawberry.field(
        description="What its plan keeps back each month; null without one."
    )
    commune_code: str
    province_code: str
    booked_on: date
    person_id: strawberry.ID

    @fields.field("Who was paid; null where the caller sees no such person.", Price(points=10))
    async def person(self, info: _Info) -> Person | None:
        return await person_seen(self.person_id, asked(info))


@strawberry.type(description="Overpayments, a page of them.")
class OverpaymentConnection:
    nodes: list[Overpayment] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="How an overpayment is to come back.")
class Recovery:
    id: strawberry.ID
    overpayment_id: strawberry.ID
    kind: RecoveryKind
    amount_dong: Dong
    document: str = strawberry.field(description="Number of the decision, the agreement or the receipt.")
    note: str
    status: RecoveryStatus


@strawberry.type
class OverpaymentQuery:
    @fields.field(
        "What was paid without being due, the open ones unless all are asked for; of a person, or of all.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def overpayments(
        self,
        info: _Info,
        person_id: strawberry.ID | None = None,
        only_open: bool = True,
        first: int = 20,
        after: str | None = None,
    ) -> OverpaymentConnection:
        context = asked(info)
        page = await context.doors.overpayments.page(
            context.caller, person_id, only_open, size(first, _PAGE_MAX), after
        )
        nodes = [_overpayment(one) for one in page.items]
        return OverpaymentConnection(nodes=nodes, next_cursor=page.next_cursor)


@strawberry.type
class OverpaymentMutation:
    @fields.mutation(
        "Say how an overpayment comes back; it holds once another identity approves it.", Price(points=100)
    )
    async def propose_recovery(
        self,
        info: _Info,
        overpayment_id: strawberry.ID,
        kind: RecoveryKind,
        amount_dong: Dong,
        document: str,
        note: str,
    ) -> Recovery:
        context = asked(info)
        door = context.doors.overpayments
        return _recovery(
            await door.propose(context.caller, overpayment_id, kind.value, amount_dong, document, note)
        )

    @fields.mutation("Have a proposed recovery hold; by another than who proposed it.", Price(points=100))
    async def approve_recovery(self, info: _Info, id: strawberry.ID) -> Recovery:
        context = asked(info)
        return _recovery(await context.doors.overpayments.approve(context.caller, id))

    @fields.mutation("Take a proposed recovery back.", Price(points=100))
    async def withdraw_recovery(self, info: _Info, id: strawberry.ID) -> Recovery:
        context = asked(info)
        return _recovery(await context.doors.overpayments.withdraw(context.caller, id))


def _overpayment(found: overpayments.Overpayment) -> Overpayment:
    return Overpayment(
        id=strawberry.ID(found.overpayment_id),
        difference_id=strawberry.ID(found.difference_id),
        programme=Programme(found.programme),
        benefit_month=MonthText(found.benefit_month),
        amount_dong=Dong(found.amount_dong),
        withheld_dong=Dong(found.withheld_dong),
        reserved_dong=Dong(found.reserved_dong),
        recovered_dong=Dong(found.recovered_dong),
        waived_dong=Dong(found.waived_dong),
        open_dong=Dong(found.open_dong),
        monthly_dong=None if found.monthly_dong is None else Dong(found.monthly_dong),
        commune_code=found.commune_code,
        province_code=found.province_code,
        booked_on=found.booked_on,
        person_id=strawberry.ID(found.person_id),
    )


def _recovery(found: overpayments.Recovery) -> Recovery:
    return Recovery(
        id=strawberry.ID(found.recovery_id),
        overpayment_id=strawberry.ID(found.overpayment_id),
        kind=RecoveryKind(found.kind),
        amount_dong=Dong(found.amount_dong),
        document=found.document,
        note=found.note,
        status=RecoveryStatus(found.status),
    )
