"""A nation's registered people, made up: the groups in about the shares of the reports, and some of nobody's.

Everybody's birth is known and nobody lives in a facility or has a carer, as the peers' rules ask neither.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.months import Month
from services.eligibility.domain.columns import (
    ABSENT,
    ChildColumns,
    FactColumns,
    code_of,
    columns_of,
    day_number,
)
from services.eligibility.domain.facts import PersonFacts

_GROUPS = ("old", "poor_old", "disabled", "orphan", "student", "hiv", "infant", "parent", "other")
_SHARES = (0.36, 0.07, 0.40, 0.006, 0.004, 0.02, 0.05, 0.03, 0.06)
#: Years of age at least and at most, by group.
_AGES = ((75, 100), (58, 90), (0, 95), (0, 17), (15, 24), (0, 60), (0, 4), (20, 50), (0, 100))


def nation(people: int, month: Month, seed: int = 1) -> FactColumns:
    chance = np.random.default_rng(seed)
    group = chance.choice(len(_GROUPS), people, p=_SHARES).astype(np.uint8)
    today = day_number(month.last_day)

    def of(name: str) -> NDArray[np.bool_]:
        return np.asarray(group == _GROUPS.index(name))

    def some(share: float) -> NDArray[np.bool_]:
        return chance.random(people, np.float32) < share

    youngest, oldest = (np.array([ages[at] for ages in _AGES])[group] for at in (0, 1))
    years = youngest + (oldest - youngest) * chance.random(people)
    needy = of("poor_old") | of("hiv") | of("infant") | of("parent")
    poor, near = code_of("poverty_status", "poor"), code_of("poverty_status", "near_poor")
    poverty = np.where(needy, np.where(some(0.8), poor, near), chance.choice(3, people, p=(0.1, 0.1, 0.8)))
    degree = np.where(of("disabled"), np.where(some(0.65), 2, 3), np.where(some(0.04), 1, 0))
    alone = of("parent") & some(0.95)
    signed = np.where(some(0.3), today - chance.integers(0, 3_000, people), ABSENT).astype(np.int32)
    # What is the same for everybody is that of a person of whom nothing is told.
    same = columns_of([PersonFacts()]).take(np.zeros(people, np.intp))
    return replace(
        same,
        birth_date=(today - years * 365.25).astype(np.int32),
        disability_certificate_on=np.where(degree > 1, today - 2_000, ABSENT).astype(np.int32),
        decision_signed_on=signed,
        poverty_status=poverty.astype(np.uint8),
        area=np.where(of("infant") & some(0.9), 0, 1).astype(np.uint8),
        disability_degree=degree.astype(np.uint8),
        marital_status=np.where(alone, code_of("marital_status", "widowed"), 2).astype(np.uint8),
        child_situation=np.where(of("orphan"), chance.integers(1, 12, people), 0).astype(np.uint8),
        hiv_positive=of("hiv"),
        received_as_child_without_support=of("student"),
        studying=of("student") & some(0.95),
        study_continuous=some(0.9),
        single_parent=of("parent"),
        has_family_supporter=~of("poor_old") & some(0.9),
        has_stable_income=some(0.3),
        cannot_live_in_community=some(0.1),
        eligible_for_facility=some(0.1),
        fostered_in_community=some(0.1),
        already_receiving=some(0.9),
        pension_dong_monthly=np.where(some(0.1), chance.integers(1, 40, people) * 100_000, 0),
        applied_for=np.full(people, 0b11, np.uint8),
        **_children(chance, of("parent"), today),
    )


def _children(chance: np.random.Generator, parents: NDArray[np.bool_], today: int) -> dict[str, Any]:
    counts = np.where(parents, chance.integers(1, 5, len(parents)), 0)
    first = np.zeros(len(parents) + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    size = int(first[-1])
    return {
        "first_child": first,
        "children": ChildColumns(
            (today - chance.integers(0, 24 * 365, size)).astype(np.int32),
            chance.random(size) < 0.7,
            chance.random(size) < 0.8,
        ),
    }
