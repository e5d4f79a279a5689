"""What is given once: at an age (chúc thọ, mừng thọ) or in a campaign (quà Tết), beside any monthly benefit.

Luật Người cao tuổi Đ21 names the ages, TT 96/2018 Đ3.2 the nation's least at 90 and 100; provinces fix the
rest. Who belongs to a campaign is told by the programmes that somebody is a member of.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month, birthday
from services.eligibility.domain.citations import Citation

LONGEVITY = "longevity"
NOTHING = Dong(0)
MARCH, ONE_DAY = 3, timedelta(days=1)
GIVERS = ("state_leaders", "ministry_or_province")
RECEIVERS = ("unit", "household", "person")


@dataclass(frozen=True, slots=True)
class Gift:
    """Money, a present worth `in_kind_dong`, and what it is."""

    dong: Dong
    in_kind_dong: Dong = NOTHING
    in_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    """A gift at each of `ages`, or at every age from `from_age` to `until_age` (None: open)."""

    gift: Gift
    ages: frozenset[int] = frozenset()
    from_age: int | None = None
    until_age: int | None = None

    def at(self, age: int) -> bool:
        if self.from_age is None:
            return age in self.ages
        return self.from_age <= age and (self.until_age is None or age <= self.until_age)


@dataclass(frozen=True, slots=True)
class DatedMilestone:
    milestone: Milestone
    from_month: Month
    until: Month | None
    citation: Citation

    def holds(self, month: Month, age: int) -> bool:
        in_time = self.from_month <= month and (self.until is None or month <= self.until)
        return in_time and self.milestone.at(age)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One gift to whoever is a member of one of `members`, from `open_from` to `pay_by`."""

    code: str
    title: str
    open_from: date
    pay_by: date
    members: frozenset[str]
    gift: Gift
    citation: Citation


@dataclass(frozen=True, slots=True)
class VisitGift:
    """What a visiting office may bring."""

    giver: str
    receiver: str
    gift: Gift


@dataclass(frozen=True, slots=True)
class OccasionRules:
    """policy/occasions.yaml without its visits; `milestones` are the ages at which the law brings wishes."""

    title: str
    milestones: frozenset[int]
    milestones_citation: Citation
    amounts: tuple[DatedMilestone, ...]
    campaigns: tuple[Campaign, ...]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What somebody is given; `gift` None where the amount is the province's and not known."""

    code: str
    title: str
    on: date
    age: int | None
    gift: Gift | None
    citation: Citation

    def as_json(self) -> dict[str, Any]:
        return {
            "occasion": self.code,
            "title": self.title,
            "on": self.on.isoformat(),
            "age": self.age,
            "covered": self.gift is not None,
            "dong": int(self.gift.dong) if self.gift else None,
            "in_kind_dong": int(self.gift.in_kind_dong) if self.gift else None,
            "in_kind": self.gift.in_kind if self.gift else None,
            "citation": str(self.citation),
            "mark": self.citation.mark,
        }


def of_person(
    rules: OccasionRules,
    local: Iterable[DatedMilestone],
    born: date | None,
    memberships: frozenset[str],
    day: date,
) -> list[Occasion]:
    """The occasions of the year of `day` for an age, and the campaigns open on `day`. `local` are the
    milestones of the place; of several amounts for an age the highest is given."""
    found = []
    if born is not None:
        found += _longevity(rules, local, born, day)
    for campaign in rules.campaigns:
        if campaign.open_from <= day <= campaign.pay_by and campaign.members & memberships:
            found.append(
                Occasion(
                    campaign.code, campaign.title, campaign.pay_by, None, campaign.gift, campaign.citation
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Birthdays:
    """Who completes `age` years in `month`: born on these days, both included."""

    month: Month
    age: int
    born_from: date
    born_until: date


def birthdays(month: Month, age: int) -> Birthdays:
    """Born on 29 February is completed on 1 March of a common year, as `birthday` has it."""
    born = Month(month.year - age, month.number)
    first, last = born.first_day, born.last_day
    if month.number == MARCH and birthday(first - ONE_DAY, age) == month.first_day:
        first -= ONE_DAY
    if birthday(last, age) > month.last_day:
        last -= ONE_DAY
    return Birthdays(month, age, first, last)


def at_age(
    rules: OccasionRules, local: Iterable[DatedMilestone], month: Month, age: int
) -> tuple[Gift | None, Citation] | None:
    """The highest amount for an age; no gift where the province fixes it and nobody has read it, None where
    the age is none of the law's."""
    amounts = [one for one in (*rules.amounts, *local) if one.holds(month, age)]
    if amounts:
        best = max(amounts, key=lambda one: one.milestone.gift.dong)
        return best.milestone.gift, best.citation
    return (None, rules.milestones_citation) if age in rules.milestones else None


def _longevity(
    rules: OccasionRules, local: Iterable[DatedMilestone], born: date, day: date
) -> list[Occasion]:
    age = day.year - born.year
    found = at_age(rules, local, Month.of(day), age)
    if found is None:
        return []
    return [Occasion(LONGEVITY, rules.title, birthday(born, age), age, *found)]
