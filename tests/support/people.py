"""People made up at random: every rule of every regime is held by some and narrowly missed by others."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

from libs.common.kernel.months import Month
from services.eligibility.domain.columns import PROGRAMMES
from services.eligibility.domain.facts import (
    AREAS,
    CARERS,
    CHILD_SITUATIONS,
    DEGREES,
    MARITAL,
    MONTHLY_ALLOWANCE,
    POVERTY,
    Child,
    PersonFacts,
)
from services.eligibility.domain.packs import Place

T = TypeVar("T")
#: The ages at which some rule turns; people are born near them, to the day.
_EDGES = (0, 3, 4, 16, 22, 60, 70, 75, 80)
PLACES = (
    Place(),
    Place("01"),
    Place("22"),
    Place("31"),
    Place("31", "30"),
    Place("79"),
    Place("79", "74"),
    Place("92"),
)


def some_month(chance: random.Random) -> Month:
    return Month(2014, 1) + chance.randrange(14 * 12)


def somebody(chance: random.Random, month: Month) -> PersonFacts:
    """A person whose ages and dates lie about `month`."""

    def often(share: float) -> bool:
        return chance.random() < share

    received, signed = _file(chance, month)
    return PersonFacts(
        birth_date=None if often(0.05) else _born(chance, month),
        disability_degree=chance.choice(DEGREES),
        hiv_positive=often(0.3),
        child_situation=_maybe(chance, 0.3, CHILD_SITUATIONS),
        received_as_child_without_support=often(0.3),
        studying=often(0.6),
        study_continuous=often(0.6),
        single_parent=often(0.5),
        marital_status=_maybe(chance, 0.9, MARITAL),
        children=tuple(
            Child(_born(chance, month, (0, 16, 22)), often(0.7), often(0.7))
            for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 5)))
        ),
        pension_dong_monthly=chance.choice((0, 0, 0, 1, 270_000, 499_999, 500_000, 540_000, 3_000_000)),
        has_family_supporter=often(0.3),
        has_stable_income=often(0.3),
        pregnant=often(0.1),
        children_under_36_months=chance.choice((0, 0, 0, 0, 1, 2, 3)),
        cannot_live_in_community=often(0.6),
        eligible_for_facility=often(0.6),
        fostered_in_community=often(0.6),
        in_facility=often(0.08),
        carer=_maybe(chance, 0.3, CARERS),
        poverty_status=chance.choice(POVERTY),
        area=chance.choice(AREAS),
        disability_certificate_on=None if often(0.3) else _about(chance, month),
        application_received_on=received,
        decision_signed_on=signed,
        already_receiving=often(0.5),
        applied_for=chance.choice(
            (frozenset({MONTHLY_ALLOWANCE}), frozenset(PROGRAMMES), frozenset(PROGRAMMES[1:]), frozenset())
        )
        if often(0.5)
        else frozenset(PROGRAMMES),
    )


def _file(chance: random.Random, month: Month) -> tuple[date | None, date | None]:
    """When the file came in and was signed; near the month, or near a day on which start rules changed."""
    if chance.random() < 0.4:
        return None, None
    turned = chance.choice((date(2021, 7, 1), date(2026, 10, 5)))
    received = chance.choice((_about(chance, month), _near(chance, turned, 200), _near(chance, turned, 1)))
    signed = max(received, _about(chance, month)) if chance.random() < 0.5 else received
    return chance.choice(((received, signed), (received, None), (None, signed)))


def _born(chance: random.Random, month: Month, edges: Sequence[int] = _EDGES) -> date:
    """Near the day on which somebody passes an age in the month, or on any day."""
    if chance.random() < 0.3:
        return date(chance.choice((1936, 1948, 2004, 2008, 2020)), 2, chance.choice((28, 29)))
    if chance.random() < 0.4:
        return _near(chance, date(month.year - 45, 6, 15), 45 * 365)
    return _about(chance, month - 12 * chance.choice(edges))


def _about(chance: random.Random, month: Month) -> date:
    """A day in or about the month: its edges often, to the day."""
    edge = chance.choice((month.first_day, month.last_day))
    return _near(chance, edge, chance.choice((1, 45, 45, 400)))


def _near(chance: random.Random, day: date, days: int) -> date:
    return day + timedelta(chance.randint(-days, days))


def _maybe(chance: random.Random, share: float, values: Sequence[T]) -> T | None:
    return chance.choice(values) if chance.random() < share else None
