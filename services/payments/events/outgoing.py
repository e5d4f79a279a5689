"""What payments tell: the life of a run, and each change of a payment. No person stands in it."""

from typing import Any

import numpy as np
import orjson

from contracts import topics
from libs.common.kernel import id_columns
from libs.common.kernel.byte_rows import Bytes, beside, numerals, of_texts, put, repeated
from libs.common.kernel.ids import derived_id, show
from libs.common.runtime.outbox import EventRows, OutgoingEvent
from services.payments.domain.payment_events import PaymentChange
from services.payments.domain.records import RunTold, Uncollected


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


def uncollected(told: Uncollected) -> OutgoingEvent:
    """PaymentUncollected, once for each payment and beneficiary."""
    person, payment = show("per", told.person_id), show("pay", told.instruction_id)
    data = {
        "person_id": person,
        "programme": told.programme,
        "payment_id": payment,
        "benefit_months": [str(month) for month in told.months],
        "reason_code": told.reason,
        "occurred_on": told.on.isoformat(),
    }
    event_id = derived_id("PaymentUncollected", payment, person)
    return OutgoingEvent(
        topics.UNCOLLECTED.name, told.person_id, "PaymentUncollected", orjson.dumps(data), event_id
    )


def payments_changed(change: PaymentChange) -> EventRows:
    """An event of each of its payments: the first one's JSON, with the others' values in its places."""
    ids = id_columns.of(list(change.instruction_ids))
    shown = id_columns.shown("pay", ids)
    values: dict[str, Bytes] = {
        "payment_id": shown,
        "commune_code": of_texts(np.array(change.communes, "S"), len(change.communes[0])),
        "amount_dong": numerals(np.array(change.amounts, np.int64)),
    }
    sample = orjson.dumps(change.data(0))
    data = repeated(sample, len(ids))
    for name, value in values.items():
        at = sample.index(f'"{name}":'.encode()) + len(name) + 3
        at += sample[at : at + 1] == b'"'
        put(data, at, value)
    keys = beside((b"PaymentChanged\x1f", shown, f"\x1f{change.sequence}".encode()), len(ids))
    topic = topics.public_payments(change.agency_code)
    return EventRows(topic, change.type, ids, id_columns.derived(keys), data)
