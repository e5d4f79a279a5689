"""Who people are: a person, the facts the law asks about, and the account their money goes to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from libs.common.kernel.ids import derived_id, show
from libs.common.kernel.units import Location

#: One sensitive fact, in the JSON form of a case's `person` object (`carer`: of its `carer` object).
Fact = str | bool | int | list[dict[str, str | bool]] | dict[str, str]
Facts = Mapping[str, Fact]


#: The communes that exist on one day, by their 5-digit code.
Communes = Mapping[str, Location]


@dataclass(frozen=True, slots=True)
class Payout:
    """How a beneficiary is paid, and to whom: the payee is the beneficiary, a guardian or an authorised."""

    channel: str
    agency_code: str
    account_number: str | None
    account_name: str | None
    payee_name: str
    payee_personal_id: str
    payee_relation: str


def goes_elsewhere(before: Payout | None, now: Payout | None) -> bool:
    """Whether money that went to one account or payee goes to another."""
    if before is None or now is None:
        return False
    places = (
        (one.channel, one.agency_code, one.account_number, one.payee_personal_id) for one in (before, now)
    )
    return len(set(places)) > 1


@dataclass(frozen=True, slots=True)
class Carer:
    """Who cares for a person: of the `own_household`, or another that took the person in (`receiving_carer`).

    An officer states the `personal_id`; `person_id` is whom the register knows by it. Only that is kept.
    """

    relation: str
    personal_id: str | None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as an officer states them: valid by every rule that needs no database.

    `facts` are the sensitive ones (disability, HIV, a child's situation, marriage, pension, ...);
    `household_number` is the number in the commune's list of households.
    """

    household_number: str
    personal_id: str
    full_name: str
    birth_date: date
    sex: str
    commune_code: str
    province_code: str
    former_province_code: str | None
    poverty_status: str
    area: str
    already_receiving: bool
    applied_for: tuple[str, ...]
    application_received_on: date | None
    decision_signed_on: date | None
    disability_certificate_on: date | None
    facts: Facts
    carer: Carer | None
    payout: Payout | None

    @property
    def sensitive(self) -> Facts:
        """What is encrypted at rest and sealed on its way, in JSON: `facts`; the day of a certificate, which
        tells a disability as well as its degree does; and the carer, whom only some disabilities have."""
        facts = dict(self.facts)
        if self.disability_certificate_on is not None:
            facts["disability_certificate_on"] = self.disability_certificate_on.isoformat()
        if self.carer is not None:
            assert self.carer.person_id, "a carer is looked up before the person is kept"
            facts["carer"] = {
                "relation": self.carer.relation,
                "person_id": show("per", self.carer.person_id),
            }
        return facts

    def cared_for_by(self, carer_id: UUID) -> "Person":
        """The same person, the stated carer found in the register."""
        assert self.carer is not None
        return replace(self, carer=Carer(self.carer.relation, None, carer_id))


@dataclass(frozen=True, slots=True)
class Registration:
    """The fact that a person was recorded: identity, version, and the statement itself.

    `blind_index` is the keyed hash of the personal_id, `payee_id` None where no account is recorded with it.
    What a later version changes is so since `true_from`; a first version is so since ever (None). An account
    that takes another's place is not paid before `usable_from`; None where it is paid at once.
    """

    person_id: UUID
    household_id: UUID
    version: int
    blind_index: bytes
    payee_id: UUID | None
    person: Person
    account_version: int = 1
    true_from: date | None = None
    changed_on: date | None = None
    usable_from: date | None = None


def household_id(commune_code: str, household_number: str) -> UUID:
    """A household is known by its number in its commune's list, so every member finds the same id."""
    return derived_id("household", commune_code, household_number)


def payee_id(payee_blind_index: bytes, payout: Payout) -> UUID:
    """One payee with one account has one id, however many beneficiaries are paid there.

    The blind index is a secret hash, so the id tells nothing about the account.
    """
    account = payout.account_number or ""
    return derived_id("payee", payee_blind_index.hex(), payout.channel, payout.agency_code, account)


def masked(personal_id: str) -> str:
    """All but the last three digits hidden."""
    return "*" * (len(personal_id) - 3) + personal_id[-3:]
