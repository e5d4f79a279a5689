"""What the registry tells: who people are, and where their money goes."""

from datetime import date
from typing import Annotated, Literal

from contracts.events.base import (
    AccountId,
    CommuneCode,
    Event,
    FormerProvinceCode,
    HouseholdId,
    PersonId,
    ProvinceCode,
    Version,
    sealed_to,
)

Programme = Literal["monthly_allowance", "social_pension"]


class PersonRecorded(Event):
    """A person and the facts that the law asks about, as known from now on.

    What differs from the version before is so since `true_from`. Without one it is so since ever, as all of
    a first version is.
    `facts` opens to a JSON object with what is sensitive: disability and the day of its certificate, HIV,
    a child's situation, and the other facts of a case's `person`; `carer`, with relation and person_id.
    """

    person_id: PersonId
    version: Version
    true_from: date | None = None
    household_id: HouseholdId
    commune_code: CommuneCode
    province_code: ProvinceCode
    former_province_code: FormerProvinceCode | None = None
    birth_date: date | None = None
    sex: Literal["male", "female"]
    poverty_status: Literal["poor", "near_poor", "none"]
    area: Literal["ethnic_minority_mountainous_extreme_hardship", "other"]
    already_receiving: bool
    applied_for: tuple[Programme, ...] = ()
    application_received_on: date | None = None
    decision_signed_on: date | None = None
    facts: Annotated[str, sealed_to("eligibility")]


class PayoutAccountRecorded(Event):
    """How a beneficiary is paid. The secret holds names, personal_id and account number.

    An account that took another's place on `changed_on` is not paid before `usable_from`; what is due
    meanwhile goes to the one before.
    """

    person_id: PersonId
    version: Version
    payee_id: AccountId
    channel: Literal["bank_account", "post_office", "home_delivery", "e_wallet"]
    agency_code: str
    commune_code: CommuneCode
    province_code: ProvinceCode
    changed_on: date | None = None
    usable_from: date | None = None
    secret: Annotated[str, sealed_to("payments")]
