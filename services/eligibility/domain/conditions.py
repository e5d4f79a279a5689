"""Conditions as policy/ states them, and the checks they become for one month.

A `Condition` is timeless ("from 60 years on"); `at(moment)` turns it into a `Check` against fixed
dates and amounts, so that trying a rule compares and never computes. A check looks at a subject: the
person, one of the person's children, or a one-off event that befell the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from libs.common.kernel.months import Month
from services.eligibility.domain.ages import earliest_birth, latest_birth
from services.eligibility.domain.facts import Child, EventFacts, PersonFacts

Subject = PersonFacts | Child | EventFacts

#: An absent birth date is an adult under 60: such a person has passed every age up to this one.
ADULT_YEARS = 30


@dataclass(frozen=True, slots=True)
class Moment:
    """What a condition is resolved against: the benefit month and that month's named amounts in đồng."""

    month: Month
    amounts: Mapping[str, int]


class Check(Protocol):
    """A condition fixed to a month. `fact` is the field it reads, `needs` what must be there."""

    @property
    def fact(self) -> str: ...

    @property
    def needs(self) -> str: ...

    def holds(self, subject: Subject, facts: PersonFacts) -> bool: ...


class Condition(Protocol):
    def at(self, moment: Moment) -> Check: ...


@dataclass(frozen=True, slots=True)
class FactIn:
    """The fact is one of `values`; resolves to itself."""

    fact: str
    values: frozenset[object]

    @property
    def needs(self) -> str:
        return " | ".join(sorted(_shown(value) for value in self.values))

    def at(self, moment: Moment) -> Check:
        return self

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        return getattr(subject, self.fact) in self.values


@dataclass(frozen=True, slots=True)
class Stated:
    """The fact is given at all (Điều 5.1: any of the situations a to l)."""

    fact: str

    @property
    def needs(self) -> str:
        return "given"

    def at(self, moment: Moment) -> Check:
        return self

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        return getattr(subject, self.fact) is not None


@dataclass(frozen=True, slots=True)
class AgeFrom:
    """A band: from the month of the birthday on."""

    years: int

    def at(self, moment: Moment) -> Check:
        return BornBy(latest_birth(moment.month, self.years), self.years <= ADULT_YEARS)


@dataclass(frozen=True, slots=True)
class AgeBandBelow:
    """A band's upper edge: until the month before the birthday."""

    years: int

    def at(self, moment: Moment) -> Check:
        return BornAfter(latest_birth(moment.month, self.years), self.years > ADULT_YEARS)


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """An age that ends a category: the month of the birthday still counts."""

    years: int

    def at(self, moment: Moment) -> Check:
        return BornFrom(earliest_birth(moment.month.first_day, self.years), self.years > ADULT_YEARS)


@dataclass(frozen=True, slots=True)
class AgeLimitNotPassedBefore:
    """The age that used to end the category had not ended it before `month` began."""

    years: int
    month: Month

    def at(self, moment: Moment) -> Check:
        return BornFrom(earliest_birth(self.month.first_day, self.years), self.years > ADULT_YEARS)


@dataclass(frozen=True, slots=True)
class AtMost:
    """A money fact of no more than `dong`."""

    fact: str
    dong: int

    def at(self, moment: Moment) -> Check:
        return Below(self.fact, self.dong + 1, f"at most {self.dong} đồng")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A count of `least` or more; resolves to itself."""

    fact: str
    least: int

    @property
    def needs(self) -> str:
        return f"at least {self.least}"

    def at(self, moment: Moment) -> Check:
        return self

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        count: int = getattr(subject, self.fact)
        return count >= self.least


@dataclass(frozen=True, slots=True)
class BelowNamed:
    """A money fact below an amount that the law dates, such as the central social-pension level."""

    fact: str
    amount: str

    def at(self, moment: Moment) -> Check:
        dong = moment.amounts[self.amount]
        return Below(self.fact, dong, f"below {dong} đồng ({self.amount})")


@dataclass(frozen=True, slots=True)
class DatedByMonth:
    """A date fact, where it is given, is no later than the month."""

    fact: str

    def at(self, moment: Moment) -> Check:
        return OnOrBefore(self.fact, moment.month.last_day)


@dataclass(frozen=True, slots=True)
class Continuing:
    """The person was receiving on this ground before the limit: receives already, or was decided
    before `decided_before`, or while the subject had not passed `years`."""

    years: int
    decided_before: date

    fact = "already_receiving"

    @property
    def needs(self) -> str:
        return f"true, or decided before {self.decided_before} or below {self.years}"

    def at(self, moment: Moment) -> Check:
        return self

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        if facts.already_receiving:
            return True
        signed = facts.decision_signed_on
        if signed is None:
            return False
        if signed < self.decided_before:
            return True
        return subject.birth_date is not None and subject.birth_date >= earliest_birth(
            Month.of(signed).first_day, self.years
        )


@dataclass(frozen=True, slots=True)
class BornBy:
    latest: date
    if_unknown: bool

    fact = "birth_date"

    @property
    def needs(self) -> str:
        return f"on or before {self.latest}"

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        born = subject.birth_date
        return self.if_unknown if born is None else born <= self.latest


@dataclass(frozen=True, slots=True)
class BornAfter:
    earlier: date
    if_unknown: bool

    fact = "birth_date"

    @property
    def needs(self) -> str:
        return f"after {self.earlier}"

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        born = subject.birth_date
        return self.if_unknown if born is None else born > self.earlier


@dataclass(frozen=True, slots=True)
class BornFrom:
    earliest: date
    if_unknown: bool

    fact = "birth_date"

    @property
    def needs(self) -> str:
        return f"on or after {self.earliest}"

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        born = subject.birth_date
        return self.if_unknown if born is None else born >= self.earliest


@dataclass(frozen=True, slots=True)
class Below:
    fact: str
    dong: int
    needs: str

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        amount: int = getattr(subject, self.fact)
        return amount < self.dong


@dataclass(frozen=True, slots=True)
class OnOrBefore:
    fact: str
    day: date

    @property
    def needs(self) -> str:
        return f"on or before {self.day}, or not given"

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        given: date | None = getattr(subject, self.fact)
        return given is None or given <= self.day


def _shown(value: object) -> str:
    if value is None:
        return "not given"
    return str(value).lower() if isinstance(value, bool) else str(value)
