"""What the law of one month grants to one person, and why: the scalar evaluator.

Every rule of the pack is tried on every condition, so that a refusal names all that is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from libs.common.kernel.money import NOTHING, Coefficient, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.conditions import Check
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE, SOCIAL_PENSION, PersonFacts
from services.eligibility.domain.packs import FixedRule, Pack, not_covered

_NONE: frozenset[str] = frozenset()
SELF, CARER = "self", "carer"


@dataclass(frozen=True, slots=True)
class Award:
    """One benefit of one month. `category` is the clause (k1 to k8, nurture, social_pension), `rule`
    the rule of policy/ it comes from; `citation` says who, the other two how much."""

    programme: str
    category: str
    rule: str
    coefficient: Coefficient
    standard: Dong
    amount: Dong
    payee: str
    citation: Citation
    coefficient_citation: Citation
    standard_citation: Citation


class Tried(NamedTuple):
    """A rule that was tried: `met` says of each of its checks whether it held, `excluded_by` the category
    that takes its place, `lacks` the categories of which one had to hold, `children` how many counted.
    Held with a coefficient above 0, or failed. A tuple, as one is made for every rule of every decision."""

    rule: FixedRule
    met: Sequence[bool]
    excluded_by: str | None
    children: int
    coefficient: Coefficient | None
    lacks: frozenset[str] = frozenset()

    @property
    def held(self) -> bool:
        return self.coefficient is not None

    @property
    def failed(self) -> list[Check]:
        """The checks that did not hold."""
        return [check for check, met in zip(self.rule.checks, self.met, strict=True) if not met]


@dataclass(frozen=True, slots=True)
class Determination:
    """The awards of `month` and the rules tried. `start_month` is the first month that the awards
    are due for: None where no start rule applies, or where it waits for a signature. Care money
    (kinh phí chăm sóc) stands apart in `care`, to the person or to a carer, and not in `amount`. `uncovered`:
    care money of which the policy only knows that there is some, by its payee and the field that asks."""

    month: Month
    awards: tuple[Award, ...]
    reasons: tuple[Tried, ...]
    start_month: Month | None
    amount: Dong
    chosen_by: tuple[tuple[str, Citation], ...]
    care: tuple[Award, ...] = ()
    uncovered: tuple[tuple[str, str], ...] = ()

    @property
    def to_person(self) -> int:
        """`amount` and the person's own care money, in đồng."""
        return self.amount + sum(award.amount for award in self.care if award.payee == SELF)

    @property
    def to_carer(self) -> int:
        return sum(award.amount for award in self.care if award.payee == CARER)

    @property
    def granted(self) -> bool:
        return self.amount > NOTHING


def try_rules(
    rules: tuple[FixedRule, ...], facts: PersonFacts, already: frozenset[str] = frozenset()
) -> list[Tried]:
    """Try each rule in the order of the law; one may stand back behind those that held before it
    ("không thuộc…"), or need one of them. `already`: rules that held elsewhere."""
    held = set(already)
    tried = []
    for rule in rules:
        met = [check.holds(facts, facts) for check in rule.checks]
        excluded_by = next((code for code in rule.not_in if code in held), None) if rule.not_in else None
        children = _children(rule, facts) if rule.child_alternatives else 0
        lacks = rule.beside if rule.beside and not rule.beside & held else _NONE
        coefficient = None
        if (
            False not in met
            and excluded_by is None
            and not lacks
            and (children or not rule.child_alternatives)
        ):
            coefficient = _coefficient(rule, facts, children)
            if coefficient is not None:
                held.add(rule.code)
        tried.append(Tried(rule, met, excluded_by, children, coefficient, lacks))
    return tried


def _children(rule: FixedRule, facts: PersonFacts) -> int:
    """How many children meet every check of at least one alternative."""
    return sum(
        1
        for child in facts.children
        if any(all(check.holds(child, facts) for check in checks) for checks in rule.child_alternatives)
    )


def _coefficient(rule: FixedRule, facts: PersonFacts, children: int) -> Coefficient | None:
    for band in rule.bands:
        if children < band.children_from:
            continue
        if all(check.holds(facts, facts) for check in band.checks):
            times = children if band.each_child else 1
            return Coefficient(band.coefficient.hundredths * times) if times > 1 else band.coefficient
    return None


