"""What other services tell and what is told of a run, as rows and facts."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A decision as heard: pays if confirmed, or proposed and signed, until a later version is in force."""

    decision_id: UUID
    person_id: UUID
    version: int
    programme: str
    outcome: str
    status: str
    effective_from: Month
    pays_from: Month
    category: str
    coefficient_hundredths: int
    standard: Dong
    amount: Dong
    payee: str
    facility_id: UUID | None
    commune_code: str
    province_code: str
    former_province_code: str | None
    decided_on: date
    #: Who cares for the person, and is paid for it.
    payee_person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A recalculated month as heard. `dong`: above 0 arrears, below 0 a recovery; `due`: what the month comes
    to with this difference and all before it. Of a month, the highest recalculation is the latest."""

    difference_id: UUID
    recalculation_id: UUID
    person_id: UUID
    programme: str
    month: Month
    dong: int
    due: Dong
    category: str
    coefficient_hundredths: int
    standard: Dong
    payee: str
    facility_id: UUID | None
    payee_person_id: UUID | None
    commune_code: str
    province_code: str
    applied_on: date


@dataclass(frozen=True, slots=True)
class Signature:
    """A proposed decision was signed; it may be heard before the decision."""

    decision_id: UUID
    signed_on: date
    signed_by_sub: str


@dataclass(frozen=True, slots=True)
class Secret:
    """Names, personal_id and account of a payee, in clear in memory only. Empty where there is none.

    `personal_id` is the beneficiary's.
    """

    payee_name: str = field(repr=False)
    payee_relation: str = field(repr=False)
    beneficiary_name: str = field(repr=False)
    personal_id: str = field(repr=False)
    account_number: str = field(repr=False)
    account_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """How a beneficiary is paid, as heard; one payee of several beneficiaries has one `payee_id`.

    `usable_from`: not paid before that day, and never where another version came before it; None: at once.
    """

    person_id: UUID
    version: int
    payee_id: UUID
    channel: str
    agency_code: str
    commune_code: str
    province_code: str
    secret: Secret
    changed_on: date | None = None
    usable_from: date | None = None


@dataclass(frozen=True, slots=True)
class FacilityAccount:
    """Where a facility is paid its residents' nurture allowance, as heard; its term as a PayoutAccount's."""

    facility_id: UUID
    version: int
    name: str
    agency_code: str
    commune_code: str
    province_code: str
    secret: Secret
    changed_on: date | None = None
    usable_from: date | None = None


@dataclass(frozen=True, slots=True)
class RunTold:
    """A fact of a run's life, by its name in domain/runs.py. What a fact does not tell is None."""

    fact: str
    run_id: UUID
    province_code: str
    months: tuple[Month, ...]
    instructions: int
    instructed: Dong
    content_hash: str | None = None
    files: int | None = None
    settled: Dong | None = None
    returned: Dong | None = None


@dataclass(frozen=True, slots=True)
class Uncollected:
    """A beneficiary's money came back as nobody collected it. `months`: those of the runs that it came back
    from in a row, ascending, this one the last."""

    person_id: UUID
    programme: str
    instruction_id: UUID
    reason: str
    on: date
    months: tuple[Month, ...]
