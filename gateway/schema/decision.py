"""Decisions and their reasons, as eligibility recorded them."""

from datetime import date
from typing import Any

import strawberry
from strawberry.scalars import JSON

from gateway.clients import eligibility
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.scalars import CoefficientText, Dong, MonthText
from gateway.schema.words import DecisionStatus, Outcome, Programme
from libs.common.kernel.money import Coefficient


@strawberry.type(description="A rule of the law that was tried, and whether it held.")
class Reason:
    rule: str
    held: bool
    facts: JSON | None = strawberry.field(description="The facts that the rule looked at.")
    failed: list[str] = strawberry.field(
        description="The facts by which it failed.", metadata=priced(Price(per_item=5))
    )
    excluded_by: str | None = strawberry.field(description="The category that takes its place.")
    citation: str | None = strawberry.field(description="Where in the law it stands.")


@strawberry.type(description="What the law grants, or refuses, to a person under a programme.")
class Decision:
    id: strawberry.ID
    outcome: Outcome
    status: DecisionStatus
    programme: Programme
    category: str | None
    amount_dong: Dong = strawberry.field(description="A month.")
    coefficient: CoefficientText
    standard_dong: Dong
    effective_from: MonthText
    pays_from: MonthText | None = strawberry.field(description="The first month that the platform pays.")
    decided_on: date | None
    record: strawberry.Private[eligibility.Decision]

    @fields.field(
        "Why: every condition with its facts and its place in the law.", Price(points=20, per_item=20)
    )
    async def reasons(self, info: strawberry.Info[Asked, None]) -> list[Reason] | None:
        found = self.record
        if found.reasons is None:
            found = await asked(info).loaders.receipt.load(self.record.decision_id)
        return [_reason(reason) for reason in found.reasons or ()]

    @classmethod
    def of(cls, found: eligibility.Decision) -> "Decision":
        return cls(
            id=strawberry.ID(found.decision_id),
            outcome=Outcome(found.outcome),
            status=DecisionStatus(found.status),
            programme=Programme(found.programme),
            category=None if found.category in ("", "none") else found.category,
            amount_dong=Dong(found.amount_dong),
            coefficient=CoefficientText(str(Coefficient(found.coefficient_hundredths))),
            standard_dong=Dong(found.standard_dong),
            effective_from=MonthText(found.effective_from),
            pays_from=None if found.pays_from is None else MonthText(found.pays_from),
            decided_on=found.decided_on,
            record=found,
        )


def _reason(reason: eligibility.Reason) -> Reason:
    facts: Any = reason.facts
    return Reason(
        rule=reason.rule,
        held=reason.held,
        facts=facts,
        failed=reason.failed,
        excluded_by=reason.excluded_by,
        citation=reason.citation,
    )
