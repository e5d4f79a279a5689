"""What makes somebody a person of a kind: the facts, chosen so that one reading of the law fits and no other.

Ages are in months since the month of birth. `ages` = (youngest in the first benefit month, oldest in the
last): a band (4, 16, 60, 75, 80 years) is entered in the month of the birthday, and a category that ends at
an age (3, 16, 22) still holds in that month.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

#: The points of Điều 5.1: why a child has nobody to live from.
SITUATIONS = (
    "abandoned",
    "both_parents_dead",
    "one_dead_other_missing",
    "one_dead_other_in_facility",
    "one_dead_other_imprisoned",
    "both_missing",
    "both_in_facility",
    "both_imprisoned",
    "one_missing_other_in_facility",
    "one_missing_other_imprisoned",
    "one_in_facility_other_imprisoned",
)
#: From which month a new application pays: that of the signature alone, or also of the 80th birthday or the
#: certificate, which then lie in the month of the signature, so that nothing is owed for months before it.
SIGNATURE, BIRTHDAY, CERTIFICATE = "signature", "birthday", "certificate"
#: Where the household lives: anywhere, in an area of extreme hardship, or outside of one.
ANYWHERE, HARDSHIP, LOWLAND = "anywhere", "hardship", "lowland"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`right_from`: the age at which the right began, so that no decision is signed before it.

    `starts`: how a new application of this kind starts, None where none is generated. `skew` above 1 draws
    more of the younger. `paired`: share that lives in one household with another of the same kind.
    `represented`: share that somebody else is paid for; children always have a guardian.
    """

    ages: tuple[int, int]
    facts: Mapping[str, str] = field(default_factory=dict)
    poverty: tuple[str, ...] = ("none", "none", "near_poor", "poor")
    area: str = ANYWHERE
    right_from: int = 3
    starts: str | None = None
    skew: float = 1.0
    women: float = 0.5
    paired: float = 0.0
    represented: float = 0.0
    marital: tuple[str, ...] = ()
    children: tuple[int, int] | None = None
    with_situation: bool = False
    pension: tuple[int, int] | None = None
    incumbent: bool = True

    @property
    def is_child(self) -> bool:
        return self.ages[1] <= 192


_ALONE = ("never_married", "widowed", "spouse_missing")
_GROWN = ("never_married", "married", "married")
_OLD = ("married", "widowed", "widowed")
_POOR = ("poor",)
_ELDER_80 = Recipe((962, 1260), skew=2.2, women=0.62, right_from=960, marital=_OLD, paired=0.06)
_POOR_ELDER = Recipe(
    (722, 959),
    {"has_family_supporter": "false"},
    _POOR,
    right_from=720,
    starts=SIGNATURE,
    women=0.6,
    marital=("never_married", "widowed"),
)
_STUDENT = Recipe(
    (193, 264),
    {"received_as_child_without_support": "true", "studying": "true", "study_continuous": "true"},
    right_from=192,
    marital=("never_married",),
)
_PARENT = Recipe(
    (276, 560),
    {"single_parent": "true"},
    _POOR,
    right_from=222,
    starts=SIGNATURE,
    women=0.88,
    marital=_ALONE,
    children=(1, 1),
)
_ORPHAN = Recipe((48, 192), with_situation=True, starts=SIGNATURE, paired=0.3)
_HIV = Recipe((193, 700), {"hiv_positive": "true", "has_stable_income": "false"}, _POOR, right_from=192)


def _disabled(degree: str, ages: tuple[int, int], represented: float = 0.0) -> Recipe:
    return Recipe(
        ages,
        {"disability_degree": degree},
        right_from=6,
        starts=CERTIFICATE,
        skew=1.6 if ages[0] == 720 else 1.0,
        paired=0.04 if ages[1] <= 192 else 0.0,
        represented=represented,
        marital=() if ages[1] <= 192 else _OLD if ages[0] == 720 else _GROWN,
    )


_CHILD, _ADULT, _ELDER = (24, 191), (192, 719), (720, 1200)
_SEVERE_ADULT = _disabled("severe", _ADULT)

