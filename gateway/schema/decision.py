"""Decisions and their reasons, as eligibility recorded them."""

from datetime import date

import strawberry
from strawberry.scalars import JSON

from gateway.clients import eligibility
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.scalars import CoefficientText, Dong, MonthText
from gateway.schema.words import DecisionStatus, Outcome, Payee, Programme
from libs.common.kernel.money import Coefficient

_HEALTH_CONDITION = "health_condition"
_RULES_OF_ILLNESS = frozenset({"k3", "k8"})
_FACTS_OF_ILLNESS = frozenset({"hiv_positive"})


@strawberry.type(description="A fact that a rule asked for.")
class FactAsked:
    fact: str
    needs: JSON | None
    has: JSON | None
    held: bool


@strawberry.type(description="A rule of the law that was tried, and whether it held.")
class Reason:
    rule: str = strawberry.field(description="health_condition for the rules that would tell an illness.")
    held: bool
    facts: list[FactAsked] = strawberry.field(
        description="None for health_condition.", metadata=priced(Price(per_item=6))
    )
    excluded_by: str | None = strawberry.field(description="The rule that takes its place.")
    citation: str | None = strawberry.field(description="Where in the law it stands.")
    mark: str | None = strawberry.field(description="How surely it was read there.")


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
    payee: Payee | None
    payee_person_id: strawberry.ID | None = strawberry.field(
        description="Who cares, where the carer is paid."
    )
    record: strawberry.Private[eligibility.Decision]

    @fields.field(
        "Why: every condition with its facts and its place in the law.", Price(points=20, per_item=20)
    )
    async def reasons(self, info: strawberry.Info[Asked, None]) -> list[Reason] | None:
        found = self.record
        if found.reasons is None:
            found = await asked(info).loaders.receipt.load(self.record.decision_id)
        return [reason_of(reason) for reason in found.reasons or ()]

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
            payee=None if found.payee is None else Payee(found.payee),
            payee_person_id=None if found.payee_person_id is None else strawberry.ID(found.payee_person_id),
            record=found,
        )


def reason_of(reason: eligibility.Reason) -> Reason:
    """As this door shows it: no illness is told."""
    if _tells_an_illness(reason.rule):
        hidden = Reason(
            rule=_HEALTH_CONDITION, held=reason.held, facts=[], excluded_by=None, citation=None, mark=None
        )
        return hidden
    facts = [
        FactAsked(fact=one.fact, needs=one.needs, has=one.has, held=one.held)
        for one in reason.facts
        if one.fact not in _FACTS_OF_ILLNESS
    ]
    instead = reason.excluded_by
    return Reason(
        rule=reason.rule,
        held=reason.held,
        facts=facts,
        excluded_by=_HEALTH_CONDITION if instead and _tells_an_illness(instead) else instead,
        citation=reason.citation,
        mark=reason.mark,
    )


def _tells_an_illness(rule: str) -> bool:
    """k3 and k8, in all their variants: only a receipt that is opened with a purpose names them."""
    return rule.split("_")[0] in _RULES_OF_ILLNESS
