"""The ages at which the law of a month changes something for the person: what an office looks ahead for."""

from collections.abc import Iterator

from libs.common.kernel.months import Month
from services.eligibility.domain.conditions import AgeBandBelow, AgeFrom, AgeLimit, Condition
from services.eligibility.domain.policy import Policy


def ages(policy: Policy, month: Month) -> frozenset[int]:
    """In years; ages of children are not among them."""
    return frozenset(
        condition.years
        for condition in _conditions(policy, month)
        if isinstance(condition, AgeFrom | AgeBandBelow | AgeLimit)
    )


def _conditions(policy: Policy, month: Month) -> Iterator[Condition]:
    for category in policy.categories:
        who = policy.pick(category.who, month)
        coefficients = policy.pick(category.coefficients, month)
        if who is None or coefficients is None:
            continue
        yield from who.value.conditions
        for band in coefficients.value:
            yield from band.conditions
