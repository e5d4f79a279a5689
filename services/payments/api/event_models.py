"""Bodies of events over HTTP: CloudEvents 1.0 in JSON, with the cursor to go on from."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from services.payments.domain.payment_events import PaymentEvent

EventType = Literal["PaymentInstructed", "PaymentSettled", "PaymentReturned", "PaymentUnknown"]
MonthText = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class EventShown(BaseModel):
    """`id` is the event's on Kafka, over HTTP and by webhook: what comes twice has the same. `data` is as
    contracts/schemas/events says of its type."""

    cursor: str
    specversion: Literal["1.0"] = "1.0"
    id: str
    source: Literal["/ansinh/payments"] = "/ansinh/payments"
    type: EventType
    time: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, event: PaymentEvent) -> "EventShown":
        return cls.model_validate(
            {
                "cursor": str(event.place),
                "id": str(event.event_id),
                "type": event.type,
                "time": event.told_at,
                "data": event.data,
            }
        )


class EventsPage(BaseModel):
    """`next_cursor` is always there, with an empty page too."""

    items: list[EventShown]
    next_cursor: str
