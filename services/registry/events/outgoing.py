"""What the registry tells: facts as events, the sensitive part sealed to the one service that needs it."""

from collections.abc import Sequence
from typing import Any

import orjson

from contracts import topics
from libs.common.kernel.ids import new_id, show
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.sealing import Sealer
from services.registry.domain.people import Payout, Person, Registration


class Outgoing:
    """Registrations as events. Written past the contract models, at the speed of an import; a test holds
    both to equal JSON.
    """

    def __init__(self, to_eligibility: Sealer, to_payments: Sealer) -> None:
        self._to_eligibility = to_eligibility
        self._to_payments = to_payments

    def to_events(self, registrations: Sequence[Registration]) -> list[OutgoingEvent]:
        """PersonRecorded for each, and PayoutAccountRecorded for each that has an account."""
        events = []
        for one in registrations:
            shown = show("per", one.person_id)
            events.append(
                OutgoingEvent(
                    topics.PERSON.name,
                    one.person_id,
                    "PersonRecorded",
                    orjson.dumps(self._person(one, shown)),
                    new_id(),
                )
            )
            if one.person.payout and one.payee_id:
                account = self._account(one, one.person.payout, shown, show("acc", one.payee_id))
                events.append(
                    OutgoingEvent(
                        topics.PAYOUT_ACCOUNT.name,
                        one.person_id,
                        "PayoutAccountRecorded",
                        orjson.dumps(account),
                        new_id(),
                    )
                )
        return events

    def _person(self, one: Registration, shown: str) -> dict[str, Any]:
        person = one.person
        return {
            "person_id": shown,
            "version": one.version,
            "true_from": one.true_from,
            "household_id": show("hhd", one.household_id),
            "commune_code": person.commune_code,
            "province_code": person.province_code,
            "former_province_code": person.former_province_code,
            "birth_date": person.birth_date,
            "sex": person.sex,
            "poverty_status": person.poverty_status,
            "area": person.area,
            "already_receiving": person.already_receiving,
            "applied_for": person.applied_for,
            "application_received_on": person.application_received_on,
            "decision_signed_on": person.decision_signed_on,
            "facts": self._to_eligibility.seal(orjson.dumps(person.sensitive)),
        }

    def _account(self, one: Registration, payout: Payout, shown: str, payee: str) -> dict[str, Any]:
        person = one.person
        return {
            "person_id": shown,
            "version": one.account_version,
            "payee_id": payee,
            "channel": payout.channel,
            "agency_code": payout.agency_code,
            "commune_code": person.commune_code,
            "province_code": person.province_code,
            "changed_on": one.changed_on,
            "usable_from": one.usable_from,
            "secret": self._to_payments.seal(orjson.dumps(_secret(person, payout))),
        }


def _secret(person: Person, payout: Payout) -> dict[str, str | None]:
    return {
        "beneficiary_name": person.full_name,
        "personal_id": person.personal_id,
        "payee_name": payout.payee_name,
        "payee_relation": payout.payee_relation,
        "account_number": payout.account_number,
        "account_name": payout.account_name,
    }
