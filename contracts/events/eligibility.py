"""What eligibility tells: what the law grants to whom."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.events.base import (
    CaseId,
    CommuneCode,
    DecisionId,
    DifferenceId,
    Dong,
    Event,
    FacilityId,
    FormerProvinceCode,
    MonthText,
    PersonId,
    ProvinceCode,
    RecalculationId,
    Version,
)

Category = Annotated[
    str,
    Field(
        description="Category of entitlement: k1 to k8 and their combinations as k4+k6, "
        "health_condition for k3 and k8, social_pension, nurture, care; decided_elsewhere for what another "
        "authority decided; none where refused."
    ),
]


class DecisionRecorded(Event):
    """A decision for a person and programme, in force from `effective_from` until a later one.

    `pays_from` is the first month that this platform pays under it: a month from there on that has
    not been paid falls due with the next run (arrears). A `proposed` decision pays nothing until a
    DecisionSigned names it. Care money to a carer goes to `payee_person_id`; a disabled parent's own is
    `own_care_allowance`. What another authority decided is `merit_allowance`, with an amount and neither
    coefficient nor standard; a run pays it that names it and a fund for it.
    """

    decision_id: DecisionId
    person_id: PersonId
    version: Version
    programme: Literal[
        "monthly_allowance",
        "social_pension",
        "nurture_allowance",
        "care_allowance",
        "own_care_allowance",
        "merit_allowance",
    ]
    outcome: Literal["granted", "refused"]
    status: Literal["confirmed", "proposed"]
    effective_from: MonthText
    pays_from: MonthText
    category: Category
    coefficient_hundredths: Annotated[int, Field(ge=0)]
    standard_dong: Dong
    amount_dong: Dong
    payee: Literal["self", "facility", "carer"]
    facility_id: FacilityId | None = None
    payee_person_id: PersonId | None = None
    commune_code: CommuneCode
    province_code: ProvinceCode
    former_province_code: FormerProvinceCode | None = None
    decided_on: date
    signed_by_sub: str | None = None


class _Case(Event):
    case_id: CaseId
    person_id: PersonId


class CaseReceived(_Case):
    """An application came in, or an officer began to suspend, resume, stop or move what somebody receives.

    `due_on`: the last day on which it may be decided in time; null where the law names no term.
    """

    kind: Literal["application", "suspension", "resumption", "stop", "move"]
    programmes: tuple[str, ...]
    received_on: date
    due_on: date | None = None
    commune_code: CommuneCode
    province_code: ProvinceCode
    former_province_code: FormerProvinceCode | None = None


class CaseChecked(_Case):
    """Everything that has to be confirmed is: by whom and of what, the office knows."""

    checked_on: date


class CaseDecided(_Case):
    """Somebody who may sign has decided it."""

    decided_on: date
    signed_by_sub: str


class CaseUnchanged(_Case):
    """Somebody who may sign has decided an application: it changes nothing. `decision_id`: the decision that
    stands."""

    decided_on: date
    signed_by_sub: str
    decision_id: DecisionId


class CaseNotified(_Case):
    """The notice has gone out: the case is closed."""

    notified_on: date


class CaseWithdrawn(_Case):
    """Whoever asked asks no longer, or what an officer had begun was dropped."""

    withdrawn_on: date


class DecisionSigned(Event):
    """An officer signed a proposed decision: it pays from now on."""

    decision_id: DecisionId
    person_id: PersonId
    signed_on: date
    signed_by_sub: str


class DifferenceRecorded(Event):
    """A decided month came out different when it was recalculated, and a second identity applied it.

    `arrears`: too little was granted; `recovery`: too much. Several of one month add up, and the latest, by
    its recalculation, says in `due_dong` what the month comes to with all of them, and by which category,
    coefficient and standard; `none` and 0 where nothing is due.
    """

    difference_id: DifferenceId
    recalculation_id: RecalculationId
    person_id: PersonId
    programme: Literal[
        "monthly_allowance", "social_pension", "nurture_allowance", "care_allowance", "own_care_allowance"
    ]
    month: MonthText
    direction: Literal["arrears", "recovery"]
    amount_dong: Dong
    due_dong: Dong
    category: Category
    coefficient_hundredths: Annotated[int, Field(ge=0)]
    standard_dong: Dong
    reason: Literal["late_fact", "correction", "new_policy"]
    old_decision_id: DecisionId | None = None
    payee: Literal["self", "facility", "carer"]
    facility_id: FacilityId | None = None
    payee_person_id: PersonId | None = None
    commune_code: CommuneCode
    province_code: ProvinceCode
    applied_on: date
    applied_by_sub: str
