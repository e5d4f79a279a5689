"""The law as typed rules: what services/eligibility/store/policy_files.py reads out of policy/.

Every value is dated and cited. `from_month` is the first benefit month a value holds for; `in_force_on`
the day its instrument took effect, later than `from_month` where the law reaches back (NĐ 335/2026
Đ32.3); `only_if` names the reading of an open question under which it holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.case_rules import Ground, Resumption, StopRule
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.conditions import Condition
from services.eligibility.domain.facility_support import Cap, StayCase
from services.eligibility.domain.occasions import DatedMilestone, OccasionRules, VisitGift
from services.eligibility.domain.terms import PaymentCycle, Procedure, Report
from services.eligibility.domain.working_days import WorkingCalendar

T = TypeVar("T")

#: The scopes a local standard can be fixed for.
COMMUNITY = "community"
FACILITY = "facility"


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    value: T
    from_month: Month
    citation: Citation
    until: Month | None = None
    in_force_on: date | None = None
    only_if: tuple[tuple[str, str], ...] = ()

    @property
    def known_from(self) -> Month:
        """The first month in which the value was law, whatever month it is about."""
        return self.from_month if self.in_force_on is None else Month.of(self.in_force_on)

    @property
    def reaches_back(self) -> bool:
        return self.known_from > self.from_month


@dataclass(frozen=True, slots=True)
class Territory:
    """A province of today, or the part of it that was an old one and kept its own rules; neither =
    everywhere."""

    province: str | None = None
    former_province: str | None = None

    def covers(self, province: str | None, former_province: str | None) -> bool:
        if self.former_province is not None:
            return self.former_province == former_province
        return self.province is None or self.province == province


EVERYWHERE = Territory()


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who belongs: all `conditions`; for a rule of children, at least one child with all of one
    of the `child_alternatives`; none of the rules in `not_in`; one of those in `beside`, if it names
    any. `not_covered` names the field that can't be answered for whoever belongs (care money only:
    nothing hangs on its amount)."""

    conditions: tuple[Condition, ...]
    not_in: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    not_covered: str | None = None
    child_alternatives: tuple[tuple[Condition, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """A coefficient and when it applies; `each_child` multiplies it by the children that count."""

    coefficient: Coefficient
    conditions: tuple[Condition, ...] = ()
    each_child: bool = False
    children_from: int = 0


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """A category of entitlement. `clause` is what decisions show (k1 to k8, nurture, social_pension);
    `payee` is self, carer or facility."""

    code: str
    clause: str
    programme: str
    payee: str
    who: tuple[Dated[Eligibility], ...]
    coefficients: tuple[Dated[tuple[Band, ...]], ...]
    territory: Territory = EVERYWHERE
    title: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a one-off event grants where the conditions of one of `alternatives` all hold: a multiple of
    the standard, a sum in đồng, a sum a person and day, or kilograms of rice a person and month."""

    alternatives: tuple[tuple[Condition, ...], ...]
    times_standard: Coefficient | None = None
    dong: Dong | None = None
    dong_per_person_day: Dong | None = None
    days_max: int = 0
    rice_kg_per_person_month: int | None = None
    months_max: int = 0


@dataclass(frozen=True, slots=True)
class OneOffRule:
    """A benefit for an event of one `kind`."""

    code: str
    kind: str
    grants: tuple[Dated[Grant], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A level in đồng, or a sum added to the central one."""

    dong: Dong
    adds_to_central: bool = False


@dataclass(frozen=True, slots=True)
class LocalLevels:
    """The levels of a territory that fixed its own."""

    territory: Territory
    title: str
    community: tuple[Dated[Level], ...]
    facility: tuple[Dated[Level], ...]
    social_pension: tuple[Dated[Level], ...]
    longevity: tuple[DatedMilestone, ...] = ()


@dataclass(frozen=True, slots=True)
class StartRule:
    """From which month a category is paid: of the `signature`, the `disability_certificate`, or a
    `birthday` of `years`. Chosen by the day the file was received, from `received_from` on."""

    received_from: date
    categories: frozenset[str]
    starts_with: str
    years: int | None
    citation: Citation


@dataclass(frozen=True, slots=True)
class Together:
    """The exception to "only the highest": `clause` is paid beside one of `beside`."""

    clause: str
    beside: frozenset[str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What this policy knows: months from `from_month`; before `non_poor_from` the non-poor only
    for the categories `except_clauses` (the level of the others is not established)."""

    from_month: Month
    non_poor_from: Month
    except_clauses: frozenset[str]
    citation: Citation


@dataclass(frozen=True, slots=True)
class Switch:
    """A named reading of an open question, with its default."""

    name: str
    chosen: str
    options: tuple[str, ...]
    citation: Citation
    question: str = ""


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Days on which offices rest, `first` to `last`; under one reading of an open question only."""

    first: date
    last: date
    say: str
    citation: Citation
    only_if: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Swap:
    """A rest day that is `worked`, so that the working day `rested` is not."""

    worked: date
    rested: date
    citation: Citation


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """policy/calendar.yaml: holidays and make-up days, known from and until a day."""

    known_from: date
    known_until: date
    days_off: tuple[DaysOff, ...]
    swaps: tuple[Swap, ...]


@dataclass(frozen=True, slots=True)
class CaseRules:
    """policy/case_life.yaml; the value of `adjust` is in months after the change."""

    suspend: tuple[Dated[tuple[Ground, ...]], ...]
    resume: tuple[Dated[tuple[Resumption, ...]], ...]
    stop: tuple[Dated[StopRule], ...]
    stop_carer: tuple[Dated[StopRule], ...]
    adjust: tuple[Dated[int], ...]


@dataclass(frozen=True, slots=True)
class Support:
    """A side benefit of residents, with its ceiling."""

    code: str
    title: str
    caps: tuple[Dated[Cap], ...]


@dataclass(frozen=True)
class Policy:
    version: str
    hash: str
    switches: Mapping[str, Switch]
    coverage: Coverage
    categories: tuple[CategoryRule, ...]
    one_off: tuple[OneOffRule, ...]
    central: tuple[Dated[Level], ...]
    social_pension_central: tuple[Dated[Level], ...]
    local: tuple[LocalLevels, ...]
    start_rules: tuple[StartRule, ...]
    highest: tuple[Dated[tuple[Together, ...]], ...]
    higher_programme: tuple[Dated[None], ...]
    facility_excludes: tuple[Dated[None], ...]
    moves: Mapping[str, tuple[Dated[int], ...]]
    back_pay: tuple[Dated[None], ...]
    case_rules: CaseRules
    days: CalendarRules
    #: What kept policies may say nothing of: no decision was made by it.
    procedures: Mapping[str, Procedure] = field(default_factory=dict)
    reports: tuple[Dated[Report], ...] = ()
    payment_cycle: tuple[Dated[PaymentCycle], ...] = ()
    supports: tuple[Support, ...] = ()
    stay_after_16: tuple[Dated[tuple[StayCase, ...]], ...] = ()
    occasions: OccasionRules | None = None
    visits: tuple[Dated[VisitGift], ...] = ()
    #: Old 2-digit province codes (63) to the province of today (34).
    successions: Mapping[str, str] = field(default_factory=dict)

    def pick(
        self, values: Sequence[Dated[T]], month: Month, known_in: Month | None = None
    ) -> Dated[T] | None:
        """The value for `month`, as the law stood in `known_in` (None: with everything since)."""
        found = None
        for value in values:
            if value.from_month > month or (value.until is not None and value.until < month):
                continue
            if known_in is not None and value.known_from > known_in:
                continue
            if self.reads(value.only_if):
                found = value
        return found

    def reads(self, only_if: Sequence[tuple[str, str]]) -> bool:
        """Whether the open questions are read that way."""
        return all(self.switches[name].chosen == option for name, option in only_if)

    @cached_property
    def calendar(self) -> WorkingCalendar:
        """The working days of offices, by the holidays and make-up days in use."""
        off = [swap.rested for swap in self.days.swaps]
        for rest in self.days.days_off:
            if self.reads(rest.only_if):
                span = (rest.last - rest.first).days + 1
                off += [rest.first + timedelta(days=index) for index in range(span)]
        worked = [swap.worked for swap in self.days.swaps]
        return WorkingCalendar.of(self.days.known_from, self.days.known_until, off, worked)

    @property
    def codes_started_early(self) -> frozenset[str]:
        """Rules that some start rule pays from before the signature."""
        return frozenset(code for rule in self.start_rules for code in rule.categories)

    def releases(self) -> tuple[tuple[Month, Month], ...]:
        """Where the law reaches back: (first month it changed, month in which it became law)."""
        found: dict[Month, Month] = {}
        for value in self._all_dated():
            if value.reaches_back and self.reads(value.only_if):
                found[value.known_from] = min(value.from_month, found.get(value.known_from, value.from_month))
        return tuple((found[released], released) for released in sorted(found))

    def _all_dated(self) -> Iterator[Dated[Any]]:
        yield from self.central
        yield from self.social_pension_central
        for levels in self.local:
            yield from levels.community + levels.facility + levels.social_pension
        for category in self.categories:
            yield from category.who
            yield from category.coefficients
        for rule in self.one_off:
            yield from rule.grants
