"""The closed lists of the schema. Their values are the platform's identifiers, in capitals."""

from enum import Enum

import strawberry


@strawberry.enum(description="What payments are for: regular ones, and those of campaigns.")
class Programme(Enum):
    MONTHLY_ALLOWANCE = "monthly_allowance"
    SOCIAL_PENSION = "social_pension"
    NURTURE_ALLOWANCE = "nurture_allowance"
    CARE_ALLOWANCE = "care_allowance"
    OWN_CARE_ALLOWANCE = "own_care_allowance"
    MERIT_ALLOWANCE = "merit_allowance"
    FUNERAL_SUPPORT = "funeral_support"
    EMERGENCY_RELIEF = "emergency_relief"
    TET_GIFT = "tet_gift"
    LONGEVITY_GIFT = "longevity_gift"
    COVID_SUPPORT = "covid_support"
    IN_KIND = "in_kind"


@strawberry.enum(
    description="Whom a decision pays: the person, the facility they live in, or who cares for them."
)
class Payee(Enum):
    SELF = "self"
    FACILITY = "facility"
    CARER = "carer"


@strawberry.enum(description="What a decision says.")
class Outcome(Enum):
    GRANTED = "granted"
    REFUSED = "refused"


@strawberry.enum(
    description="Confirmed: signed before it came here. Proposed: pays nothing until an officer signs it."
)
class DecisionStatus(Enum):
    CONFIRMED = "confirmed"
    PROPOSED = "proposed"
    SIGNED = "signed"


@strawberry.enum(description="How far a simulation is.")
class SimulationStatus(Enum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@strawberry.enum(description="Who counts as having applied, under both laws. Full: everybody for everything.")
class TakeUp(Enum):
    FULL = "full"
    REGISTERED = "registered"


@strawberry.enum(description="Where a payment run stands.")
class RunStatus(Enum):
    BUILDING = "building"
    BUILT = "built"
    APPROVED = "approved"
    INSTRUCTING = "instructing"
    INSTRUCTED = "instructed"
    RECONCILED = "reconciled"
    WITHDRAWN = "withdrawn"


@strawberry.enum(description="How money reaches a person.")
class Channel(Enum):
    BANK_ACCOUNT = "bank_account"
    POST_OFFICE = "post_office"
    HOME_DELIVERY = "home_delivery"
    E_WALLET = "e_wallet"


@strawberry.enum(description="What totals are grouped by.")
class TotalsBy(Enum):
    PROVINCE = "province"
    COMMUNE = "commune"
    CATEGORY = "category"
    CHANNEL = "channel"
