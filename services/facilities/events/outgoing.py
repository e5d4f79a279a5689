"""What facilities tell: a facility with its account sealed to payments, residences begun and ended."""

from collections.abc import Sequence
from typing import Any

import orjson

from contracts import topics
from libs.common.kernel.ids import show
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.sealing import Sealer
from services.facilities.domain.facilities import FacilityRecorded
from services.facilities.domain.residences import TRANSITIONS, Residence


class Outgoing:
    def __init__(self, to_payments: Sealer) -> None:
        self._to_payments = to_payments

    def to_events(self, facts: Sequence[FacilityRecorded | Residence]) -> list[OutgoingEvent]:
        """One event for each fact, in order."""
        return [
            self._facility(fact) if isinstance(fact, FacilityRecorded) else _residence(fact) for fact in facts
        ]

    def _facility(self, fact: FacilityRecorded) -> OutgoingEvent:
        facility = fact.facility
        secret = {"account_number": facility.account_number, "account_name": facility.account_name}
        data = {
            "facility_id": show("fac", fact.facility_id),
            "version": fact.version,
            "code": facility.code,
            "name": facility.name,
            "kind": facility.kind,
            "sector": facility.sector,
            "province_code": facility.province_code,
            "commune_code": facility.commune_code,
            "places": facility.places,
            "agency_code": facility.agency_code,
            "changed_on": fact.term.changed_on,
            "usable_from": fact.term.usable_from,
            "secret": self._to_payments.seal(orjson.dumps(secret)),
        }
        return outbox.event(topics.FACILITY.name, fact.facility_id, "FacilityRecorded", orjson.dumps(data))


def _residence(fact: Residence) -> OutgoingEvent:
    data: dict[str, Any] = {
        "residence_id": show("res", fact.residence_id),
        "person_id": show("per", fact.person_id),
        "facility_id": show("fac", fact.facility_id),
    }
    if fact.until_date is None:
        type_ = TRANSITIONS[(None, "resident")]
        data |= {"from_date": fact.from_date, "state_paid": fact.state_paid}
    else:
        type_ = TRANSITIONS["resident", "left"]
        data |= {"until_date": fact.until_date}
    return outbox.event(topics.RESIDENCE.name, fact.person_id, type_, orjson.dumps(data))
