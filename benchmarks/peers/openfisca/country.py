"""The rules of NĐ 335/2026 (Đ5, Đ6, Đ31) from 10/2026 on, as an OpenFisca tax-benefit system.

The same rules that An Sinh reads out of policy/ for these months: k1 to k8, the social pension, and what
is paid where several meet. Written as OpenFisca's guides have it: a variable a fact and a rule, parameters in
YAML, children as a role in the household. Care, facilities and starts are left out on both sides.
"""

import datetime
from pathlib import Path

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Person = build_entity("person", "persons", "A person", is_person=True)
Household = build_entity(
    "household",
    "households",
    "Whoever asks, and the children they bring up",
    roles=[
        {"key": "head", "plural": "heads", "label": "Who asks", "max": 1},
        {"key": "child", "plural": "children", "label": "Children of theirs"},
    ],
)
NOT_SIGNED = np.datetime64("9999-01-01")
IN_FORCE = np.datetime64("2026-10-05")
FIRST_MONTH = np.datetime64("2026-10", "M").astype(int)


class Poverty(Enum):
    poor = "Hộ nghèo"
    near_poor = "Hộ cận nghèo"
    none = "Không nghèo"


class Area(Enum):
    extreme_hardship = "Dân tộc thiểu số và miền núi đặc biệt khó khăn"
    other = "Vùng khác"


class Degree(Enum):
    none = "Không khuyết tật"
    mild = "Nhẹ"
    severe = "Nặng"
    extremely_severe = "Đặc biệt nặng"


class Marital(Enum):
    unknown = "Không rõ"
    never_married = "Chưa kết hôn"
    married = "Có vợ, chồng"
    divorced = "Ly hôn"
    separated = "Ly thân"
    widowed = "Góa"
    spouse_missing = "Vợ, chồng mất tích"


def _fact(name, value_type, default, period=DateUnit.MONTH):
    """A variable without a formula: what is told of a person."""
    body = {
        "value_type": value_type,
        "entity": Person,
        "definition_period": period,
        "label": name.replace("_", " "),
        "default_value": default,
    }
    if isinstance(default, Enum):
        body |= {"value_type": Enum, "possible_values": type(default)}
    return type(name, (Variable,), body)


FACTS = (
    _fact("birth", datetime.date, datetime.date(1980, 1, 1), DateUnit.ETERNITY),
    _fact("poverty_status", Enum, Poverty.none),
    _fact("area", Enum, Area.other),
    _fact("disability_degree", Enum, Degree.none),
    _fact("marital_status", Enum, Marital.unknown),
    _fact("child_without_support", bool, False),
    _fact("received_as_child_without_support", bool, False),
    _fact("hiv_positive", bool, False),
    _fact("studying", bool, False),
    _fact("study_continuous", bool, False),
    _fact("single_parent", bool, False),
    _fact("has_family_supporter", bool, False),
    _fact("has_stable_income", bool, False),
    _fact("cannot_live_in_community", bool, False),
    _fact("eligible_for_facility", bool, False),
    _fact("fostered_in_community", bool, False),
    _fact("already_receiving", bool, True),
    _fact("pension", float, 0),
    _fact("certificate_on", datetime.date, datetime.date(1980, 1, 1)),
    _fact("decision_signed_on", datetime.date, NOT_SIGNED.item()),
)


def _month(days):
    return days.astype("M8[M]").astype(int)


def _variable(name, formula, value_type=float, entity=Person):
    """A variable that is computed each month by `formula(subject, period, parameters)`."""
    body = {
        "value_type": value_type,
        "entity": entity,
        "definition_period": DateUnit.MONTH,
        "label": name.replace("_", " "),
        "formula": formula,
    }
    return type(name, (Variable,), body)


def age_months(person, period, parameters):
    """Months from the month of birth; a band changes with the month of the birthday."""
    return np.datetime64(period.start, "M").astype(int) - _month(person("birth", period))


def poor(person, period, parameters):
    return person("poverty_status", period) == Poverty.poor


def poor_or_near(person, period, parameters):
    status = person("poverty_status", period)
    return (status == Poverty.poor) | (status == Poverty.near_poor)


def receiving_since_childhood(person, period, parameters):
    """On a ground that the person or the parent had before the limit of 16."""
    signed = person.household.value_from_first_person(person.household.members("decision_signed_on", period))
    receiving = person.household.value_from_first_person(
        person.household.members("already_receiving", period)
    )
    turned_16 = _month(person("birth", period)) + 16 * 12
    return receiving | ((signed != NOT_SIGNED) & ((signed < IN_FORCE) | (turned_16 >= _month(signed))))


def studies_past_16(person, period, parameters):
    age = person("age_months", period)
    passed_22 = _month(person("birth", period)) + 22 * 12 < FIRST_MONTH
    return (
        (age >= 16 * 12)
        & ~passed_22
        & person("studying", period)
        & person("study_continuous", period)
        & person("receiving_since_childhood", period)
    )


