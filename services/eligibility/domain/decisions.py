"""Decisions: what the law grants a person in a programme, from a month on, until a later one.

A standing recipient's decision was signed long ago and is `confirmed`; a new application's is `proposed`
and pays nothing until an officer has signed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition
from libs.common.kernel.ids import derived_id
from libs.common.kernel.money import NOTHING, Coefficient, Dong
from libs.common.kernel.months import Month

GRANTED, REFUSED = "granted", "refused"
CONFIRMED, PROPOSED, SIGNED = "confirmed", "proposed", "signed"
SELF, FACILITY, CARER = "self", "facility", "carer"

#: Health facts stay inside: outward, k3 and k8 are one category that does not name the condition.
OUTWARD: Mapping[str, str] = MappingProxyType({"k3": "health_condition", "k8": "health_condition"})

#: Each edge with the one fact that it tells.
TRANSITIONS: dict[tuple[str, str], str] = {(PROPOSED, SIGNED): "DecisionSigned"}


def transition(status: str, to: str) -> str:
    """The fact that the edge tells; IllegalTransition when there is no such edge."""
    if (status, to) not in TRANSITIONS:
        raise IllegalTransition(f"a decision does not go from {status} to {to}")
    return TRANSITIONS[status, to]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person lives: codes of the units valid in the month, and the territory that sees it."""

    commune_code: str
    province_code: str
    former_province_code: str | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision says. Two decisions with equal terms differ in nothing that is paid."""

    outcome: str
    category: str
    coefficient: Coefficient
    standard: Dong
    amount: Dong
    payee: str
    facility_id: UUID | None
    place: Place
    #: Who is paid where the payee is the carer.
    payee_person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision rests on: enough to make its receipt again from the kept facts and the kept policy.

    `determined_month` is the month whose law was asked, `facts_month` the one at whose end the facts were
    looked at; `trace` tells each check and rule (domain/traces.py).
    """

    facts_version: int
    policy_version: str
    policy_hash: str
    determined_month: Month
    facts_month: Month
    resident_of: UUID | None
    input_hash: bytes
    trace: bytes


@dataclass(frozen=True, slots=True)
class Decision:
    decision_id: UUID
    person_id: UUID
    version: int
    programme: str
    status: str
    effective_from: Month
    pays_from: Month
    terms: Terms
    decided_on: date

    @property
    def pays(self) -> bool:
        """Granted under a signature, not waiting for one."""
        return self.terms.outcome == GRANTED and self.status != PROPOSED


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest decision of a person in a programme, as far as the next one must know it. `was_in_force`:
    it, or one before it, was signed or confirmed."""

    version: int
    status: str
    terms: Terms
    decided_on: date
    effective_from: Month
    was_in_force: bool

    @property
    def pays(self) -> bool:
        """Granted under a signature, not waiting for one."""
        return self.terms.outcome == GRANTED and self.status != PROPOSED


def refusal(place: Place) -> Terms:
    return Terms(REFUSED, "none", Coefficient(0), NOTHING, NOTHING, SELF, None, place)


def next_decision(
    person_id: UUID,
    programme: str,
    terms: Terms,
    standing: Standing | None,
    *,
    month: Month,
    start: Month,
    new_application: bool,
    decided_on: date,
) -> Decision | None:
    """The decision that `terms` call for, or None when the standing one says the same.

    `start`: the first month of entitlement of a new application (it may lie before `month`: arrears).
    A standing recipient was paid elsewhere until now, so pays from `month`. An applicant's grant that has
    ended is not in anybody's signature any more: a new one is proposed again, from `month` on.
    """
    granted_again = standing is not None and terms.outcome == GRANTED and standing.terms.outcome == REFUSED
    proposed = new_application and (standing is None or standing.status == PROPOSED or granted_again)
    if (
        standing is not None
        and standing.terms == terms
        and not (proposed and _outlived(standing, decided_on))
    ):
        return None
    version = standing.version + 1 if standing else 1
    first = month
    if proposed and terms.outcome == GRANTED:
        first = min(_first_due(standing, start, month), month)
    return Decision(
        decision_id=decision_id(person_id, programme, version),
        person_id=person_id,
        version=version,
        programme=programme,
        status=PROPOSED if proposed else CONFIRMED,
        effective_from=first,
        pays_from=first,
        terms=terms,
        decided_on=decided_on,
    )


def decision_id(person_id: UUID, programme: str, version: int) -> UUID:
    """Whoever determines the same again gets the same id."""
    return derived_id("decision", str(person_id), programme, str(version))


def following(before: Decision, from_month: Month, terms: Terms) -> Decision:
    """The next version of a decision that says something else from a later month on."""
    version = before.version + 1
    return replace(
        before,
        decision_id=decision_id(before.person_id, before.programme, version),
        version=version,
        effective_from=from_month,
        pays_from=from_month,
        terms=terms,
    )


def _first_due(standing: Standing | None, start: Month, month: Month) -> Month:
    if standing is None or not standing.was_in_force:
        return start
    waiting = standing.status == PROPOSED and standing.terms.outcome == GRANTED
    return standing.effective_from if waiting else month


def _outlived(standing: Standing, today: date) -> bool:
    """A proposal of an earlier month: its start would be wrong if it were signed now."""
    return Month.of(standing.decided_on) < Month.of(today)
