"""What payments tell: the life of a run. No person stands in it."""

from typing import Any

import orjson

from contracts import topics
from libs.common.kernel.ids import derived_id, show
from libs.common.runtime.outbox import OutgoingEvent
from services.payments.domain.runs import RunFact


def run_event(fact: RunFact) -> OutgoingEvent:
    """The fact in the JSON of contracts.events.payments; each is told once in a run's life."""
    run = fact.run
    shown = show("run", run.run_id)
    data = {
        "run_id": shown,
        "province_code": run.province_code,
        "benefit_months": [str(month) for month in run.period.months],
        "instructions": run.instructions,
        "instructed_dong": run.instructed_dong,
        **_told_by(fact),
    }
    return OutgoingEvent(
        topics.RUN.name, run.run_id, fact.type, orjson.dumps(data), derived_id(fact.type, shown)
    )


def _told_by(fact: RunFact) -> dict[str, Any]:
    match fact.type:
        case "RunBuilt" | "RunApproved":
            return {"content_hash": fact.run.content_hash}
        case "RunInstructed":
            return {"files": fact.files}
        case "RunReconciled":
            return {"settled_dong": fact.settled_dong, "returned_dong": fact.returned_dong}
    raise AssertionError(fact.type)
