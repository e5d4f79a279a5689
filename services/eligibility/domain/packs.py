"""The pack of one month and place: every rule of the policy with its dates, levels and checks fixed."""

from dataclasses import dataclass

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.conditions import Check, Moment
from services.eligibility.domain.facts import (
    CARE_ALLOWANCE,
    MONTHLY_ALLOWANCE,
    NURTURE_ALLOWANCE,
    SOCIAL_PENSION,
)
from services.eligibility.domain.policy import (
    COMMUNITY,
    FACILITY,
    CategoryRule,
    Dated,
    Level,
    Policy,
    Together,
)

#: The amounts that a condition may name.
SOCIAL_PENSION_CENTRAL = "social_pension_central"


@dataclass(frozen=True, slots=True)
class Place:
    """Province of today (2 digits) and, where known, the old one whose territory this is."""

    province: str | None = None
    former_province: str | None = None


@dataclass(frozen=True, slots=True)
class Standard:
    """The level in đồng that coefficients multiply, and where it stands written."""

    dong: Dong
    citation: Citation


@dataclass(frozen=True, slots=True)
class FixedBand:
    coefficient: Coefficient
    checks: tuple[Check, ...]
    each_child: bool
    children_from: int


@dataclass(frozen=True, slots=True)
class FixedRule:
    code: str
    clause: str
    programme: str
    checks: tuple[Check, ...]
    not_in: frozenset[str]
    beside: frozenset[str]
    not_covered: str | None
    payee: str
    child_alternatives: tuple[tuple[Check, ...], ...]
    bands: tuple[FixedBand, ...]
    standard: Standard
    citation: Citation
    coefficient_citation: Citation
    #: What an answer says of each check and of the rule, written once for the pack: (fact, needs).
    asks: tuple[tuple[str, str], ...]
    cited: str


@dataclass(frozen=True, slots=True)
class Pack:
    month: Month
    place: Place
    allowances: tuple[FixedRule, ...]
    pensions: tuple[FixedRule, ...]
    nurture: tuple[FixedRule, ...]
    care: tuple[FixedRule, ...]
    together: tuple[Together, ...]
    highest_citation: Citation | None
    higher_programme_citation: Citation | None
    facility_citation: Citation | None
    pension_gap: bool
    #: Where the non-poor of this month are not covered: the clauses that are, all the same.
    non_poor_covered: frozenset[str] | None
    coverage_citation: Citation


def resolve(
    policy: Policy, month: Month, place: Place, known_in: Month | None, pension_place: Place | None = None
) -> Pack:
    """Fix the policy to a month and place, as the law stood in `known_in` (None: with all since).

    `pension_place` differs from `place` only in the month of a move. Refusal `not_covered_yet` for a
    month before the policy begins.
    """
    coverage = policy.coverage
    if month < coverage.from_month:
        raise not_covered("month", f"{coverage.from_month}")
    # Who belongs is judged by what was law in the month itself, however far a later level reaches back.
    pension_level = central_level(policy.social_pension_central, policy, month, month)
    moment = Moment(month, {SOCIAL_PENSION_CENTRAL: pension_level.dong if pension_level else 0})
    rules: dict[str, list[FixedRule]] = {}
    for category in policy.categories:
        if not category.territory.covers(place.province, place.former_province):
            continue
        where = (pension_place or place) if category.programme == SOCIAL_PENSION else place
        fixed = _fix(policy, category, moment, where, known_in)
        if fixed is not None:
            rules.setdefault(category.programme, []).append(fixed)
    highest = policy.pick(policy.highest, month, known_in)
    higher = policy.pick(policy.higher_programme, month, known_in)
    excludes = policy.pick(policy.facility_excludes, month, known_in)
    gap = policy.switches.get("pension_below_the_level")
    return Pack(
        month=month,
        place=place,
        pensions=tuple(rules.pop(SOCIAL_PENSION, ())),
        nurture=tuple(rules.pop(NURTURE_ALLOWANCE, ())),
        care=tuple(rules.pop(CARE_ALLOWANCE, ())),
        allowances=tuple(rules.pop(MONTHLY_ALLOWANCE, ())),
        together=highest.value if highest else (),
        highest_citation=highest.citation if highest else None,
        higher_programme_citation=higher.citation if higher else None,
        facility_citation=excludes.citation if excludes else None,
        pension_gap=gap is not None and gap.chosen == "difference",
        non_poor_covered=coverage.except_clauses if month < coverage.non_poor_from else None,
        coverage_citation=coverage.citation,
    )


def not_covered(path: str, since: str = "") -> Refusal:
    """The answer where the law or the fact is not built: never an amount of 0."""
    vi = "Trường hợp này chưa được hỗ trợ; chưa thể trả lời."
    en = "This case is not covered yet; there is no answer."
    if since:
        vi, en = f"{vi} Có dữ liệu từ tháng {since}.", f"{en} Covered from {since} on."
    return Refusal("not_covered_yet", vi, en, (FieldError(path, "not_covered_yet", vi, en),))


def standard_of(
    policy: Policy, scope: str, month: Month, place: Place, known_in: Month | None
) -> Standard | None:
    """The higher of the central level and the place's own (NĐ 20/2021 Đ4.3; NĐ 335/2026 Đ4.3)."""
    values = policy.social_pension_central if scope == SOCIAL_PENSION else policy.central
    best = central_level(values, policy, month, known_in)
    if best is None:
        return None
    central = best.dong
    for levels in policy.local:
        if not levels.territory.covers(place.province, place.former_province):
            continue
        own = {COMMUNITY: levels.community, FACILITY: levels.facility}.get(scope, levels.social_pension)
        local = policy.pick(own, month, known_in)
        if local is None:
            continue
        dong = Dong(central + local.value.dong) if local.value.adds_to_central else local.value.dong
        if dong > best.dong:
            best = Standard(dong, local.citation)
    return best


def central_level(
    values: tuple[Dated[Level], ...], policy: Policy, month: Month, known_in: Month | None
) -> Standard | None:
    found = policy.pick(values, month, known_in)
    return None if found is None else Standard(found.value.dong, found.citation)


def _fix(
    policy: Policy, category: CategoryRule, moment: Moment, place: Place, known_in: Month | None
) -> FixedRule | None:
    who = policy.pick(category.who, moment.month, known_in)
    coefficients = policy.pick(category.coefficients, moment.month, known_in)
    if who is not None and who.value.not_covered and coefficients is None:
        # Only whether the rule holds is asked then, and never how much.
        coefficients = category.coefficients[0]
    scope = {NURTURE_ALLOWANCE: FACILITY, SOCIAL_PENSION: SOCIAL_PENSION}.get(category.programme, COMMUNITY)
    standard = standard_of(policy, scope, moment.month, place, known_in)
    if who is None or coefficients is None or standard is None:
        return None
    checks = tuple(condition.at(moment) for condition in who.value.conditions)
    return FixedRule(
        code=category.code,
        clause=category.clause,
        programme=category.programme,
        checks=checks,
        not_in=who.value.not_in,
        beside=who.value.beside,
        not_covered=who.value.not_covered,
        payee=category.payee,
        child_alternatives=tuple(
            tuple(condition.at(moment) for condition in alternative)
            for alternative in who.value.child_alternatives
        ),
        bands=tuple(
            FixedBand(
                band.coefficient,
                tuple(condition.at(moment) for condition in band.conditions),
                band.each_child,
                band.children_from,
            )
            for band in coefficients.value
        ),
        standard=standard,
        citation=who.citation,
        coefficient_citation=coefficients.citation,
        asks=tuple((check.fact, check.needs) for check in checks),
        cited=str(who.citation),
    )