#: Kinds that are owed a monthly allowance in the community.
PAID: Mapping[str, Recipe] = {
    "orphan_under_4": replace(_ORPHAN, ages=(6, 47), paired=0.0),
    "orphan_from_4": _ORPHAN,
    "orphan_turning_4": replace(_ORPHAN, ages=(47, 48), starts=None, paired=0.0),
    "former_orphan_studying": _STUDENT,
    "former_orphan_turning_22": replace(_STUDENT, ages=(264, 265)),
    "poor_hiv_under_4": replace(_HIV, ages=(8, 47), facts={"hiv_positive": "true"}, right_from=3),
    "poor_hiv_4_to_15": replace(_HIV, ages=(48, 191), facts={"hiv_positive": "true"}, right_from=3),
    "poor_hiv_from_16": replace(_HIV, marital=_GROWN),
    "single_parent_one_child": _PARENT,
    "single_parent_two_children": replace(_PARENT, children=(2, 2)),
    "single_parent_three_children": replace(_PARENT, children=(3, 3)),
    "single_parent_two_or_more": replace(_PARENT, children=(2, 3)),
    "single_parent_severe": replace(
        _PARENT, facts={"single_parent": "true", "disability_degree": "severe"}, starts=None
    ),
    "poor_elder_60_to_79": _POOR_ELDER,
    "poor_elder_turning_80": replace(_POOR_ELDER, ages=(959, 960), starts=None),
    "poor_elder_from_80": replace(_POOR_ELDER, ages=(960, 1230), starts=None, skew=2.0),
    "poor_elder_fostered": replace(
        _POOR_ELDER,
        ages=(780, 1200),
        facts={
            "has_family_supporter": "false",
            "cannot_live_in_community": "true",
            "eligible_for_facility": "true",
            "fostered_in_community": "true",
        },
        starts=None,
        represented=1.0,
    ),
    "hardship_elder_75_to_79": Recipe(
        (902, 959), poverty=("poor", "near_poor"), area=HARDSHIP, right_from=900, marital=_OLD
    ),
    "elder_from_80_without_pension": replace(_ELDER_80, starts=BIRTHDAY),
    "extremely_severe_child": _disabled("extremely_severe", _CHILD),
    "extremely_severe_adult": _disabled("extremely_severe", _ADULT, represented=0.35),
    "extremely_severe_elder": _disabled("extremely_severe", _ELDER, represented=0.35),
    "severe_child": _disabled("severe", _CHILD),
    "severe_adult": _SEVERE_ADULT,
    "severe_elder": _disabled("severe", _ELDER),
    "severe_turning_16": replace(_SEVERE_ADULT, ages=(191, 192), starts=None, represented=1.0, marital=()),
    "severe_turning_60": replace(_SEVERE_ADULT, ages=(719, 720), starts=None),
    "hardship_infant": Recipe((6, 36), poverty=("poor", "near_poor"), area=HARDSHIP, starts=SIGNATURE),
    "hardship_infant_turning_3": Recipe((36, 37), poverty=("poor", "near_poor"), area=HARDSHIP),
}

_APPLICANT = Recipe((276, 560), area=LOWLAND, incumbent=False, marital=("married",))

#: Kinds that are registered and owed nothing.
NOT_ENTITLED: Mapping[str, Recipe] = {
    "elder_under_80_not_poor": replace(_APPLICANT, ages=(720, 955), poverty=("none",), marital=_OLD),
    "poor_elder_with_supporter": replace(_APPLICANT, ages=(725, 890), poverty=_POOR, marital=_OLD),
    "pensioner_from_80": replace(
        _APPLICANT, ages=(962, 1200), skew=2.0, pension=(2_000, 9_000), poverty=("none",), marital=_OLD
    ),
    "mild_disability": replace(
        _APPLICANT, ages=(230, 715), poverty=("none", "near_poor"), facts={"disability_degree": "mild"}
    ),
    "divorced_poor_parent": replace(
        _APPLICANT,
        poverty=_POOR,
        facts={"single_parent": "true"},
        marital=("divorced", "separated"),
        children=(1, 2),
    ),
    "married_poor_parent": replace(_APPLICANT, poverty=_POOR, children=(1, 3)),
    "near_poor_single_parent": replace(_PARENT, poverty=("near_poor",), area=LOWLAND, incumbent=False),
    "former_orphan_over_22": replace(_STUDENT, ages=(266, 330), area=LOWLAND),
    "student_never_orphan": replace(
        _APPLICANT,
        ages=(194, 262),
        facts={"studying": "true", "study_continuous": "true"},
        marital=("never_married",),
    ),
    "child_with_parents": replace(_APPLICANT, ages=(40, 185), poverty=_POOR, marital=()),
    "hiv_not_poor": replace(
        _APPLICANT, ages=(240, 700), poverty=("none",), facts={"hiv_positive": "true"}, marital=_GROWN
    ),
    "poor_hiv_with_income": replace(
        _APPLICANT,
        ages=(240, 700),
        poverty=_POOR,
        facts={"hiv_positive": "true", "has_stable_income": "true"},
    ),
    "lowland_infant": replace(_APPLICANT, ages=(4, 34), poverty=("near_poor",), marital=()),
}

#: Somebody who cares for another: grown up, and owed nothing for themselves.
CARER = Recipe((300, 690), women=0.7, marital=_GROWN, incumbent=False)

_CARED_FOR = {"cannot_live_in_community": "true", "eligible_for_facility": "true"}
_RESIDENT = Recipe((0, 0), _CARED_FOR, poverty=_POOR, right_from=3)

#: Kinds that live in a facility at the state's expense.
RESIDENTS: Mapping[str, Recipe] = {
    "resident_infant": replace(_RESIDENT, ages=(8, 47), with_situation=True),
    "resident_child": replace(_RESIDENT, ages=(48, 190), with_situation=True),
    "resident_adult": replace(
        _RESIDENT,
        ages=(200, 715),
        facts={**_CARED_FOR, "disability_degree": "extremely_severe"},
        right_from=6,
        marital=("never_married",),
    ),
    "resident_elder": replace(
        _RESIDENT,
        ages=(730, 1150),
        facts={**_CARED_FOR, "has_family_supporter": "false"},
        right_from=720,
        marital=("never_married", "widowed"),
    ),
}