def k1(person, period, parameters):
    of = parameters(period).coefficients
    age = person("age_months", period)
    held = person("child_without_support", period) & (age <= 16 * 12)
    return held * np.where(age < 4 * 12, of.k1_below_4, of.k1)


def k2(person, period, parameters):
    held = person("received_as_child_without_support", period) & person("studies_past_16", period)
    return held * parameters(period).coefficients.k2


def k3(person, period, parameters):
    of = parameters(period).coefficients
    age = person("age_months", period)
    held = person("hiv_positive", period) & person("poor", period) & (age <= 16 * 12)
    return held * np.where(age < 4 * 12, of.k3_below_4, of.k3)


def child_counts(person, period, parameters):
    of_age = person("age_months", period) <= 16 * 12
    return of_age | person("studies_past_16", period)


def k4(person, period, parameters):
    marital = person("marital_status", period)
    alone = (
        (marital == Marital.never_married)
        | (marital == Marital.widowed)
        | (marital == Marital.spouse_missing)
    )
    held = person("single_parent", period) & alone & person("poor_or_near", period)
    children = person.household.sum(person.household.members("child_counts", period), role=Household.CHILD)
    return held * person.has_role(Household.HEAD) * children * parameters(period).coefficients.k4_each_child


def poor_elder_alone(person, period, parameters):
    return (
        (person("age_months", period) >= 60 * 12)
        & person("poor", period)
        & ~person("has_family_supporter", period)
    )


def k5a(person, period, parameters):
    of = parameters(period).coefficients
    age = person("age_months", period)
    return person("poor_elder_alone", period) * np.where(age < 75 * 12, of.k5a, of.k5a_from_75)


def k5d(person, period, parameters):
    held = (
        person("poor_elder_alone", period)
        & person("cannot_live_in_community", period)
        & person("eligible_for_facility", period)
        & person("fostered_in_community", period)
    )
    return held * parameters(period).coefficients.k5d


def k6(person, period, parameters):
    of = parameters(period).coefficients
    degree = person("disability_degree", period)
    age = person("age_months", period)
    young_or_old = (age < 16 * 12) | (age >= 60 * 12)
    certified = person("certificate_on", period) < np.datetime64(period.stop.offset(1, DateUnit.DAY))
    return certified * np.select(
        [degree == Degree.extremely_severe, degree == Degree.severe],
        [
            np.where(young_or_old, of.k6_extremely_severe_child_or_elder, of.k6_extremely_severe),
            np.where(young_or_old, of.k6_severe_child_or_elder, of.k6_severe),
        ],
        0,
    )


def k7(person, period, parameters):
    held = (
        (person("age_months", period) <= 3 * 12)
        & person("poor_or_near", period)
        & (person("area", period) == Area.extreme_hardship)
        & (person("k1", period) == 0)
        & (person("k3", period) == 0)
        & (person("k6", period) == 0)
    )
    return held * parameters(period).coefficients.k7


def k8(person, period, parameters):
    held = (
        person("hiv_positive", period)
        & person("poor", period)
        & ~person("has_stable_income", period)
        & (person("pension", period) <= 0)
    )
    return held * parameters(period).coefficients.k8


def coefficient(person, period, parameters):
    """The highest, except that k4 is paid beside k5, k6 or k8 where that is more (Đ6.2)."""
    each = {name: person(name, period) for name in ("k1", "k2", "k3", "k4", "k5a", "k5d", "k6", "k7", "k8")}
    highest = np.maximum.reduce(list(each.values()))
    beside = np.maximum.reduce([each[name] for name in ("k5a", "k5d", "k6", "k8")])
    return np.maximum(highest, np.where(each["k4"] > 0, each["k4"] + beside, 0))


def monthly_allowance(person, period, parameters):
    return person("coefficient", period) * parameters(period).standard


def social_pension(person, period, parameters):
    level = parameters(period).social_pension
    age = person("age_months", period)
    of_age = (age >= 75 * 12) | ((age >= 70 * 12) & person("poor_or_near", period))
    return of_age * (person("pension", period) < level) * level


def monthly_amount(person, period, parameters):
    """The higher of the two programmes (Đ31.1)."""
    return np.maximum(person("monthly_allowance", period), person("social_pension", period))


RULES = (
    _variable("age_months", age_months, int),
    *(
        _variable(formula.__name__, formula, bool)
        for formula in (
            poor,
            poor_or_near,
            receiving_since_childhood,
            studies_past_16,
            child_counts,
            poor_elder_alone,
        )
    ),
    *(
        _variable(formula.__name__, formula)
        for formula in (
            *(k1, k2, k3, k4, k5a, k5d, k6, k7, k8),
            *(coefficient, monthly_allowance, social_pension, monthly_amount),
        )
    ),
)


def country():
    system = TaxBenefitSystem([Person, Household])
    system.add_variables(*FACTS, *RULES)
    system.load_parameters(str(Path(__file__).parent / "parameters"))
    return system
