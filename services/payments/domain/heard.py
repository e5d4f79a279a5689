"""What payments hear of others: what the law grants, and where the money goes."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.payments.domain.instructions import BANK_ACCOUNT
from services.payments.domain.matching import payee_text
from services.payments.domain.partner_lines import PaymentOrder, unpayable_because


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A decision as eligibility recorded it. `effective_from`, `pays_from`: first days of months."""

    decision_id: UUID
    person_id: UUID
    version: int
    programme: str
    outcome: str
    status: str
    effective_from: date
    pays_from: date
    category: str
    coefficient_hundredths: int
    standard_dong: int
    amount_dong: int
    payee: str
    facility_id: UUID | None
    commune_code: str
    province_code: str
    former_province_code: str | None
    decided_on: date


@dataclass(frozen=True, slots=True)
class Signature:
    decision_id: UUID
    signed_on: date
    signed_by_sub: str


@dataclass(frozen=True, slots=True)
class Secret:
    """The part of an account that is encrypted at rest. `personal_id` is the beneficiary's."""

    payee_name: str
    account_number: str = ""
    account_name: str = ""
    personal_id: str = ""


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """How a beneficiary is paid; `payee_id` is shared by all who are paid to the same payee."""

    person_id: UUID
    version: int
    payee_id: UUID
    channel: str
    agency_code: str
    commune_code: str
    province_code: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class FacilityAccount:
    """Where a facility's nurture allowances go: always an account at a bank."""

    facility_id: UUID
    version: int
    name: str
    agency_code: str
    commune_code: str
    province_code: str
    secret: Secret


def problem_of(secret: Secret, channel: str) -> str | None:
    """The field that keeps a payment to that account out of any file, or None."""
    order = PaymentOrder(
        instruction_id=UUID(int=0),
        amount_dong=1,
        payee_name=secret.payee_name,
        account_number=secret.account_number,
        account_name=secret.account_name,
        agency_code="",
        execution_date=date.min,
        remittance="",
    )
    return unpayable_because(order, in_cash=channel != BANK_ACCOUNT)


def told_payee(secret: Secret, channel: str) -> str:
    """What a partner's report must name: the account at a bank, the payee elsewhere."""
    return payee_text(secret.account_number if channel == BANK_ACCOUNT else secret.payee_name)
