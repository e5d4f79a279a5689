"""Draws the people of one kind: ages, dates, household, children. Vectorised, from one random generator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.recipes import ANYWHERE, BIRTHDAY, CERTIFICATE, HARDSHIP, SITUATIONS, Recipe

Days = NDArray[np.datetime64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[Any]

#: No decision is dated before the law of the scenarios was paid at its level.
_FIRST_DECISION = (2015 - 1970) * 12
#: A certificate or 80th birthday of a new application lies on one of the first days of the month.
_EARLY_DAYS = 8
_ABSENT = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Frame:
    """What all kinds of a scenario share. `first` is the first benefit month in months since 1970-01.

    `span`: how many months later the last one is. `lowland` and `hardship` are indexes of communes with
    the probability of living there.
    """

    rng: np.random.Generator
    first: int
    span: int
    business_date: date
    communes: Sequence[str]
    weights: NDArray[np.float64]
    rural_weights: NDArray[np.float64]
    hardship_share: float


@dataclass(frozen=True)
class Cohort:
    """People of one kind, a row each. `leader`: the row of the person whose household (and, for children,
    guardian) this one shares, itself as a rule. Absent dates are NaT, absent texts "", no pension is 0.
    """

    recipe: Recipe
    size: int
    birth: Days
    female: Flags
    commune: Whole
    poverty: Texts
    hardship: Flags
    marital: Texts
    situation: Texts
    children: list[str]
    pension: Whole
    receiving: Flags
    signed: Days
    received: Days
    certificate: Days
    leader: Whole
    represented: Flags


def draw(
    frame: Frame,
    recipe: Recipe,
    count: int,
    new: int = 0,
    poverty: tuple[str, ...] = (),
    since: int = _FIRST_DECISION,
) -> Cohort:
    """`count` people of a kind; the first `new` of them are new applications of the first month."""
    rng = frame.rng
    is_new = np.arange(count) < (new if recipe.incumbent else count)
    age = _ages(frame, recipe, count, is_new)
    leader = _leaders(rng, recipe, count)
    day = rng.integers(1, 29, count)
    if recipe.starts == BIRTHDAY:
        day = np.where(is_new, rng.integers(1, _EARLY_DAYS + 1, count), day)
    hardship = _hardship(frame, recipe, count)[leader]
    children, eldest = _children(frame, recipe, age, is_new)
    signed, received, certificate = _dates(frame, recipe, np.maximum(age - recipe.right_from, 0), is_new)
    if recipe.children is not None or since > _FIRST_DECISION:
        floor = np.maximum(since, frame.first - np.minimum(age - recipe.right_from, eldest) + 1)
        signed, received = _not_before(rng, frame, floor, signed, received)
    situation = rng.choice(np.array(SITUATIONS, dtype=object), count)[leader]
    return Cohort(
        recipe=recipe,
        size=count,
        birth=_days(frame.first - age, day),
        female=rng.random(count) < recipe.women,
        commune=_communes(frame, hardship)[leader],
        poverty=rng.choice(np.array(poverty or recipe.poverty, dtype=object), count)[leader],
        hardship=hardship,
        marital=rng.choice(np.array(recipe.marital or ("",), dtype=object), count),
        situation=situation if recipe.with_situation else np.full(count, "", dtype=object),
        children=children,
        pension=rng.integers(*recipe.pension, count) * 1000 if recipe.pension else np.zeros(count, np.int64),
        receiving=~is_new,
        signed=signed,
        received=received,
        certificate=certificate,
        leader=leader,
        represented=rng.random(count) < (1.0 if recipe.is_child else recipe.represented),
    )


def _ages(frame: Frame, recipe: Recipe, count: int, is_new: Flags) -> Whole:
    """Months since the month of birth, in the first benefit month."""
    low, high = recipe.ages[0], recipe.ages[1] - frame.span
    assert low <= high, recipe
    spread = frame.rng.random(count) ** recipe.skew
    age = low + np.floor(spread * (high - low + 1)).astype(np.int64)
    if recipe.starts == BIRTHDAY:
        age = np.where(is_new, recipe.right_from, age)
    return np.asarray(age)


def _leaders(rng: np.random.Generator, recipe: Recipe, count: int) -> Whole:
    """Each second person of a pair lives with the one before; pairs start at even rows."""
    row = np.arange(count)
    joins = (row % 2 == 1) & (rng.random(count) < recipe.paired)
    return np.where(joins, row - 1, row)


def _hardship(frame: Frame, recipe: Recipe, count: int) -> Flags:
    if recipe.area == ANYWHERE:
        return np.asarray(frame.rng.random(count) < frame.hardship_share)
    return np.full(count, recipe.area == HARDSHIP)


def _communes(frame: Frame, hardship: Flags) -> Whole:
    """An area of extreme hardship lies in a rural commune, never in a ward or township."""
    count = len(hardship)
    anywhere = frame.rng.choice(len(frame.communes), count, p=frame.weights)
    rural = frame.rng.choice(len(frame.communes), count, p=frame.rural_weights)
    return np.where(hardship, rural, anywhere)


def _dates(frame: Frame, recipe: Recipe, held: Whole, is_new: Flags) -> tuple[Days, Days, Days]:
    """(signed, received, certificate). `held`: months since the right began; no decision is older."""
    rng, count = frame.rng, len(held)
    oldest = np.clip(frame.first - held + 1, _FIRST_DECISION, frame.first - 1)
    month = oldest + np.floor(rng.random(count) * (frame.first - oldest)).astype(np.int64)
    signed = _days(month, rng.integers(1, 29, count))
    received = signed - rng.integers(12, 26, count).astype("timedelta64[D]")
    certificate = np.full(count, _ABSENT)
    asked = np.datetime64(frame.business_date, "D") - rng.integers(3, 26, count).astype("timedelta64[D]")
    if recipe.starts in (BIRTHDAY, CERTIFICATE):
        latest = frame.business_date.day - 1
        asked = _days(np.full(count, frame.first), rng.integers(_EARLY_DAYS + 1, latest, count))
    received = np.where(is_new, asked, received)
    signed = np.where(is_new, _ABSENT, signed)
    if "disability_degree" in recipe.facts:
        earlier = received - rng.integers(1, 31, count).astype("timedelta64[D]")
        this_month = _days(np.full(count, frame.first), rng.integers(1, _EARLY_DAYS + 1, count))
        certificate = np.where(is_new & (recipe.starts == CERTIFICATE), this_month, earlier)
    return signed, received, certificate


def _not_before(
    rng: np.random.Generator, frame: Frame, floor: Whole, signed: Days, received: Days
) -> tuple[Days, Days]:
    """The dates of standing decisions again, where they lie before the month `floor`."""
    floor = np.minimum(floor, frame.first - 1)
    early = ~np.isnat(signed) & (signed.astype("datetime64[M]").astype(np.int64) < floor)
    count = len(floor)
    month = floor + np.floor(rng.random(count) * (frame.first - floor)).astype(np.int64)
    again = _days(month, rng.integers(1, 29, count))
    return np.where(early, again, signed), np.where(early, again - np.timedelta64(15, "D"), received)


def _children(frame: Frame, recipe: Recipe, age: Whole, is_new: Flags) -> tuple[list[str], Whole]:
    """The column `children`, and the age in months of the eldest (no limit where there are none).

    All are under 16 to the last benefit month, but a few of older standing parents who study.
    """
    count = len(age)
    if recipe.children is None:
        return [""] * count, np.full(count, 10_000)
    rng, (fewest, most) = frame.rng, recipe.children
    # A disabled parent's child is past 36 months: another allowance hangs on younger ones.
    youngest = 48 if "disability_degree" in recipe.facts else 5
    oldest = np.minimum(192 - frame.span, age - 216)
    ages = youngest + np.floor(rng.random((count, most)) * (oldest - youngest + 1)[:, None]).astype(np.int64)
    number = rng.integers(fewest, most + 1, count)
    studies = ~is_new & (age >= 480) & (rng.random(count) < 0.15) & (most == 1)
    ages[studies, 0] = 194 + np.floor(rng.random(int(studies.sum())) * (62 - frame.span)).astype(np.int64)
    ages[np.arange(most)[None, :] >= number[:, None]] = -1
    ages = -np.sort(-ages, axis=1)
    born = _days((frame.first - ages).ravel(), rng.integers(1, 29, count * most)).astype(str).tolist()
    texts = []
    for row, has in enumerate(number.tolist()):
        texts.append(";".join(sorted(born[row * most : row * most + has])))
    for row in np.flatnonzero(studies).tolist():
        texts[row] += ":studying+continuous"
    return texts, ages[:, 0]


def _days(month: Whole, day: Whole) -> Days:
    """The given day of the given month (months since 1970-01)."""
    first = month.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(first + (day - 1).astype("timedelta64[D]"))
