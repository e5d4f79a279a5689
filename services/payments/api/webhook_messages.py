"""What is posted to a webhook, for the section `webhooks` of OpenAPI."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import FastAPI, Header, Response
from pydantic import BaseModel

from contracts.events import payments
from libs.common.runtime.access import open_to_all

_TIMES = "Answer 2xx within 10 seconds. Anything else, a redirect too, is tried again for some four days."


class _Message(BaseModel):
    timestamp: datetime


class PaymentInstructedMessage(_Message):
    type: Literal["PaymentInstructed"]
    data: payments.PaymentInstructed


class PaymentSettledMessage(_Message):
    type: Literal["PaymentSettled"]
    data: payments.PaymentSettled


class PaymentReturnedMessage(_Message):
    type: Literal["PaymentReturned"]
    data: payments.PaymentReturned


class PaymentUnknownMessage(_Message):
    type: Literal["PaymentUnknown"]
    data: payments.PaymentUnknown


class WebhookTestMessage(_Message):
    """Sent by `POST /v1/webhooks/{webhook_id}/test` alone."""

    type: Literal["WebhookTest"]
    data: dict[str, str]


def describe(app: FastAPI) -> None:
    """Write the messages into the application's OpenAPI; they are no routes of it."""
    for model in (
        PaymentInstructedMessage,
        PaymentSettledMessage,
        PaymentReturnedMessage,
        PaymentUnknownMessage,
        WebhookTestMessage,
    ):
        name = model.__name__.removesuffix("Message")
        app.webhooks.add_api_route(
            name,
            _receiver(model),
            methods=["POST"],
            status_code=204,
            response_class=Response,
            summary=name,
            description=_TIMES,
            tags=["webhooks"],
            dependencies=[open_to_all()],
        )


def _receiver(model: type[BaseModel]) -> Callable[..., Awaitable[None]]:
    async def receive(
        message: BaseModel,
        webhook_id: Annotated[str, Header(description="The event's id, the same whenever it is sent.")],
        webhook_timestamp: Annotated[str, Header(description="When it was sent, in seconds since 1970.")],
        webhook_signature: Annotated[
            str,
            Header(description="Standard Webhooks 1.0: `v1,<base64>`, two of them while a secret changes."),
        ],
    ) -> None:
        return None

    receive.__annotations__["message"] = model
    return receive