def determine(pack: Pack, facts: PersonFacts, excluded: frozenset[str] = frozenset()) -> Determination:
    """Awards of the pack's month as if decided, leaving out the rules `excluded` (not yet started).

    Refusal `not_covered_yet` where the policy does not know the month's law for this person. Care money
    that it does not know stands in `uncovered` instead: the allowance beside it is decided all the same.
    """
    if facts.in_facility:
        return _in_facility(pack, facts, excluded)
    tried: list[Tried] = []
    chosen_by: list[tuple[str, Citation]] = []
    allowance: tuple[Tried, ...] = ()
    pension: tuple[Tried, ...] = ()
    if MONTHLY_ALLOWANCE in facts.applied_for:
        tried = try_rules(pack.allowances, facts)
        _refuse_uncovered(pack, facts, tried)
        held = [each for each in tried if each.held]
        allowance = _highest(pack, _started(held, excluded))
        if pack.highest_citation and len(held) > 1:
            chosen_by.append(("highest_one", pack.highest_citation))
    if SOCIAL_PENSION in facts.applied_for:
        pensions = try_rules(pack.pensions, facts)
        pension = _first(_started([each for each in pensions if each.held], excluded))
        tried += pensions
        if allowance and pension and pack.higher_programme_citation:
            chosen_by.append(("higher_programme", pack.higher_programme_citation))
    care = _care(pack, facts)
    tried += care
    cared = _started([each for each in care if each.held], excluded)
    awards = _awards(pack, facts, allowance)
    of_pension = _awards(pack, facts, pension)
    if _sum(of_pension) > _sum(awards):
        awards = of_pension
    return Determination(
        pack.month,
        awards,
        tuple(tried),
        None,
        _sum(awards),
        tuple(chosen_by),
        _care_awards(pack, facts, cared),
        tuple((each.rule.payee, each.rule.not_covered) for each in cared if each.rule.not_covered),
    )


def _started(held: list[Tried], excluded: frozenset[str]) -> list[Tried]:
    return [each for each in held if each.rule.code not in excluded] if excluded else held


def _care(pack: Pack, facts: PersonFacts) -> list[Tried]:
    """Care rules, tried only where somebody cares or a disabled person has or awaits a small child."""
    if facts.carer is None and not facts.pregnant and not facts.children_under_36_months:
        return []
    allowances = try_rules(pack.allowances, facts)
    return try_rules(pack.care, facts, frozenset(each.rule.code for each in allowances if each.held))


def _care_awards(pack: Pack, facts: PersonFacts, held: list[Tried]) -> tuple[Award, ...]:
    """One carer, one person: the highest; the person's own care money stands beside it. Among rules of
    which one is not covered, the highest is not known."""
    awards: tuple[Award, ...] = ()
    for payee in (SELF, CARER):
        paid = [each for each in held if each.rule.payee == payee]
        if not any(each.rule.not_covered for each in paid):
            awards += _awards(pack, facts, _first(paid))
    return awards


def _in_facility(pack: Pack, facts: PersonFacts, excluded: frozenset[str]) -> Determination:
    """A state-paid resident has the nurture allowance and nothing of the community's."""
    tried = try_rules(pack.nurture, facts)
    if pack.non_poor_covered is not None and facts.poverty_status != "poor":
        raise not_covered("month")
    held = _started([each for each in tried if each.held], excluded)
    awards = _awards(pack, facts, _first(held))
    chosen_by = (("facility_excludes_community", pack.facility_citation),) if pack.facility_citation else ()
    return Determination(pack.month, awards, tuple(tried), None, _sum(awards), chosen_by)


def _refuse_uncovered(pack: Pack, facts: PersonFacts, tried: list[Tried]) -> None:
    if pack.non_poor_covered is None or facts.poverty_status == "poor":
        return
    held = {each.rule.clause for each in tried if each.held}
    if not held or not held <= pack.non_poor_covered:
        raise not_covered("month")


def _first(held: list[Tried]) -> tuple[Tried, ...]:
    """The highest of what held; the first in the order of the law among equals."""
    return (max(held, key=_hundredths),) if held else ()


def _hundredths(tried: Tried) -> int:
    return tried.coefficient.hundredths if tried.coefficient else 0


def _highest(pack: Pack, held: list[Tried]) -> tuple[Tried, ...]:
    """Only the highest, except that k4 is paid beside k5, k6 or k8 (NĐ 20/2021 Đ6.2, NĐ 335 Đ6.2)."""
    best = _first(held)
    if len(held) < 2:
        return best
    most = _hundredths(best[0])
    for together in pack.together:
        first = _first([each for each in held if each.rule.clause == together.clause])
        second = _first([each for each in held if each.rule.clause in together.beside])
        if first and second:
            both = _hundredths(first[0]) + _hundredths(second[0])
            if both > most:
                best, most = first + second, both
    return best


def _awards(pack: Pack, facts: PersonFacts, chosen: tuple[Tried, ...]) -> tuple[Award, ...]:
    return tuple([_award(pack, facts, each) for each in chosen])


def _award(pack: Pack, facts: PersonFacts, tried: Tried) -> Award:
    rule, coefficient = tried.rule, tried.coefficient
    assert coefficient is not None
    amount = coefficient.of(rule.standard.dong)
    if pack.pension_gap and rule.programme == SOCIAL_PENSION:
        amount = Dong(max(NOTHING, amount - facts.pension_dong_monthly))
    return Award(
        rule.programme,
        rule.clause,
        rule.code,
        coefficient,
        rule.standard.dong,
        amount,
        rule.payee,
        rule.citation,
        rule.coefficient_citation,
        rule.standard.citation,
    )


def _sum(awards: tuple[Award, ...]) -> Dong:
    return Dong(sum(award.amount for award in awards))
