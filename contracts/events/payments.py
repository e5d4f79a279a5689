"""What payments tell: the life of a run, and outward each change of a payment."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.events.base import (
    CommuneCode,
    Dong,
    Event,
    MonthText,
    PaymentId,
    PersonId,
    ProvinceCode,
    RunId,
)


class _Run(Event):
    run_id: RunId
    province_code: ProvinceCode
    benefit_months: tuple[MonthText, ...]
    instructions: Annotated[int, Field(ge=0)]
    instructed_dong: Dong


class RunBuilt(_Run):
    """The list is frozen; its content hash is what an approval binds to."""

    content_hash: str


class RunApproved(_Run):
    """A second identity approved the frozen list."""

    content_hash: str


class RunInstructed(_Run):
    """Every file of the run is ready for its paying agency."""

    files: Annotated[int, Field(ge=0)]


class RunReconciled(_Run):
    """Every instruction is settled or returned."""

    settled_dong: Dong
    returned_dong: Dong


class RunWithdrawn(_Run):
    """The list is not paid, and nothing of it was booked; its months are in a later list."""


class _Payment(Event):
    """One payee's money for a programme in a run. No person stands in it."""

    payment_id: PaymentId
    sequence: Annotated[
        int, Field(ge=1, description="1 for the payment's first event; grows by one with each.")
    ]
    run_id: RunId
    paying_agency: Annotated[str, Field(description="Bank code (BIN) or post office's code.")]
    benefit_months: tuple[MonthText, ...]
    commune_code: CommuneCode
    amount_dong: Dong
    reason_code: Annotated[
        str | None,
        Field(description="Why it was returned: ISO 20022, a post office's word, or `other`."),
    ] = None
    occurred_on: Annotated[date, Field(description="Business date, Asia/Ho_Chi_Minh.")]


class PaymentInstructed(_Payment):
    """Its paying agency has been given it; the day is that on which it is to be paid."""

    status: Literal["instructed"]


class PaymentSettled(_Payment):
    """The payee has the money."""

    status: Literal["settled"]


class PaymentReturned(_Payment):
    """The money came back; its months fall due again, in another payment."""

    status: Literal["returned"]


class PaymentUnknown(_Payment):
    """Its paying agency said nothing in its term, and is asked. Settled or returned follows."""

    status: Literal["unknown"]


class PaymentUncollected(Event):
    """A beneficiary's money came back to us as nobody collected it. No account and no name stands in it."""

    person_id: PersonId
    programme: str
    payment_id: PaymentId
    benefit_months: Annotated[
        tuple[MonthText, ...],
        Field(description="Months of the pay periods that it came back from in a row, this one the last."),
    ]
    reason_code: Literal["not_met", "refused"]
    occurred_on: Annotated[date, Field(description="Business date, Asia/Ho_Chi_Minh.")]
