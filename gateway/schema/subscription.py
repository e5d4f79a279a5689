"""A run's progress, as it happens."""

import asyncio
import time
from collections.abc import AsyncIterator

import strawberry

from gateway.clients import payments
from gateway.engine.prices import Price
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.payment import Run, run_of
from gateway.schema.words import RunStatus
from libs.common.kernel.errors import Outage

_Info = strawberry.Info[Asked, None]


@strawberry.type
class Subscription:
    @fields.subscription(
        "The run now, and again whenever it changes, until it is reconciled or withdrawn.", Price(points=100)
    )
    async def run_progress(self, info: _Info, run_id: strawberry.ID) -> AsyncIterator[Run]:
        context = asked(info)
        settings = context.doors.settings
        seen: payments.Run | None = None
        checked = time.monotonic()
        while True:
            found = await _patiently(context, run_id)
            if found != seen:
                seen = found
                yield run_of(found, context)
            if found.status in (RunStatus.RECONCILED.value, RunStatus.WITHDRAWN.value):
                return
            await asyncio.sleep(settings.progress_seconds)
            if time.monotonic() - checked >= settings.token_check_seconds:
                await context.check()
                checked = time.monotonic()


async def _patiently(context: Asked, run_id: str) -> payments.Run:
    """The run; an outage of its service is ridden out, with the token still checked, for a while."""
    settings = context.doors.settings
    since = time.monotonic()
    while True:
        try:
            return await context.doors.payments.run(context.caller, run_id)
        except Outage:
            if time.monotonic() - since > settings.progress_outage_seconds_max:
                raise
            await asyncio.sleep(settings.progress_seconds)
            await context.check()
