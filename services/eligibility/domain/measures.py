"""What a signed measure makes of a programme: the versions of the decision that follow.

A version holds from its first month until a later one begins, and a month that is granted and not yet paid
is paid. So a suspension is a version without money, and a resumption one that reaches back to the
suspension's first month: the gap is paid once, each month at its own law (NĐ 335/2026 Đ9.4).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import GRANTED, PROPOSED, Decision, Terms, decision_id

Stretch = tuple[Month, Terms]


def stretches(by_month: Iterable[Stretch]) -> list[Stretch]:
    """The first month of every run of months with equal terms."""
    found: list[Stretch] = []
    for month, terms in by_month:
        if not found or found[-1][1] != terms:
            found.append((month, terms))
    return found


def any_granted(found: Sequence[Stretch]) -> bool:
    return any(terms.outcome == GRANTED for _, terms in found)


def versions(
    person_id: UUID, programme: str, after: int, found: Sequence[Stretch], decided_on: date
) -> list[Decision]:
    """A decision for each stretch, numbered after version `after`, for the measure's signature."""
    return [
        Decision(
            decision_id=decision_id(person_id, programme, after + index),
            person_id=person_id,
            version=after + index,
            programme=programme,
            status=PROPOSED,
            effective_from=month,
            pays_from=month,
            terms=terms,
            decided_on=decided_on,
        )
        for index, (month, terms) in enumerate(found, 1)
    ]
