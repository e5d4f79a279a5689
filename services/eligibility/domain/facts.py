"""What is known of a person: the facts that rules are tried on. Dates and codes only, no name."""

from dataclasses import dataclass
from datetime import date

POVERTY = ("poor", "near_poor", "none")
AREAS = ("ethnic_minority_mountainous_extreme_hardship", "other")
DEGREES = ("none", "mild", "severe", "extremely_severe")
MARITAL = ("never_married", "married", "divorced", "separated", "widowed", "spouse_missing")
#: Points a to l of Điều 5.1, in the order of the text.
CHILD_SITUATIONS = (
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
#: The household that cares for its own, or another that took the person in.
CARERS = ("own_household", "receiving_carer")
EVENT_KINDS = (
    "death",
    "injury",
    "house_destroyed",
    "house_badly_damaged",
    "urgent_relocation",
    "emergency_temporary_care",
    "hunger",
)
CAUSES = (
    "natural",
    "natural_disaster",
    "fire",
    "epidemic",
    "serious_traffic_accident",
    "serious_work_accident",
)
RECIPIENTS = ("single_poor_parent",)
MONTHLY_ALLOWANCE = "monthly_allowance"
SOCIAL_PENSION = "social_pension"
NURTURE_ALLOWANCE = "nurture_allowance"
CARE_ALLOWANCE = "care_allowance"
#: What the decisions call the care money that a disabled person has in their own hand.
OWN_CARE_ALLOWANCE = "own_care_allowance"
#: What somebody was receiving or had applied for when an event befell them.
RECEIVED = (MONTHLY_ALLOWANCE, SOCIAL_PENSION, "other_monthly_benefit")


@dataclass(frozen=True, slots=True)
class Child:
    birth_date: date
    studying: bool = False
    study_continuous: bool = False


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One person with household, carer, dates of the file and standing. Money in whole đồng.

    `care_drawn_by_spouse`: of a disabled couple's one share of care money, the other has it.
    An absent `birth_date` is an adult under 60; without `application_received_on` and
    `decision_signed_on` the person was decided long ago.
    """

    birth_date: date | None = None
    disability_degree: str = "none"
    hiv_positive: bool = False
    child_situation: str | None = None
    received_as_child_without_support: bool = False
    studying: bool = False
    study_continuous: bool = False
    single_parent: bool = False
    marital_status: str | None = None
    children: tuple[Child, ...] = ()
    pension_dong_monthly: int = 0
    has_family_supporter: bool = False
    has_stable_income: bool = False
    pregnant: bool = False
    children_under_36_months: int = 0
    care_drawn_by_spouse: bool = False
    cannot_live_in_community: bool = False
    eligible_for_facility: bool = False
    fostered_in_community: bool = False
    in_facility: bool = False
    carer: str | None = None
    poverty_status: str = "none"
    area: str = "other"
    disability_certificate_on: date | None = None
    application_received_on: date | None = None
    decision_signed_on: date | None = None
    already_receiving: bool = True
    applied_for: frozenset[str] = frozenset({MONTHLY_ALLOWANCE})

    @property
    def pending(self) -> bool:
        """An application that nobody has decided yet."""
        return self.application_received_on is not None and self.decision_signed_on is None

    @property
    def asked(self) -> bool:
        """Somebody asked, or it was granted long ago: else nobody waits for an answer."""
        return self.already_receiving or self.governing_date is not None

    @property
    def governing_date(self) -> date | None:
        """The day whose start rule applies: receipt, else signature; None = decided long ago."""
        return self.application_received_on or self.decision_signed_on


@dataclass(frozen=True, slots=True)
class EventFacts:
    """A one-off event, with what counts of the person it befell. `people`, `days`, `months`: of whom and
    how long; `was_receiving` and `application_pending` name a programme."""

    kind: str
    cause: str | None = None
    treatment_days: int = 0
    days: int = 0
    people: int = 1
    months: int = 1
    was_receiving: str | None = None
    application_pending: str | None = None
    child_of_recipient: str | None = None
    birth_date: date | None = None
    poverty_status: str = "none"
    in_facility: bool = False
    pension_dong_monthly: int = 0
