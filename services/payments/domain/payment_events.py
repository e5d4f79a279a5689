"""What the world is told of payments: each change of an instruction's status is one event, without a person.

Changes are kept as they happen, in groups: what one transaction did to many instructions in the same way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from libs.common.kernel.ids import derived_id, show
from libs.common.kernel.months import Month
from services.payments.domain.instructions import FACTS, PENDING

#: Events of one group at most; the store cuts a larger set into several.
GROUP_MAX = 1_000
#: What a payee's paying agency calls an instruction that is pending with it.
INSTRUCTED = "instructed"


def event_id(instruction_id: UUID, sequence: int) -> UUID:
    """The same for whoever tells the change, however often: by Kafka, by page, by webhook."""
    return derived_id("PaymentChanged", show("pay", instruction_id), str(sequence))


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """One change. `place`: its number in the order in which changes are told, from 1 on."""

    place: int
    event_id: UUID
    type: str
    agency_code: str
    told_at: datetime
    instruction_id: UUID
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """Instructions of one run and agency that came to a status together.

    `last_place`: the number of the last of its events. `sequence`: the how-manieth change of each of the
    instructions it is. Amounts have equally many digits, and commune codes too.
    """

    last_place: int
    told_at: datetime
    agency_code: str
    run_id: UUID
    status: str
    sequence: int
    reason: str | None
    occurred_on: date
    months: tuple[Month, ...]
    instruction_ids: Sequence[UUID]
    amounts: Sequence[int]
    communes: Sequence[str]

    @property
    def type(self) -> str:
        return FACTS[self.status]

    def data(self, nth: int) -> dict[str, object]:
        """What is told of the nth of its instructions; contracts.events.payments holds the promise."""
        return {
            "payment_id": show("pay", self.instruction_ids[nth]),
            "sequence": self.sequence,
            "run_id": show("run", self.run_id),
            "paying_agency": self.agency_code,
            "benefit_months": [str(month) for month in self.months],
            "commune_code": self.communes[nth],
            "status": INSTRUCTED if self.status == PENDING else self.status,
            "amount_dong": self.amounts[nth],
            "reason_code": self.reason,
            "occurred_on": self.occurred_on.isoformat(),
        }

    def events(self, after: int = 0) -> Iterator[PaymentEvent]:
        """Its events behind the place `after`, in order."""
        first = self.last_place - len(self.instruction_ids) + 1
        for nth in range(max(0, after + 1 - first), len(self.instruction_ids)):
            yield PaymentEvent(
                place=first + nth,
                event_id=event_id(self.instruction_ids[nth], self.sequence),
                type=self.type,
                agency_code=self.agency_code,
                told_at=self.told_at,
                instruction_id=self.instruction_ids[nth],
                data=self.data(nth),
            )
