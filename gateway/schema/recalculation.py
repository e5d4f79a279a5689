"""Decided months recalculated on all that is known now: signed differences, each with both sides' reasons."""

from enum import Enum

import strawberry

from gateway.clients import recalculations
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.decision import Decision, Reason, reason_of
from gateway.schema.paging import size
from gateway.schema.place import Commune, territory_name
from gateway.schema.scalars import Dong, MonthText
from gateway.schema.words import Payee, Programme
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month

_PAGE_MAX = 100
_Info = strawberry.Info[Asked, None]


@strawberry.enum(description="How far a recalculation is. Ready: everybody was looked at, nothing is booked.")
class RecalculationState(Enum):
    RUNNING = "running"
    READY = "ready"
    APPLIED = "applied"
    DISCARDED = "discarded"


@strawberry.enum(description="Why months are recalculated.")
class RecalculationReason(Enum):
    LATE_FACT = "late_fact"
    CORRECTION = "correction"
    NEW_POLICY = "new_policy"


@strawberry.type(description="The sums of a programme.")
class ProgrammeDifferences:
    programme: Programme
    people: int
    differences: int
    arrears_dong: Dong = strawberry.field(description="Too little was paid.")
    recovery_dong: Dong = strawberry.field(description="Too much was paid.")


@strawberry.type(description="One month of one programme that comes out different: new less old.")
class Difference:
    id: strawberry.ID
    person_id: strawberry.ID
    programme: Programme
    month: MonthText
    old_dong: Dong = strawberry.field(description="What was told to be paid, and the differences before.")
    new_dong: Dong = strawberry.field(description="What the law grants on all that is known now.")
    dong: Dong = strawberry.field(description="Above 0 arrears, below 0 a recovery.")
    payee: Payee
    payee_person_id: strawberry.ID | None
    commune: Commune = strawberry.field(description="Where the month was paid, or is to be paid.")
    applied: bool
    record: strawberry.Private[recalculations.Difference]

    @fields.field("What it was paid by, with its reasons; null where nothing was.", Price(points=10))
    async def old_decision(self, info: _Info) -> Decision | None:
        wanted = self.record.old_decision_id
        if wanted is None:
            return None
        try:
            return Decision.of(await asked(info).loaders.receipt.load(wanted))
        except Refusal as refusal:
            if refusal.code != "not_found":
                raise
            return None

    @fields.field("Why the month comes to what is new.", Price(points=20, per_item=20))
    async def reasons(self, info: _Info) -> list[Reason]:
        found = await asked(info).loaders.difference.load(self.id)
        return [reason_of(reason) for reason in found.receipt.reasons] if found.receipt else []

    @fields.field("True: nothing is due, as the month is suspended or stopped.", Price(points=20))
    async def held_back(self, info: _Info) -> bool:
        return bool((await asked(info).loaders.difference.load(self.id)).held_back)

    @classmethod
    def of(cls, found: recalculations.Difference, context: Asked) -> "Difference":
        payee = found.payee_person_id
        on = Month.parse(found.month).last_day
        return cls(
            id=strawberry.ID(found.difference_id),
            person_id=strawberry.ID(found.person_id),
            programme=Programme(found.programme),
            month=MonthText(found.month),
            old_dong=Dong(found.old_dong),
            new_dong=Dong(found.new_dong),
            dong=Dong(found.dong),
            payee=Payee(found.payee),
            payee_person_id=strawberry.ID(payee) if payee else None,
            commune=Commune.of(context.doors.units, found.commune_code, on),
            applied=found.applied,
            record=found,
        )


@strawberry.type(description="Differences, in the order of their ids.")
class DifferenceConnection:
    nodes: list[Difference] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="A recalculation of decided months. Nothing is booked until another applies it.")
class Recalculation:
    id: strawberry.ID
    state: RecalculationState
    reason: RecalculationReason
    from_month: MonthText
    to_month: MonthText
    province_code: str | None
    province_name: str | None
    commune_code: str | None
    requested_by: str
    applied_by: str | None
    people: int = strawberry.field(description="Who was looked at.")
    undetermined: int = strawberry.field(description="Of whom the policy has no law of a month.")
    elsewhere: int = strawberry.field(
        description="People with other months that differ and were paid elsewhere: recalculated there."
    )
    content_hash: str | None = strawberry.field(description="What is applied; null while it runs.")
    record: strawberry.Private[recalculations.Recalculation]

    @fields.field("Arrears and recoveries by programme.", Price(points=10, per_item=6))
    async def programmes(self, info: _Info) -> list[ProgrammeDifferences]:
        found = self.record
        if found.programmes is None:
            found = await asked(info).loaders.recalculation.load(self.id)
        return [
            ProgrammeDifferences(
                programme=Programme(one.programme),
                people=one.people,
                differences=one.differences,
                arrears_dong=Dong(one.arrears_dong),
                recovery_dong=Dong(one.recovery_dong),
            )
            for one in found.programmes or ()
        ]

    @fields.field(
        "What comes out different, in the caller's territory.",
        Price(points=20, per_item=_PAGE_MAX, sized_by="first"),
    )
    async def differences(
        self, info: _Info, first: int = 20, after: str | None = None
    ) -> DifferenceConnection:
        context = asked(info)
        door = context.doors.recalculations
        page = await door.differences(context.caller, self.id, size(first, _PAGE_MAX), after)
        nodes = [Difference.of(one, context) for one in page.items]
        return DifferenceConnection(nodes=nodes, next_cursor=page.next_cursor)

    @classmethod
    def of(cls, found: recalculations.Recalculation, context: Asked) -> "Recalculation":
        province = found.province_code
        return cls(
            id=strawberry.ID(found.recalculation_id),
            state=RecalculationState(found.state),
            reason=RecalculationReason(found.reason),
            from_month=MonthText(found.from_month),
            to_month=MonthText(found.to_month),
            province_code=province,
            province_name=territory_name(context.doors.units, province) if province else None,
            commune_code=found.commune_code,
            requested_by=found.requested_by_sub,
            applied_by=found.applied_by_sub,
            people=found.people,
            undetermined=found.undetermined,
            elsewhere=found.elsewhere,
            content_hash=found.content_hash,
            record=found,
        )


@strawberry.type(description="Recalculations, the newest first.")
class RecalculationConnection:
    nodes: list[Recalculation] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")
