"""Bodies of webhooks over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from libs.common.kernel.ids import show
from services.payments.api.event_models import EventType, MonthText
from services.payments.domain import webhooks
from services.payments.domain.instructions import FACTS
from services.payments.domain.webhooks import Answer, Webhook
from services.payments.usecases.webhooks import DeliveryView

DeliveryStatus = Literal["pending", "delivered", "failed"]


class WebhookWanted(BaseModel):
    """What is to be called, and of what; all events where a filter is left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"url": "https://bank.example/an-sinh", "types": ["PaymentSettled", "PaymentReturned"]}
            ]
        },
    )

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    types: Annotated[list[EventType], Field(min_length=1, max_length=10)] | None = None
    months: Annotated[list[MonthText], Field(min_length=1, max_length=24)] | None = None


class WebhookShown(BaseModel):
    """`cursor`: up to which its queue was read. `notice`: why it is disabled."""

    webhook_id: str
    url: str
    types: list[EventType] | None
    months: list[str] | None
    status: Literal["active", "disabled"]
    cursor: str
    failing_since: datetime | None
    former_secret_until: datetime | None
    disabled_at: datetime | None
    notice_vi: str | None
    notice_en: str | None
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookShown":
        return cls.model_validate(_shown(webhook))


class WebhookMade(WebhookShown):
    """`secret`: shown this once."""

    secret: str

    @classmethod
    def with_secret(cls, webhook: Webhook, secret: str) -> "WebhookMade":
        return cls.model_validate({**_shown(webhook), "secret": secret})


class WebhooksPage(BaseModel):
    items: list[WebhookShown]


class SecretChange(BaseModel):
    """`overlap_hours`: how long the former secret still signs beside the new one."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: Annotated[int, Field(ge=0, le=webhooks.OVERLAP_HOURS_MAX)] = 24


class Replay(BaseModel):
    """From where on all is delivered again: a `cursor`, or `since` a time; neither: what is lacking."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, Field(pattern=r"^\d{1,18}$")] | None = None
    since: datetime | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Replay":
        if self.cursor is not None and self.since is not None:
            raise ValueError("one of cursor and since")
        if self.since is not None and self.since.tzinfo is None:
            raise ValueError("a time with its zone")
        return self


class Replaying(BaseModel):
    webhook_id: str
    cursor: str


class TestAnswer(BaseModel):
    """`fault`: `address_private`, `timeout`, `tls`, `unreachable`, `redirect` or `refused`."""

    delivered: bool
    http_status: int | None
    fault: str | None
    milliseconds: int

    @classmethod
    def of(cls, answer: Answer) -> "TestAnswer":
        return cls(
            delivered=answer.delivered,
            http_status=answer.http_status,
            fault=answer.fault,
            milliseconds=answer.milliseconds,
        )


class DeliveryShown(BaseModel):
    """The latest try of an event. `failed`: given up after the last try; a replay delivers it."""

    cursor: str
    event_id: str
    type: EventType
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    http_status: int | None
    fault: str | None
    milliseconds: int | None
    last_attempt_at: datetime

    @classmethod
    def of(cls, view: DeliveryView) -> "DeliveryShown":
        return cls.model_validate(
            {
                "cursor": str(view.place),
                "event_id": str(view.event_id),
                "type": view.type,
                "status": view.status,
                "attempts": view.attempts,
                "next_attempt_at": view.next_at,
                "http_status": view.http_status,
                "fault": view.fault,
                "milliseconds": view.milliseconds,
                "last_attempt_at": view.last_at,
            }
        )


class DeliveriesPage(BaseModel):
    items: list[DeliveryShown]
    next_cursor: str | None


def _shown(webhook: Webhook) -> dict[str, object]:
    disabled, days = webhook.status == webhooks.DISABLED, webhooks.DISABLED_AFTER.days
    return {
        "webhook_id": show("whk", webhook.webhook_id),
        "url": webhook.url,
        "types": None if webhook.statuses is None else [FACTS[status] for status in webhook.statuses],
        "months": None if webhook.months is None else list(webhook.months),
        "status": webhook.status,
        "cursor": str(webhook.after_place),
        "failing_since": webhook.failing_since,
        "former_secret_until": webhook.former_until,
        "disabled_at": webhook.disabled_at,
        "notice_vi": (
            f"Đã tắt vì {days} ngày liền không nhận được gì. Sửa xong hãy gọi replay: không mất gì."
            if disabled
            else None
        ),
        "notice_en": (
            f"Disabled, as nothing was taken for {days} days. Mend it and call replay: nothing is lost."
            if disabled
            else None
        ),
        "created_at": webhook.created_at,
    }
