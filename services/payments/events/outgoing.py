"""What payments tell: the life of a run. No person stands in it."""

from typing import Any

import orjson

from contracts import topics
from libs.common.kernel.ids import derived_id, show
from libs.common.runtime.outbox import OutgoingEvent
from services.payments.domain.records import RunTold


def to_event(told: RunTold) -> OutgoingEvent:
    """The fact in the JSON of contracts.events.payments; a fact is told once in a run's life."""
    shown = show("run", told.run_id)
    optional: dict[str, Any] = {
        "content_hash": told.content_hash,
        "files": told.files,
        "settled_dong": told.settled,
        "returned_dong": told.returned,
    }
    data = {
        "run_id": shown,
        "province_code": told.province_code,
        "benefit_months": [str(month) for month in told.months],
        "instructions": told.instructions,
        "instructed_dong": told.instructed,
        **{name: value for name, value in optional.items() if value is not None},
    }
    return OutgoingEvent(
        topics.RUN.name, told.run_id, told.fact, orjson.dumps(data), derived_id(told.fact, shown)
    )
